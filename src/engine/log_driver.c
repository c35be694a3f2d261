#include "engine/log_driver.h"

#include "base/memory.h"
#include "engine/log_tag.h"
#include "format/expression.h"
#include "format/syslog.h"
#include "format/units.h"

#define REFUSE(...) return error_set(err, ERROR_INVALID, __VA_ARGS__)

/* ---- what an option may say ---- */

static bool is_bool(const char *text, bool *value)
{
	static const char *const words[] = {"1", "t", "T", "TRUE",  "true",  "True",
					    "0", "f", "F", "FALSE", "false", "False"};

	for (size_t i = 0; i < array_length(words); i++) {
		if (!str_equal(words[i], text))
			continue;
		*value = i < array_length(words) / 2;
		return true;
	}
	return false;
}

bool log_option_is_true(const struct pairs *options, const char *name)
{
	bool value = false;

	return is_bool(pairs_get(options, name), &value) && value;
}

static bool any(const struct pair *option, struct error *err)
{
	(void)option;
	(void)err;
	return true;
}

static bool size(const struct pair *option, struct error *err)
{
	int64_t bytes;

	if (str_equal(option->value, "-1") ||
	    (option->value && size_from_text(option->value, &bytes, err)))
		return true;
	REFUSE("invalid value for %s: \"%s\"", option->name, option->value ? option->value : "");
}

static bool count(const struct pair *option, struct error *err)
{
	uint64_t files;

	if (option->value && parse_u64(option->value, &files) && files >= 1)
		return true;
	REFUSE("invalid value for %s: \"%s\"", option->name, option->value ? option->value : "");
}

static bool boolean(const struct pair *option, struct error *err)
{
	bool unused;

	if (is_bool(option->value, &unused))
		return true;
	REFUSE("invalid value for %s: \"%s\"", option->name, option->value ? option->value : "");
}

static bool pattern(const struct pair *option, struct error *err)
{
	const char *text = option->value ? option->value : "";
	regex_t regex;

	if (expression_compile(text, REG_NOSUB, &regex) != 0)
		REFUSE("invalid value for %s: \"%s\"", option->name, text);
	regfree(&regex);
	return true;
}

static bool tag(const struct pair *option, struct error *err)
{
	return log_tag_check(option->value ? option->value : "", err);
}

static bool mode(const struct pair *option, struct error *err)
{
	if (str_is_empty(option->value) || str_equal(option->value, "blocking") ||
	    str_equal(option->value, "non-blocking"))
		return true;
	REFUSE("logger: logging mode not supported: %s", option->value);
}

static bool address(const struct pair *option, struct error *err)
{
	struct syslog_address unused;
	bool ok = syslog_address_parse(option->value, &unused, err);

	syslog_address_fini(&unused);
	return ok;
}

static bool facility(const struct pair *option, struct error *err)
{
	int32_t unused;

	if (syslog_facility_from_name(option->value, &unused))
		return true;
	REFUSE("invalid syslog facility");
}

static bool style(const struct pair *option, struct error *err)
{
	enum syslog_style unused;

	if (syslog_style_from_name(option->value, &unused))
		return true;
	REFUSE("Invalid syslog format");
}

static bool no_tls(const struct pair *option, struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED,
			 "%s: syslog over TLS is not supported by this version", option->name);
}

/* ---- the drivers ---- */

struct log_option {
	const char *name;
	bool (*check)(const struct pair *option, struct error *err);
};

#define FILE_OPTIONS                                                                               \
	{"max-size", size}, {"max-file", count},                                                   \
	{                                                                                          \
		"compress", boolean                                                                \
	}
#define ATTRIBUTE_OPTIONS                                                                          \
	{"labels", any}, {"labels-regex", pattern}, {"env", any}, {"env-regex", pattern},          \
	{                                                                                          \
		"tag", tag                                                                         \
	}

static const struct log_option common[] = {
	{"mode", mode},
	{"max-buffer-size", size},
	{"cache-disabled", boolean},
	{"cache-max-size", size},
	{"cache-max-file", count},
	{"cache-compress", boolean},
	{NULL, NULL},
};
static const struct log_option json_file[] = {FILE_OPTIONS, ATTRIBUTE_OPTIONS, {NULL, NULL}};
static const struct log_option local[] = {FILE_OPTIONS, {NULL, NULL}};
static const struct log_option journald[] = {ATTRIBUTE_OPTIONS, {NULL, NULL}};
static const struct log_option syslog[] = {
	ATTRIBUTE_OPTIONS,
	{"syslog-address", address},
	{"syslog-facility", facility},
	{"syslog-format", style},
	{"syslog-tls-ca-cert", no_tls},
	{"syslog-tls-cert", no_tls},
	{"syslog-tls-key", no_tls},
	{"syslog-tls-skip-verify", no_tls},
	{NULL, NULL},
};

static const struct {
	const char *name;
	const struct log_option *options; /* NULL: all are taken and none counts */
	bool sends;			  /* lines leave the host's files */
} drivers[] = {
	{"json-file", json_file, false}, {"local", local, false},      {"none", NULL, false},
	{"syslog", syslog, true},	 {"journald", journald, true}, {"journal", journald, true},
};

static const struct log_option *find_option(const struct log_option *options, const char *name)
{
	for (; options->name; options++)
		if (str_equal(options->name, name))
			return options;
	return NULL;
}

static bool check_options(const char *driver, const struct log_option *known,
			  const struct pairs *options, struct error *err)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *name = options->items[i].name;
		const struct log_option *option = find_option(known, name);

		if (!option)
			option = find_option(common, name);
		if (!option)
			REFUSE("unknown log opt '%s' for %s log driver", name, driver);
		if (!option->check(&options->items[i], err))
			return false;
	}
	if (pairs_have(options, "max-buffer-size") &&
	    !str_equal(pairs_get(options, "mode"), "non-blocking"))
		REFUSE("logger: max-buffer-size option is only supported with "
		       "'mode=non-blocking'");
	if (log_option_is_true(options, "compress") &&
	    str_equal(pairs_get(options, "max-file"), "1"))
		REFUSE("compress cannot be true when max-file is less than 2 or max-size is not "
		       "set");
	return true;
}

bool log_config_check(const char *driver, const struct pairs *options, struct error *err)
{
	if (str_is_empty(driver))
		driver = drivers[0].name;
	for (size_t i = 0; i < array_length(drivers); i++)
		if (str_equal(drivers[i].name, driver))
			return !drivers[i].options ||
			       check_options(driver, drivers[i].options, options, err);
	REFUSE("logger: no log driver named '%s' is registered", driver);
}

bool log_driver_is_readable(const char *driver, const struct pairs *options)
{
	if (str_equal(driver, "none"))
		return false;
	for (size_t i = 0; i < array_length(drivers); i++)
		if (drivers[i].sends && str_equal(drivers[i].name, driver))
			return !log_option_is_true(options, "cache-disabled");
	return true;
}
