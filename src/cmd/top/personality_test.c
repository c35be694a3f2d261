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

static void docker_runs_it_as_a_plugin(void **state)
{
	static const struct {
		const char *called, *typed;
		enum plugin_call call;
	} rows[] = {
		{"docker-compose", "docker-cli-plugin-metadata", PLUGIN_METADATA},
		{"/p/docker-compose", "compose up -d", PLUGIN_COMPOSE},
		{"docker-compose", "--context c -H=tcp://x -D compose ps", PLUGIN_COMPOSE},
		{"docker-compose", "up", PLUGIN_NONE},
		{"docker-compose", "", PLUGIN_NONE},
		{"docker-compose", "--context", PLUGIN_NONE},
		{"docker-compose", "-p compose up", PLUGIN_NONE},
		{"docker-compose", "run compose", PLUGIN_NONE},
		{"docker", "compose up", PLUGIN_NONE},
		{"wherry", "docker-cli-plugin-metadata", PLUGIN_NONE},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_strings struct strings words =
			*rows[i].typed ? strings_split(rows[i].typed, ' ') : (struct strings){0};

		assert_int_equal(personality_plugin_call(personality_of(rows[i].called),
							 (const char *const *)words.items,
							 words.count),
				 rows[i].call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_known_with_its_folder),
		cmocka_unit_test(the_verb_comes_first),
		cmocka_unit_test(docker_runs_it_as_a_plugin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
