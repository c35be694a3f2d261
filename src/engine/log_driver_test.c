#include "engine/log_driver.h"

#include "base/memory.h"
#include "base/test.h"

/* "name=value|name=value" */
static struct pairs options_from(const char *text)
{
	scoped_strings struct strings list = strings_split(text, '|');
	struct pairs options = {0};

	for (size_t i = 0; *text && i < list.count; i++) {
		char *equals = strchr(list.items[i], '=');

		*equals = '\0';
		pairs_set(&options, list.items[i], equals + 1);
	}
	return options;
}

static void each_driver_knows_its_options(void **state)
{
	static const struct {
		const char *driver, *options;
	} cases[] = {
		{"", ""},
		{NULL, "max-size=10m"},
		{"json-file",
		 "max-size=10m|max-file=3|compress=true|labels=a,b|env=C|tag={{.Name}}"},
		{"json-file", "labels-regex=^a|env-regex=B$|mode=non-blocking|max-buffer-size=4m"},
		{"local", "max-size=-1|max-file=1|compress=false"},
		{"none", "whatever=x"},
		{"syslog", "syslog-address=udp://h:1|syslog-facility=local3|syslog-format=rfc5424"},
		{"syslog",
		 "cache-disabled=true|cache-max-size=1m|cache-max-file=2|cache-compress=0"},
		{"journald", "tag={{.ImageName}}|labels=x"},
		{"journal", "tag={{.Name}}|env=x|cache-disabled=true"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_pairs struct pairs options = options_from(cases[i].options);
		struct error err;

		if (!log_config_check(cases[i].driver, &options, &err))
			fail_msg("%s %s: %s", cases[i].driver, cases[i].options, err.text);
	}
}

static void what_a_driver_does_not_know_is_refused(void **state)
{
	static const struct {
		const char *driver, *options, *error;
	} cases[] = {
		{"fluentd", "", "logger: no log driver named 'fluentd' is registered"},
		{"json-file", "x=y", "unknown log opt 'x' for json-file log driver"},
		{"local", "tag=x", "unknown log opt 'tag' for local log driver"},
		{"syslog", "max-size=1m", "unknown log opt 'max-size' for syslog log driver"},
		{"journald", "syslog-format=x",
		 "unknown log opt 'syslog-format' for journald log driver"},
		{"journal", "max-size=1m", "unknown log opt 'max-size' for journal log driver"},
		{"json-file", "max-size=x", "invalid value for max-size: \"x\""},
		{"json-file", "max-file=0", "invalid value for max-file: \"0\""},
		{"json-file", "compress=maybe", "invalid value for compress: \"maybe\""},
		{"json-file", "compress=true|max-file=1",
		 "compress cannot be true when max-file is less than 2 or max-size is not set"},
		{"json-file", "labels-regex=(", "invalid value for labels-regex: \"(\""},
		{"json-file", "env-regex=a+++++++++++++++++++++++++++++++++++++++",
		 "invalid value for env-regex: \"a+++++++++++++++++++++++++++++++++++++++\""},
		{"json-file", "mode=fast", "logger: logging mode not supported: fast"},
		{"json-file", "max-buffer-size=1m",
		 "logger: max-buffer-size option is only supported with 'mode=non-blocking'"},
		{"syslog", "syslog-facility=zz", "invalid syslog facility"},
		{"syslog", "syslog-format=zz", "Invalid syslog format"},
		{"syslog", "syslog-address=http://x", "unsupported scheme: 'http'"},
		{"syslog", "syslog-tls-cert=/x",
		 "syslog-tls-cert: syslog over TLS is not supported by this version"},
		{"journald", "tag={{.X}}", "error parsing the log tag: {{.X}} is not known"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_pairs struct pairs options = options_from(cases[i].options);
		struct error err;

		if (log_config_check(cases[i].driver, &options, &err))
			fail_msg("accepted: %s %s", cases[i].driver, cases[i].options);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void what_is_sent_away_is_kept_too(void **state)
{
	scoped_pairs struct pairs none = {0}, without = options_from("cache-disabled=true");

	assert_true(log_driver_is_readable("json-file", &none));
	assert_true(log_driver_is_readable("local", &none));
	assert_true(log_driver_is_readable("syslog", &none));
	assert_true(log_driver_is_readable("journald", &none));
	assert_false(log_driver_is_readable("none", &none));
	assert_false(log_driver_is_readable("syslog", &without));
	assert_true(log_driver_is_readable("json-file", &without));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_driver_knows_its_options),
		cmocka_unit_test(what_a_driver_does_not_know_is_refused),
		cmocka_unit_test(what_is_sent_away_is_kept_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
