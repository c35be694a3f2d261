/* --device and --gpus, --security-opt, --health-*. */
#include "format/json.h"
#include "format/units.h"
#include "spec/document.h"
#include "spec/spec.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PROFILE_LIMIT (1u << 20)

/* ---- devices ---- */

static bool is_device_mode(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!strchr("rwm", *at) || strchr(at + 1, *at))
			return false;
	return *text;
}

/* "vendor.com/class=name", which the Container Device Interface resolves. */
static bool is_cdi_name(const char *text)
{
	const char *slash = strchr(text, '/'), *equals = strchr(text, '=');

	return isalpha((unsigned char)*text) && slash && equals && slash < equals &&
	       slash > text + 1 && equals[1];
}

/* host[:container][:mode] */
static json_t *parse_device(const char *text, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	const char *mode = "rwm", *inside = parts.items[0];

	if (parts.count > 3) {
		error_set(err, ERROR_INVALID, "invalid device specification: %s", text);
		return NULL;
	}
	if (parts.count == 3)
		mode = parts.items[2];
	if (parts.count == 2 && is_device_mode(parts.items[1]))
		mode = parts.items[1];
	else if (parts.count > 1)
		inside = parts.items[1];
	if (!is_device_mode(mode)) {
		error_set(err, ERROR_INVALID, "bad mode specified: %s", mode);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s}", "PathOnHost", parts.items[0], "PathInContainer", inside,
			 "CgroupPermissions", mode);
}

bool spec_set_devices(const struct spec *spec, json_t *host, struct error *err)
{
	json_t *devices = json_array();
	scoped_json json_t *requests = spec->gpus ? json_copy(spec->gpus) : json_array();
	scoped_strings struct strings cdi = {0};

	json_object_set_new(host, "Devices", devices);
	for (size_t i = 0; i < spec->devices.count; i++) {
		const char *text = spec->devices.items[i];
		json_t *device = is_cdi_name(text) ? NULL : parse_device(text, err);

		if (is_cdi_name(text))
			strings_add(&cdi, text);
		else if (!device || json_array_append_new(devices, device) < 0)
			return false;
	}
	if (cdi.count) {
		json_t *request = json_pack("{s:s, s:i}", "Driver", "cdi", "Count", 0);

		doc_set_list(request, "DeviceIDs", &cdi, true);
		json_array_append_new(requests, request);
	}
	if (json_array_size(requests))
		json_object_set(host, "DeviceRequests", requests);
	doc_set_list(host, "DeviceCgroupRules", &spec->device_cgroup_rules, false);
	return true;
}

/* ---- security ---- */

static bool read_profile(const char *path, struct buffer *text, struct error *err)
{
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	if (fd < 0) {
		char words[64];

		snprintf(words, sizeof(words), "%s", strerror(errno));
		words[0] = (char)tolower((unsigned char)words[0]);
		return error_set(err, ERROR_INVALID,
				 "opening seccomp profile (%s) failed: open %s: %s", path, path,
				 words);
	}
	while (text->size < PROFILE_LIMIT &&
	       (got = read(fd, buffer_reserve(text, 65536), 65536)) > 0)
		buffer_wrote(text, (size_t)got);
	if (got < 0)
		return error_errno(err, "cannot read '%s'", path);
	return true;
}

/* The daemon gets the profile itself, on one line: it may not see our files. */
static bool add_profile(const char *path, struct strings *options, struct error *err)
{
	scoped_buffer struct buffer text = {0};

	if (!read_profile(path, &text, err))
		return false;
	scoped_json json_t *json = json_parse(text.data ? text.data : "", text.size, err);
	if (!json)
		return error_prefix(err, "compacting json for seccomp profile (%s) failed", path);
	scoped_free char *compact = json_dumps(json, JSON_COMPACT);
	strings_format(options, "seccomp=%s", compact);
	return true;
}

/* The part behind the name, after = or, as it was once written, a colon. */
static const char *option_value(const char *text, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(text, name, length) != 0 || !text[length] || !strchr("=:", text[length]))
		return NULL;
	return text + length + 1;
}

static bool add_security_option(const char *text, struct strings *options, struct error *err)
{
	const char *profile = option_value(text, "seccomp");

	if (!strpbrk(text, "=:") && strcmp(text, "no-new-privileges") != 0)
		return error_set(err, ERROR_INVALID, "Invalid --security-opt: \"%s\"", text);
	if (profile && strcmp(profile, "unconfined") != 0 && strcmp(profile, "builtin") != 0)
		return add_profile(profile, options, err);
	strings_add(options, text);
	return true;
}

/* systempaths=unconfined is ours to carry out: nothing is masked or read-only then. */
bool spec_set_security(const struct spec *spec, json_t *host, struct error *err)
{
	scoped_strings struct strings options = {0};

	for (size_t i = 0; i < spec->security_opt.count; i++) {
		const char *text = spec->security_opt.items[i];

		if (strcmp(text, "systempaths=unconfined") == 0) {
			json_object_set_new(host, "MaskedPaths", json_array());
			json_object_set_new(host, "ReadonlyPaths", json_array());
		} else if (!add_security_option(text, &options, err)) {
			return false;
		}
	}
	doc_set_list(host, "SecurityOpt", &options, false);
	return true;
}

/* ---- health ---- */

static bool set_positive(json_t *health, const char *member, const char *option,
			 const struct option_number *number, struct error *err)
{
	if (!number->given)
		return true;
	if (number->value < 0)
		return error_set(err, ERROR_INVALID, "--%s cannot be negative", option);
	json_object_set_new(health, member, json_integer(number->value));
	return true;
}

bool spec_set_health(const struct spec *spec, json_t *config, struct error *err)
{
	scoped_json json_t *health = json_object();

	if (spec->health_command)
		json_object_set_new(health, "Test",
				    json_pack("[s, s]", "CMD-SHELL", spec->health_command));
	if (!set_positive(health, "Interval", "health-interval", &spec->health_interval, err) ||
	    !set_positive(health, "Timeout", "health-timeout", &spec->health_timeout, err) ||
	    !set_positive(health, "StartPeriod", "health-start-period", &spec->health_start_period,
			  err) ||
	    !set_positive(health, "StartInterval", "health-start-interval",
			  &spec->health_start_interval, err) ||
	    !set_positive(health, "Retries", "health-retries", &spec->health_retries, err))
		return false;
	if (spec->no_healthcheck && json_object_size(health))
		return error_set(err, ERROR_INVALID,
				 "--no-healthcheck conflicts with --health-* options");
	if (spec->no_healthcheck)
		json_object_set_new(health, "Test", json_pack("[s]", "NONE"));
	if (json_object_size(health))
		json_object_set(config, "Healthcheck", health);
	return true;
}
