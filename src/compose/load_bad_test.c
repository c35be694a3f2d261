/* Files that mean harm, or are broken in many ways: refused with their place, in bounded time and room. */
#include "compose/load_cases.h"

#include <malloc.h>
#include <time.h>

enum { SECONDS = 5, SMALL_MS = 200 }; /* of the processor, sanitized */

static void check_quick(struct load_case *c, int limit_ms)
{
	clock_t begun = clock();

	check_case(c);
	assert_true((clock() - begun) * 1000 / CLOCKS_PER_SEC < limit_ms);
}

static void bombs_are_refused_at_once(void **state)
{
	scoped_buffer struct buffer nested = {0}, laughs = {0};

	buffer_add_text(&nested, "services: {a: {image: x, command: ");
	for (int i = 0; i < 101; i++)
		buffer_add_char(&nested, '[');
	struct load_case deep = {
		NULL, {{"/p/compose.yaml", nested.data}}, .error = "compose.yaml:1:"};
	check_quick(&deep, SMALL_MS);

	buffer_add_text(&laughs, "x-0: &x0 [lol]\n");
	for (int i = 1; i <= 9; i++) {
		buffer_format(&laughs, "x-%d: &x%d [", i, i);
		for (int j = 0; j < 10; j++)
			buffer_format(&laughs, "%s*x%d", j ? ", " : "", i - 1);
		buffer_add_text(&laughs, "]\n");
	}
	buffer_add_text(&laughs, "services: {a: {image: x}}\n");
	struct load_case bomb = {
		NULL, {{"/p/compose.yaml", laughs.data}}, .error = "compose.yaml:"};
	check_quick(&bomb, SMALL_MS);
}

static void broken_yaml_has_its_place(void **state)
{
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml", "services:\n\ta: {image: x}\n"}},
		 .error = "compose.yaml:2:1"},
		{NULL,
		 {{"/p/compose.yaml",
		   "services:\n  a: {image: x}\n  b: {image: y}\n  a: {image: z}\n"}},
		 .error = "compose.yaml:4:3"},
		{"v1",
		 {{"/p/docker-compose.yml", "services:\n  a: {image: x}\n  a: {image: z}\n"}},
		 "services.a.image",
		 "\"z\"",
		 .warning = "docker-compose.yml:3:3"},
		{NULL, {{"/p/compose.yaml", ""}}, .error = "compose.yaml:1:1: empty compose file"},
		{NULL, {{"/p/compose.yaml", "# nothing\n---\n"}}, .error = "empty compose file"},
		{NULL, {{"/p/compose.yaml", "services: [\n"}}, .error = "compose.yaml:2:1"},
		{NULL,
		 {{"/p/compose.yaml", "- a\n- b\n"}},
		 .error = "compose.yaml:1:1: a compose file is a mapping"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: !!python/x y}}\n"}},
		 .error = "compose.yaml:1:23"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: \"\xff\"}}\n"}},
		 .error = "compose.yaml"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x}}\n"}, {"/p/.env", "A='x\n"}},
		 .error = ".env: line"},
	};

	check_cases(cases);
}

static void all_mistakes_of_all_files_are_told(void **state)
{
	static const struct load_case c = {
		"-f a -f b",
		{{"/p/a", "services:\n  a: {imag: x}\n  b: {image: [y]}\n"},
		 {"/p/b", "services:\n  c: {image: '${X!}'}\n"}}};
	struct compose_files files = {case_read, case_exists, (void *)&c};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct case_request request;

	case_request_init(&c, &request);
	assert_null(compose_load(&request.request, &files, &diagnostics));
	assert_true(case_said(&diagnostics, DIAGNOSTIC_ERROR, "a:2:7: services.a.imag"));
	assert_true(case_said(&diagnostics, DIAGNOSTIC_ERROR, "a:3:14: services.b.image"));
	assert_true(case_said(&diagnostics, DIAGNOSTIC_ERROR, "b:2:14: services.c.image"));
	case_request_fini(&request);
}

static void values_that_swell_are_refused(void **state)
{
	scoped_buffer struct buffer env = {0}, file = {0}, many = {0};

	buffer_add_text(&env, "A=");
	for (int i = 0; i < 1000000; i++)
		buffer_add_char(&env, 'x');
	buffer_add_text(&file, "services:\n");
	for (int i = 0; i < 2000; i++)
		buffer_format(&file, "  s%d: {image: x, hostname: $A}\n", i);
	struct load_case swelling = {NULL,
				     {{"/p/compose.yaml", file.data}, {"/p/.env", env.data}},
				     .error = "the project takes more than 256 MB of memory"};
	check_quick(&swelling, SECONDS * 1000);

	buffer_add_text(&many, "services:\n");
	for (int i = 0; i < 2000; i++)
		buffer_format(&many, "  s%d: {image: x, env_file: .env}\n", i);
	struct load_case same = {NULL,
				 {{"/p/compose.yaml", many.data}, {"/p/.env", env.data}},
				 .error = "the project takes more than 256 MB of memory"};
	check_quick(&same, 2 * SECONDS * 1000);
	malloc_trim(0);
}

