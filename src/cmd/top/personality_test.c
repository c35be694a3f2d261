#include "cmd/top/personality.h"

#include "base/test.h"

static void a_name_is_known_with_its_folder(void **state)
{
	assert_string_equal(personality_of("/usr/bin/systemctl")->name, "systemctl");
	assert_string_equal(personality_of("docker")->product, "Docker");
	assert_string_equal(personality_of("/opt/w2")->name, "wherry");
}

static void the_verb_comes_first(void **state)
{
	static const struct {
		const char *typed, *ordered;
	} rows[] = {
		{"", "list-units"},
		{"status", "status"},
		{"--no-pager status db", "status --no-pager db"},
		{"-n 5 status db", "status -n 5 db"},
		{"-n5 status db", "status -n5 db"},
		{"--lines=5 -t service list-units", "list-units --lines=5 -t service"},
		{"show -p Id db", "show -p Id db"},
		{"-at service", "list-units -at service"},
		{"--failed", "list-units --failed"},
		{"--help", "--help"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_strings struct strings words =
			*rows[i].typed ? strings_split(rows[i].typed, ' ') : (struct strings){0};
		scoped_strings struct strings ordered = personality_order(
			personality_of("systemctl"), (const char *const *)words.items, words.count);
		scoped_free char *text = strings_join(&ordered, " ");

		assert_string_equal(text, rows[i].ordered);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_known_with_its_folder),
		cmocka_unit_test(the_verb_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
