#include "base/test.h"
#include "format/unit_name.h"

#define LONG_80 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void assert_text(char *got, const char *wanted)
{
	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
	free(got);
}

static void a_name_has_a_known_type_and_plain_bytes(void **state)
{
	enum kind { NONE, PLAIN, INSTANCE, TEMPLATE };
	static const struct {
		const char *name;
		enum kind kind;
	} cases[] = {
		{"web.service", PLAIN},
		{"a.b.socket", PLAIN},
		{"-.mount", PLAIN},
		{"-.slice", PLAIN},
		{".x.service", PLAIN},
		{"A-z_0:9.automount", PLAIN},
		{"a\\x2db.timer", PLAIN},
		{"web@1.service", INSTANCE},
		{"web@a.b@c.service", INSTANCE},
		{"web@.service", TEMPLATE},
		{"", NONE},
		{"web", NONE},
		{".service", NONE},
		{"web.", NONE},
		{"web.serviced", NONE},
		{"web.Service", NONE},
		{"@1.service", NONE},
		{"@.service", NONE},
		{"a b.service", NONE},
		{"a/b.service", NONE},
		{"a%i.service", NONE},
		{"\u00e4.service", NONE},
		{"web.service@1", NONE},
		{LONG_80 LONG_80 LONG_80 "aaaaaaa.service", PLAIN},
		{LONG_80 LONG_80 LONG_80 "aaaaaaaa.service", NONE},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const char *name = cases[i].name;

		assert_int_equal(unit_name_is_valid(name), cases[i].kind != NONE);
		assert_int_equal(unit_name_is_instance(name), cases[i].kind == INSTANCE);
		assert_int_equal(unit_name_is_template(name), cases[i].kind == TEMPLATE);
	}
}

static void a_name_comes_apart(void **state)
{
	static const struct {
		const char *name, *prefix, *instance, *template, *second, *socket;
	} cases[] = {
		{"web.service", "web", NULL, NULL, NULL, "web.socket"},
		{"a.b.service", "a.b", NULL, NULL, NULL, "a.b.socket"},
		{"web@1.service", "web", "1", "web@.service", "web@2.service", "web@1.socket"},
		{"web@.service", "web", "", "web@.service", "web@2.service", "web@.socket"},
		{"a.b@c.d@e.timer", "a.b", "c.d@e", "a.b@.timer", "a.b@2.timer",
		 "a.b@c.d@e.socket"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const char *name = cases[i].name;

		assert_text(unit_name_prefix(name), cases[i].prefix);
		assert_text(unit_name_instance(name), cases[i].instance);
		assert_text(unit_name_template(name), cases[i].template);
		assert_text(unit_name_with_instance(name, "2"), cases[i].second);
		assert_text(unit_name_with_type(name, "socket"), cases[i].socket);
	}
}

static void text_is_escaped_and_back(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"", ""},	    {"web", "web"},
		{"a/b", "a-b"},	    {"a-b", "a\\x2db"},
		{"a b", "a\\x20b"}, {"a\\b", "a\\x5cb"},
		{".a.", "\\x2ea."}, {"a@b", "a\\x40b"},
		{"//a//", "--a--"}, {"\u00e4", "\\xc3\\xa4"},
		{":_.9Z", ":_.9Z"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		char *back = NULL;

		assert_text(unit_name_escape(cases[i].text), cases[i].escaped);
		assert_true(unit_name_unescape(cases[i].escaped, &back));
		assert_text(back, cases[i].text);
	}
}

