#include "engine/container_merge.h"

#include "base/memory.h"
#include "base/test.h"

/* "" is a list that was never given. */
static struct strings list(const char *text)
{
	struct strings out = {0};

	if (str_equal(text, "[]"))
		strings_set_empty(&out);
	else if (*text)
		out = strings_split(text, '|');
	for (size_t i = 0; i < out.count; i++)
		if (str_equal(out.items[i], "''"))
			out.items[i][0] = 0;
	return out;
}

static void assert_list(struct strings *actual, const char *expected)
{
	scoped_free char *joined = strings_join(actual, "|");

	assert_string_equal(joined, expected);
}

static void entrypoint_and_command_come_from_request_or_image(void **state)
{
	static const struct {
		const char *entrypoint, *cmd, *image_entrypoint, *image_cmd;
		const char *path, *args; /* path NULL: no command */
	} cases[] = {
		{"", "", "", "sh", "sh", ""},
		{"", "ls|-l", "", "sh", "ls", "-l"},
		{"", "", "/run.sh", "serve", "/run.sh", "serve"},
		{"", "other", "/run.sh", "serve", "/run.sh", "other"},
		{"/mine", "", "/run.sh", "serve", "/mine", ""},
		{"/mine", "a|b", "/run.sh", "serve", "/mine", "a|b"},
		{"''", "a", "/run.sh", "serve", "a", ""},
		{"''", "", "/run.sh", "serve", NULL, NULL},
		{"[]", "", "/run.sh", "serve", "serve", ""},
		{"", "[]", "/run.sh", "serve", "/run.sh", "serve"},
		{"", "", "", "", NULL, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct container_config config = {.entrypoint = list(cases[i].entrypoint),
						  .cmd = list(cases[i].cmd)};
		struct image_defaults image = {.entrypoint = list(cases[i].image_entrypoint),
					       .cmd = list(cases[i].image_cmd)};
		scoped_strings struct strings args = {0};
		scoped_free char *path = NULL;
		struct error err = {0};

		container_config_merge(&config, &image);
		if (container_command(&config, &path, &args, &err) != !!cases[i].path)
			fail_msg("case %zu", i);
		if (cases[i].path) {
			assert_string_equal(path, cases[i].path);
			assert_list(&args, cases[i].args);
		} else {
			assert_string_equal(err.text, "no command specified");
		}
		record_fini(&container_config_type, &config);
		record_fini(&image_defaults_type, &image);
	}
}

static void lists_are_merged_and_the_request_wins_by_name(void **state)
{
	struct container_config config = {.env = list("A=mine|B"), .exposed_ports = list("80/tcp")};
	struct image_defaults image = {.env = list("A=image|B=1|PATH=/bin"),
				       .exposed_ports = list("80/tcp|443/tcp"),
				       .volumes = list("/data")};

	pairs_set(&config.labels, "a", "mine");
	pairs_set(&image.labels, "a", "image");
	pairs_set(&image.labels, "b", "image");
	container_config_merge(&config, &image);
	assert_list(&config.env, "A=mine|B|PATH=/bin");
	assert_list(&config.exposed_ports, "80/tcp|443/tcp");
	assert_list(&config.volumes, "/data");
	assert_string_equal(pairs_get(&config.labels, "a"), "mine");
	assert_string_equal(pairs_get(&config.labels, "b"), "image");
	record_fini(&container_config_type, &config);
	record_fini(&image_defaults_type, &image);
}

static void single_values_are_taken_when_absent(void **state)
{
	struct container_config config = {.user = str_dup("me")};
	struct image_defaults image = {.user = str_dup("app"),
				       .working_dir = str_dup("/srv"),
				       .stop_signal = str_dup("SIGQUIT")};

	container_config_merge(&config, &image);
	assert_string_equal(config.user, "me");
	assert_string_equal(config.working_dir, "/srv");
	assert_string_equal(config.stop_signal, "SIGQUIT");
	assert_null(config.healthcheck);
	record_fini(&container_config_type, &config);
	record_fini(&image_defaults_type, &image);
}

static void a_health_check_is_merged_field_by_field(void **state)
{
	struct container_config config = {.healthcheck = mem_new(struct image_healthcheck)};
	struct image_defaults image = {.healthcheck = mem_new(struct image_healthcheck)};

	config.healthcheck->interval = 5;
	image.healthcheck->interval = 10;
	image.healthcheck->timeout = 3;
	image.healthcheck->test = list("CMD|true");
	container_config_merge(&config, &image);
	assert_int_equal(config.healthcheck->interval, 5);
	assert_int_equal(config.healthcheck->timeout, 3);
	assert_list(&config.healthcheck->test, "CMD|true");
	record_fini(&container_config_type, &config);
	record_fini(&image_defaults_type, &image);
}

static void a_process_gets_the_usual_variables_and_then_its_own(void **state)
{
	scoped_strings struct strings env = list("A=1|TERM=vt100|B"),
				      more = list("A=2|C=x=y|HOSTNAME");
	struct environment_request request = {"h", true, &env, &more};
	scoped_strings struct strings all = container_environment(&request);

	assert_list(&all, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|"
			  "TERM=vt100|A=2|C=x=y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entrypoint_and_command_come_from_request_or_image),
		cmocka_unit_test(lists_are_merged_and_the_request_wins_by_name),
		cmocka_unit_test(single_values_are_taken_when_absent),
		cmocka_unit_test(a_health_check_is_merged_field_by_field),
		cmocka_unit_test(a_process_gets_the_usual_variables_and_then_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
