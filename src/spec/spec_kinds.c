/* Options that are more than a text, but no more than one value each. */
#include "format/mount_option.h"
#include "format/units.h"
#include "spec/document.h"
#include "spec/spec.h"

#include <arpa/inet.h>
#include <ctype.h>

void free_json_field(void *field)
{
	json_t **json = field;

	json_decref(*json);
	*json = NULL;
}

static void append(void *field, json_t *value)
{
	json_t **array = field;

	if (!*array)
		*array = json_array();
	json_array_append_new(*array, value);
}

/* ---- texts ---- */

static bool add_attach(void *field, const char *text, struct error *err)
{
	static const char *const streams[] = {"stdin", "stdout", "stderr"};

	for (size_t i = 0; i < array_length(streams); i++)
		if (strcasecmp(text, streams[i]) == 0) {
			strings_add(field, streams[i]);
			return true;
		}
	return error_set(err, ERROR_INVALID, "valid streams are STDIN, STDOUT and STDERR");
}

/* A name alone takes the value of our own environment, or takes the variable away. */
static bool add_environment(void *field, const char *text, struct error *err)
{
	const char *value = strchr(text, '=') ? NULL : getenv(text);

	if (!*text || *text == '=')
		return error_set(err, ERROR_INVALID, "invalid environment variable: %s", text);
	if (value)
		strings_format(field, "%s=%s", text, value);
	else
		strings_add(field, text);
	return true;
}

static bool add_label(void *field, const char *text, struct error *err)
{
	if (!*text || *text == '=')
		return error_set(err, ERROR_INVALID, "invalid label '%s': empty name", text);
	strings_add(field, text);
	return true;
}

static bool is_address(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool add_address(void *field, const char *text, struct error *err)
{
	if (!is_address(text))
		return error_set(err, ERROR_INVALID, "IP address is not correctly formatted: %s",
				 text);
	strings_add(field, text);
	return true;
}

/* "host:ip" or "host=ip", the address perhaps in brackets; sent as "host:ip". */
static bool add_host_entry(void *field, const char *text, struct error *err)
{
	size_t length = strcspn(text, strchr(text, '=') ? "=" : ":");

	if (!length || !text[length] || !text[length + 1])
		return error_set(err, ERROR_INVALID, "bad format for add-host: \"%s\"", text);
	scoped_free char *ip = str_dup(text + length + 1);
	size_t end = strlen(ip);
	bool bracketed = ip[0] == '[' && ip[end - 1] == ']';
	if (bracketed) {
		memmove(ip, ip + 1, end);
		ip[end - 2] = '\0';
	}
	if (strcmp(ip, "host-gateway") != 0 && !is_address(ip))
		return error_set(err, ERROR_INVALID, "invalid IP address in add-host: \"%s\"", ip);
	strings_format(field, "%.*s:%s", (int)length, text, ip);
	return true;
}

static bool is_device_number(const char **at)
{
	if (**at == '*') {
		++*at;
		return true;
	}
	size_t digits = strspn(*at, "0123456789");
	*at += digits;
	return digits > 0;
}

/* "c 1:3 rwm" */
static bool is_device_rule(const char *at)
{
	if (!*at || !strchr("acb", *at++) || *at++ != ' ')
		return false;
	if (!is_device_number(&at) || *at++ != ':' || !is_device_number(&at) || *at++ != ' ')
		return false;
	size_t rights = strspn(at, "rwm");
	return rights >= 1 && rights <= 3 && !at[rights];
}

static bool add_device_rule(void *field, const char *text, struct error *err)
{
	if (!is_device_rule(text))
		return error_set(err, ERROR_INVALID, "invalid device cgroup format '%s'", text);
	strings_add(field, text);
	return true;
}

/* Settings that some namespace has of its own. */
static bool add_sysctl(void *field, const char *text, struct error *err)
{
	static const char *const names[] = {
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
	size_t length = strcspn(text, "=");
	bool known = str_starts_with(text, "net.") || str_starts_with(text, "fs.mqueue.");

	for (size_t i = 0; i < array_length(names); i++)
		known |= strlen(names[i]) == length && strncmp(text, names[i], length) == 0;
	if (!known || !text[length])
		return error_set(err, ERROR_INVALID, "sysctl '%s' is not allowed", text);
	return option_map.set(field, text, err);
}

/* ---- limits ---- */

static bool is_ulimit(const char *name)
{
	static const char *const names[] = {
		"core",	  "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue", "nice",
		"nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
	};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool parse_limit(const char *text, int64_t *out, struct error *err)
{
	if (parse_i64(text, out))
		return true;
	return error_set(err, ERROR_INVALID, "strconv.ParseInt: parsing \"%s\": invalid syntax",
			 text);
}

/* name=soft[:hard] */
static bool add_ulimit(void *field, const char *text, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, '=');
	int64_t soft, hard;

	if (parts.count != 2)
		return error_set(err, ERROR_INVALID, "invalid ulimit argument: %s", text);
	const char *name = parts.items[0];
	if (!is_ulimit(name))
		return error_set(err, ERROR_INVALID, "invalid ulimit type: %s", name);
	scoped_strings struct strings values = strings_split(parts.items[1], ':');
	if (values.count > 2)
		return error_set(err, ERROR_INVALID,
				 "too many limit value arguments - %s, can only have up to two, "
				 "`soft[:hard]`",
				 parts.items[1]);
	if (!parse_limit(values.items[0], &soft, err) ||
	    !parse_limit(values.items[values.count - 1], &hard, err))
		return false;
	if (hard != -1 && (soft == -1 || soft > hard))
		return error_set(
			err, ERROR_INVALID,
			"ulimit soft limit must be less than or equal to hard limit: %lld > "
			"%lld",
			(long long)soft, (long long)hard);
	append(field, json_pack("{s:s, s:I, s:I}", "Name", name, "Hard", (json_int_t)hard, "Soft",
				(json_int_t)soft));
	return true;
}

/* "/dev/a:VALUE" is cut at its colon. */
static const char *device_value(const char *text, char **path, struct error *err)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text) {
		error_set(err, ERROR_INVALID, "bad format: %s", text);
		return NULL;
	}
	if (!str_starts_with(text, "/dev/")) {
		error_set(err, ERROR_INVALID, "bad format for device path: %s", text);
		return NULL;
	}
	*path = str_dup_n(text, (size_t)(colon - text));
	return colon + 1;
}