static void paths_are_escaped(void **state)
{
	static const struct {
		const char *path, *escaped;
	} cases[] = {
		{"/", "-"},
		{"", "-"},
		{"///", "-"},
		{"/mnt/x", "mnt-x"},
		{"//a//b/", "a-b"},
		{"/a-b/.c", "a\\x2db-.c"},
		{"/.c", "\\x2ec"},
		{"/a/./b/.", "a-b"},
		{"/a/../b", NULL},
		{"..", NULL},
		{"/a..b/...", "a..b-..."},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		assert_text(unit_name_escape_path(cases[i].path), cases[i].escaped);
}

static void paths_are_unescaped(void **state)
{
	static const struct {
		const char *text, *path; /* NULL: none */
	} cases[] = {
		{"-", "/"},
		{"a\\x2db-c", "/a-b/c"}, /* conformance 19 */
		{"srv-www", "/srv/www"},
		{"\\x2ec", "/.c"},
		{"", NULL},
		{"--", NULL},
		{"a-", NULL},
		{"-a", NULL},
		{"a--b", NULL},
		{"\\x2e\\x2e", NULL},
		{"a-.-b", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		char *path = NULL;

		assert_int_equal(unit_name_unescape_path(cases[i].text, &path),
				 cases[i].path != NULL);
		assert_text(path, cases[i].path);
	}
}

static void a_broken_escape_is_refused(void **state)
{
	static const char *const texts[] = {"\\", "\\x", "\\x2", "\\xg0", "\\q", "a\\x00", "\\X41"};
	char *out = NULL;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(unit_name_unescape(texts[i], &out));
}

static void what_is_typed_becomes_a_name(void **state)
{
	static const struct {
		const char *typed, *name, *with_globs; /* NULL: refused */
	} cases[] = {
		{"web", "web.service", "web.service"},
		{"web.timer", "web.timer", "web.timer"},
		{"foo.bar", "foo.bar.service", "foo.bar.service"},
		{"web@", "web@.service", "web@.service"},
		{"web@1", "web@1.service", "web@1.service"},
		{"a@b@c", "a@b@c.service", "a@b@c.service"},
		/* conformance 34 */
		{"a/b", "a-b.service", "a-b.service"},
		{"a b", "a\\x20b.service", "a\\x20b.service"},
		{"a-b\\x", "a-b\\x.service", "a-b\\x.service"},
		{"/mnt/x", "mnt-x.mount", "mnt-x.mount"},
		{"/a/./b", "a-b.mount", "a-b.mount"},
		{"/a/../b", "-a-..-b.service", "-a-..-b.service"},
		{"/", "-.mount", "-.mount"},
		{"/dev/sda1", "dev-sda1.device", "dev-sda1.device"},
		{"/dev", "dev.mount", "dev.mount"},
		{"/sys/x", "sys-x.device", "sys-x.device"},
		{".x", ".x.service", ".x.service"},
		{"\u00e4", "\\xc3\\xa4.service", "\\xc3\\xa4.service"},
		{"x*", "x\\x2a.service", "x*"},
		{"w[a-c]?.timer", "w\\x5ba-c\\x5d\\x3f.timer", "w[a-c]?.timer"},
		{"a *", "a\\x20\\x2a.service", "a\\x20\\x2a.service"},
		{"/a*", "a\\x2a.mount", "a\\x2a.mount"},
		{"", NULL, NULL},
		{"@x", NULL, NULL},
		{LONG_80 LONG_80 LONG_80 LONG_80, NULL, NULL},
	};

	for (size_t i = 0; i < 2 * array_length(cases); i++) {
		const char *wanted = i % 2 ? cases[i / 2].with_globs : cases[i / 2].name;
		char *name = NULL;
		struct error err = {0};

		assert_int_equal(unit_name_from_argument(cases[i / 2].typed, i % 2, &name, &err),
				 wanted != NULL);
		assert_text(name, wanted);
		assert_int_equal(err.kind, wanted ? ERROR_NONE : ERROR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_a_known_type_and_plain_bytes),
		cmocka_unit_test(a_name_comes_apart),
		cmocka_unit_test(text_is_escaped_and_back),
		cmocka_unit_test(paths_are_escaped),
		cmocka_unit_test(paths_are_unescaped),
		cmocka_unit_test(a_broken_escape_is_refused),
		cmocka_unit_test(what_is_typed_becomes_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
