#include "cmd/compose/watch_rule.h"

#include "format/yaml_fixture.h"

static const char service_text[] = "build: {context: /p/app}\n";

static void what_it_ignores(void **state)
{
	static const struct {
		const char *entry, *ignore_file, *path;
		bool folder, ignored;
	} rows[] = {
		{"{path: /p/app, action: rebuild}", NULL, "a.c", false, false},
		{"{path: /p/app, action: rebuild}", NULL, "a.c~", false, true},
		{"{path: /p/app, action: rebuild}", NULL, "x/.a.c.swp", false, true},
		{"{path: /p/app, action: rebuild}", NULL, "x/4913", false, true},
		{"{path: /p/app, action: rebuild}", NULL, ".git", true, true},
		{"{path: /p/app, action: rebuild}", NULL, ".git/index", false, true},
		{"{path: /p/app, action: rebuild}", NULL, "", true, false},
		{"{path: /p/app, action: rebuild, ignore: [node_modules/]}", NULL, "node_modules",
		 true, true},
		{"{path: /p/app, action: rebuild, ignore: [node_modules/]}", NULL, "src/a.js",
		 false, false},
		{"{path: /p/app, action: rebuild, include: ['*.js']}", NULL, "a.js", false, false},
		{"{path: /p/app, action: rebuild, include: ['*.js']}", NULL, "a.c", false, true},
		{"{path: /p/app, action: rebuild, include: ['*.js']}", NULL, "src", true, false},
		{"{path: /p/app, action: rebuild}", "*.log\n", "a.log", false, true},
		{"{path: /p/app/src, action: rebuild}", "src/gen\n", "gen/a", false, true},
		{"{path: /p/app/src, action: rebuild}", "gen\n", "gen/a", false, false},
		{"{path: /p/other, action: rebuild}", "*.log\n", "a.log", false, false},
		{"{path: /p/apple, action: rebuild}", "*.log\n", "a.log", false, false},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_arena struct arena arena = {0};
		struct service service = {.node = read_yaml(&arena, service_text)};
		struct watch_rule rule;
		struct error err;

		assert_true(watch_rule_init(&rule, &service, read_yaml(&arena, rows[i].entry),
					    rows[i].ignore_file, &err));
		if (watch_rule_ignores(&rule, rows[i].path, rows[i].folder) != rows[i].ignored)
			fail_msg("%s: %s", rows[i].entry, rows[i].path);
		watch_rule_fini(&rule);
	}
}

static void where_a_file_goes(void **state)
{
	static const struct {
		const char *target, *path, *place;
	} rows[] = {
		{"/app", "src/a", "app/src/a"},
		{"/app/", "a", "app/a"},
		{"/app", "", "app"},
		{"/", "a", "a"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		struct watch_rule rule = {.target = rows[i].target};
		scoped_free char *place = watch_rule_target(&rule, rows[i].path);

		assert_string_equal(place, rows[i].place);
	}
}

static void what_copies_needs_a_target(void **state)
{
	scoped_arena struct arena arena = {0};
	struct service service = {.node = read_yaml(&arena, service_text)};
	struct watch_rule rule;
	struct error err;

	assert_false(watch_rule_init(
		&rule, &service, read_yaml(&arena, "{path: /p/app, action: sync}"), NULL, &err));
	assert_string_equal(err.text, "f:1:1: 'sync' needs a target: where the files go to");
	watch_rule_fini(&rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_ignores),
		cmocka_unit_test(where_a_file_goes),
		cmocka_unit_test(what_copies_needs_a_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
