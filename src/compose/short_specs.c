#include "compose/short_specs.h"

#include "format/path.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* ---- mounts ---- */

static bool is_volume_name(const char *text)
{
	if (!isalnum((unsigned char)*text))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
			return false;
	return true;
}

static const char *find_consistency(const char *options)
{
	static const char *const words[] = {"consistent", "cached", "delegated"};
	scoped_strings struct strings list = strings_split(options, ',');

	for (size_t i = 0; i < array_length(words); i++)
		if (strings_contain(&list, words[i]))
			return words[i];
	return "";
}

static bool check_mount(const struct mount_spec *spec, const char *target, struct error *err)
{
	if (*target != '/')
		return error_set(err, ERROR_INVALID,
				 "the path in the container must be absolute, not \"%s\"", target);
	if (!spec->source || spec->is_bind || is_volume_name(spec->source))
		return true;
	return error_set(
		err, ERROR_INVALID,
		"\"%s\" is neither a path (it would begin with ., / or ~) nor a volume's name",
		spec->source);
}

bool mount_spec_parse(const char *text, struct mount_spec *out, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	scoped_mount_spec struct mount_spec spec = {.consistency = ""};
	bool is_bare = parts.count == 1; /* a target alone; "" too */
	const char *options = parts.count == 3 ? parts.items[2] : "";

	if (parts.count > 3)
		return error_set(err, ERROR_INVALID,
				 "\"%s\" has too many parts; SOURCE:TARGET:OPTIONS are meant",
				 text);
	if (parts.count == 3 && !*options)
		return error_set(err, ERROR_INVALID, "\"%s\" has no options behind its last colon",
				 text);
	if (!bind_mode_parse(options, &spec.mode, err))
		return false;
	const char *target = parts.items[is_bare ? 0 : 1];
	if (!is_bare) {
		spec.source = str_dup(parts.items[0]);
		spec.is_bind = *spec.source && strchr("./~", *spec.source);
	}
	if (!check_mount(&spec, target, err))
		return false;
	spec.target = path_clean(target);
	spec.consistency = find_consistency(options);
	*out = spec;
	spec = (struct mount_spec){0};
	return true;
}

void mount_spec_fini(struct mount_spec *spec)
{
	free(spec->source);
	free(spec->target);
}

/* ---- devices ---- */

/* "vendor.com/class=name" */
static bool is_cdi(const char *text)
{
	const char *slash = strchr(text, '/'), *equals = strchr(text, '=');

	return slash && equals && slash != text && slash < equals && equals[1];
}

static bool are_permissions(const char *text)
{
	return *text && strlen(text) <= 3 && strspn(text, "rwm") == strlen(text);
}

bool device_spec_parse(const char *text, struct device_spec *out, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	const char *source = parts.items[0], *target = source, *permissions = "rwm";

	if (is_cdi(text)) {
		*out = (struct device_spec){str_dup(text), str_dup(text), str_dup("rwm")};
		return true;
	}
	if (parts.count == 2 && are_permissions(parts.items[1]))
		permissions = parts.items[1];
	else if (parts.count >= 2)
		target = parts.items[1];
	if (parts.count == 3)
		permissions = parts.items[2];
	if (parts.count > 3 || *source != '/' || *target != '/' || !are_permissions(permissions))
		return error_set(
			err, ERROR_INVALID,
			"invalid device \"%s\": SOURCE[:TARGET[:rwm]] with absolute paths, or "
			"vendor/class=name, are meant",
			text);
	*out = (struct device_spec){str_dup(source), str_dup(target), str_dup(permissions)};
	return true;
}

void device_spec_fini(struct device_spec *spec)
{
	free(spec->source);
	free(spec->target);
	free(spec->permissions);
}

/* ---- hosts ---- */

char *host_address_parse(const char *text, struct error *err)
{
	size_t length = strlen(text);
	bool bracketed = length > 1 && *text == '[' && text[length - 1] == ']';
	scoped_free char *address =
		bracketed ? str_dup_n(text + 1, length - 2) : str_dup_n(text, length);
	struct in6_addr binary;

	if (strcmp(address, "host-gateway") == 0 || inet_pton(AF_INET, address, &binary) == 1 ||
	    inet_pton(AF_INET6, address, &binary) == 1)
		return take(address);
	error_set(err, ERROR_INVALID, "\"%s\" is no address", text);
	return NULL;
}

bool host_spec_parse(const char *text, struct host_spec *out, struct error *err)
{
	const char *mark = strchr(text, '=');

	if (!mark)
		mark = strchr(text, ':');
	if (!mark || mark == text)
		return error_set(err, ERROR_INVALID, "invalid host \"%s\": NAME=ADDRESS is meant",
				 text);
	char *address = host_address_parse(mark + 1, err);
	if (!address)
		return false;
	*out = (struct host_spec){str_dup_n(text, (size_t)(mark - text)), address};
	return true;
}

void host_spec_fini(struct host_spec *spec)
{
	free(spec->name);
	free(spec->address);
}