static bool add_weight_device(void *field, const char *text, struct error *err)
{
	scoped_free char *path = NULL;
	const char *value = device_value(text, &path, err);
	uint64_t weight;

	if (!value)
		return false;
	if (!parse_u64(value, &weight) || (weight > 0 && (weight < 10 || weight > 1000)))
		return error_set(err, ERROR_INVALID, "invalid weight for device: %s", text);
	append(field, json_pack("{s:s, s:I}", "Path", path, "Weight", (json_int_t)weight));
	return true;
}

static bool add_rate_bytes(void *field, const char *text, struct error *err)
{
	scoped_free char *path = NULL;
	const char *value = device_value(text, &path, err);
	struct error ignored;
	int64_t rate;

	if (!value)
		return false;
	if (!size_from_text(value, &rate, &ignored))
		return error_set(
			err, ERROR_INVALID,
			"invalid rate for device: %s. The correct format is "
			"<device-path>:<number>[<unit>]. Number must be a positive integer. "
			"Unit is optional and can be kb, mb, or gb",
			text);
	append(field, json_pack("{s:s, s:I}", "Path", path, "Rate", (json_int_t)rate));
	return true;
}

static bool add_rate_count(void *field, const char *text, struct error *err)
{
	scoped_free char *path = NULL;
	const char *value = device_value(text, &path, err);
	uint64_t rate;

	if (!value)
		return false;
	if (!parse_u64(value, &rate))
		return error_set(err, ERROR_INVALID,
				 "invalid rate for device: %s. The correct format is "
				 "<device-path>:<number>. Number must be a positive integer",
				 text);
	append(field, json_pack("{s:s, s:I}", "Path", path, "Rate", (json_int_t)rate));
	return true;
}

/* ---- GPUs ---- */

static bool set_gpu_count(json_t *request, const char *text, struct error *err)
{
	int64_t count = -1;

	if (strcmp(text, "all") != 0 && !parse_i64(text, &count))
		return error_set(err, ERROR_INVALID,
				 "invalid count (%s): value must be either \"all\" or an integer: "
				 "invalid syntax",
				 text);
	json_object_set_new(request, "Count", json_integer(count));
	return true;
}

static void set_gpu_words(json_t *request, const char *name, const char *text)
{
	scoped_strings struct strings words = strings_split(text, ',');
	json_t *list = json_array();

	for (size_t i = 0; i < words.count; i++)
		json_array_append_new(list, json_string(words.items[i]));
	if (strcmp(name, "Capabilities") == 0) {
		json_array_append_new(list, json_string("gpu"));
		json_object_set_new(request, name, json_pack("[o]", list));
	} else {
		json_object_set_new(request, name, list);
	}
}

static bool set_gpu_field(json_t *request, const char *field, struct error *err)
{
	const char *equals = strchr(field, '=');

	if (!equals)
		return set_gpu_count(request, field, err);
	if (str_starts_with(field, "count="))
		return set_gpu_count(request, equals + 1, err);
	if (str_starts_with(field, "driver="))
		doc_set_text(request, "Driver", equals + 1);
	else if (str_starts_with(field, "device="))
		set_gpu_words(request, "DeviceIDs", equals + 1);
	else if (str_starts_with(field, "capabilities="))
		set_gpu_words(request, "Capabilities", equals + 1);
	else
		return error_set(err, ERROR_INVALID, "unexpected key '%.*s' in '%s'",
				 (int)(equals - field), field, field);
	return true;
}

static bool add_gpus(void *field, const char *text, struct error *err)
{
	scoped_strings struct strings fields = {0};
	json_t *request = json_pack("{s:s, s:i, s:n, s:[[s]], s:{}}", "Driver", "", "Count", 0,
				    "DeviceIDs", "Capabilities", "gpu", "Options");

	append(field, request);
	if (!csv_split(text, &fields, err))
		return false;
	for (size_t i = 0; i < fields.count; i++)
		if (!set_gpu_field(request, fields.items[i], err))
			return false;
	return true;
}

const struct option_kind option_attach = {"list", add_attach, option_free_list, NULL};
const struct option_kind option_environment = {"list", add_environment, option_free_list, NULL};
const struct option_kind option_label = {"list", add_label, option_free_list, NULL};
const struct option_kind option_address = {"list", add_address, option_free_list, NULL};
const struct option_kind option_host_entry = {"list", add_host_entry, option_free_list, NULL};
const struct option_kind option_device_rule = {"list", add_device_rule, option_free_list, NULL};
const struct option_kind option_sysctl = {"map", add_sysctl, option_free_map, NULL};
const struct option_kind option_ulimit = {"ulimit", add_ulimit, free_json_field, NULL};
const struct option_kind option_weight_device = {"list", add_weight_device, free_json_field, NULL};
const struct option_kind option_rate_bytes = {"list", add_rate_bytes, free_json_field, NULL};
const struct option_kind option_rate_count = {"list", add_rate_count, free_json_field, NULL};
const struct option_kind option_gpus = {"gpu-request", add_gpus, free_json_field, NULL};
