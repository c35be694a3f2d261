#include "door/docker/host_info.h"

#include "base/test.h"

static void values_of_os_release_lose_their_quotes(void **state)
{
	static const char text[] = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
				   "NAME='It''s'\n"
				   "VERSION_ID=\"12\"\n"
				   "ID=debian\n"
				   "ODD=\"a \\\"b\\\" c\"\n"
				   "EMPTY=";
	static const struct {
		const char *name, *value;
	} cases[] = {
		{"PRETTY_NAME", "Debian GNU/Linux 12 (bookworm)"},
		{"NAME", "It"},
		{"VERSION_ID", "12"},
		{"ID", "debian"},
		{"ODD", "a \"b\" c"},
		{"EMPTY", NULL},
		{"VERSION", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *value = os_release_value(text, cases[i].name);

		if (strcmp(cases[i].name, "EMPTY") == 0)
			assert_string_equal(value, "");
		else
			assert_true(str_equal(value, cases[i].value));
	}
}

static void this_host_has_processors_and_memory(void **state)
{
	struct host_info host;

	host_info_read("/", &host);
	assert_true(host.processors > 0);
	assert_true(host.memory > 1 << 20);
	assert_non_null(host.operating_system);
	host_info_fini(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_os_release_lose_their_quotes),
		cmocka_unit_test(this_host_has_processors_and_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