static void add_many(struct buffer *out, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_add_text(out, text);
}

static void a_long_text_that_is_named_often_is_refused(void **state)
{
	scoped_buffer struct buffer file = {0};

	buffer_add_text(&file, "x-a: &a ");
	add_many(&file, "xxxxxxxxxx", 100000);
	buffer_add_text(&file, "\nservices: {a: {image: x, cap_add: [");
	add_many(&file, "*a, ", 1000);
	buffer_add_text(&file, "]}}\n");
	struct load_case c = {NULL,
			      {{"/p/compose.yaml", file.data}},
			      .error = "more than 33554432 bytes of text, with aliases expanded"};
	check_quick(&c, SECONDS * 1000);
}

static void words_and_names_have_a_limit(void **state)
{
	scoped_buffer struct buffer many = {0}, one = {0}, name = {0};

	buffer_add_text(&many, "services:\n");
	for (int i = 0; i < 500; i++) {
		buffer_format(&many, "  s%d: {image: x, command: \"", i);
		add_many(&many, "a b ", 7000);
		buffer_add_text(&many, "\"}\n");
	}
	struct load_case swelling = {NULL,
				     {{"/p/compose.yaml", many.data}},
				     .error = "the project takes more than 256 MB of memory"};
	check_quick(&swelling, 2 * SECONDS * 1000);

	buffer_add_text(&one, "services: {a: {image: x, command: \"");
	add_many(&one, "a b ", 1 << 19);
	buffer_add_text(&one, "\"}}\n");
	struct load_case words = {
		NULL,
		{{"/p/compose.yaml", one.data}},
		.error = "services.a.command: a command of more than 1048576 bytes"};
	check_quick(&words, SECONDS * 1000);

	buffer_add_text(&name, "name: ");
	add_many(&name, "n", 256);
	buffer_add_text(&name, "\nservices: {a: {image: x}}\n");
	struct load_case named = {
		NULL, {{"/p/compose.yaml", name.data}}, .error = "name: invalid project name"};
	check_quick(&named, SECONDS * 1000);
}

static void includes_do_not_multiply(void **state)
{
	struct load_case c = {
		"-f a",
		{{"/p/a", "include: [b, {path: b}, {path: b, project_directory: x}]\n"},
		 {"/p/b", "include: [c, {path: c}, {path: c}, {path: c}, {path: c}, {path: c}]\n"},
		 {"/p/c", "include: [d, {path: d}, {path: d}, {path: d}, {path: d}, {path: d}]\n"},
		 {"/p/d", "include: [e, {path: e}, {path: e}, {path: e}, {path: e}, {path: e}]\n"},
		 {"/p/e", "include: [f, {path: f}, {path: f}, {path: f}, {path: f}, {path: f}]\n"},
		 {"/p/f", "services: {f: {image: x}}\n"}},
		.error = "more than 1000 files"};
	check_quick(&c, SECONDS * 1000);
}

static void long_chains_are_no_trouble(void **state)
{
	scoped_buffer struct buffer depends = {0}, extends = {0};

	buffer_add_text(&depends, "services:\n  s0: {image: x}\n");
	for (int i = 1; i < 10000; i++)
		buffer_format(&depends, "  s%d: {image: x, depends_on: [s%d]}\n", i, i - 1);
	struct load_case chain = {
		NULL, {{"/p/compose.yaml", depends.data}}, "services.s9.image", "\"x\""};
	check_quick(&chain, SECONDS * 1000);

	buffer_add_text(&extends, "services:\n");
	for (int i = 0; i < 5000; i++)
		buffer_format(&extends, "  s%d: {image: x, extends: s%d}\n", i, i + 1);
	buffer_add_text(&extends, "  s5000: {image: x}\n");
	struct load_case long_one = {
		NULL,
		{{"/p/compose.yaml", extends.data}},
		.error = "a chain of more than 100 services that extend each other"};
	check_quick(&long_one, SECONDS * 1000);
}

static void many_keys_are_merged_in_bounded_time(void **state)
{
	scoped_buffer struct buffer file = {0};

	buffer_add_text(&file, "services: {a: {image: x, environment: [");
	for (int i = 0; i < 40000; i++)
		buffer_format(&file, "K%d, ", i);
	buffer_add_text(&file, "], expose: [");
	for (int i = 1; i < 40000; i++)
		buffer_format(&file, "'%d', ", i);
	buffer_add_text(&file, "]}}\n");
	struct load_case c = {"-f a -f b",
			      {{"/p/a", file.data}, {"/p/b", file.data}},
			      "services.a.environment",
			      "{}"};
	check_quick(&c, SECONDS * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bombs_are_refused_at_once),
		cmocka_unit_test(broken_yaml_has_its_place),
		cmocka_unit_test(all_mistakes_of_all_files_are_told),
		cmocka_unit_test(values_that_swell_are_refused),
		cmocka_unit_test(a_long_text_that_is_named_often_is_refused),
		cmocka_unit_test(words_and_names_have_a_limit),
		cmocka_unit_test(includes_do_not_multiply),
		cmocka_unit_test(long_chains_are_no_trouble),
		cmocka_unit_test(many_keys_are_merged_in_bounded_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
