#include "engine/security_option.h"

#include "base/memory.h"

static bool read_nothing(const char *value, struct security_options *out)
{
	(void)value;
	(void)out;
	return true;
}

static bool read_seccomp(const char *value, struct security_options *out)
{
	out->seccomp = str_equal(value, "builtin") ? NULL : value;
	return true;
}

static bool read_no_new_privileges(const char *value, struct security_options *out)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < array_length(yes); i++) {
		if (!str_equal(value, yes[i]) && !str_equal(value, no[i]))
			continue;
		out->no_new_privileges = str_equal(value, yes[i]);
		return true;
	}
	return false;
}

static const struct {
	const char *name;
	bool (*read)(const char *value, struct security_options *out);
} options_known[] = {
	{"label", read_nothing},
	{"apparmor", read_nothing},
	{"seccomp", read_seccomp},
	{"no-new-privileges", read_no_new_privileges},
};

/* The value behind the first "=", else behind the first ":". */
static const char *split(const char *option, size_t *name_length)
{
	*name_length = strcspn(option, "=");
	if (!option[*name_length])
		*name_length = strcspn(option, ":");
	return option[*name_length] ? option + *name_length + 1 : NULL;
}

static bool read_option(const char *option, struct security_options *out, struct error *err)
{
	size_t length;
	const char *value = split(option, &length);

	if (str_equal(option, "no-new-privileges")) {
		out->no_new_privileges = true;
		return true;
	}
	if (str_equal(option, "disable"))
		return true;
	if (!value)
		return error_set(err, ERROR_INVALID, "invalid --security-opt 1: \"%s\"", option);
	for (size_t i = 0; i < array_length(options_known); i++)
		if (strlen(options_known[i].name) == length &&
		    memcmp(options_known[i].name, option, length) == 0 &&
		    options_known[i].read(value, out))
			return true;
	return error_set(err, ERROR_INVALID, "invalid --security-opt 2: \"%s\"", option);
}

bool security_options_parse(const struct strings *options, struct security_options *out,
			    struct error *err)
{
	struct security_options read = {0};

	for (size_t i = 0; i < options->count; i++)
		if (!read_option(options->items[i], &read, err))
			return false;
	*out = read;
	return true;
}
