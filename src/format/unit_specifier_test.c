#include "base/test.h"
#include "format/unit_specifier.h"

static void a_name_gives_its_specifiers(void **state)
{
	static const char letters[] = "nNpPiIjJf";
	static const struct {
		const char *name, *values[9]; /* NULL: unknown */
	} cases[] = {
		{"web.service", {"web.service", "web", "web", "web", "", "", "web", "web", "/web"}},
		/* conformance 18 and 19 */
		{"t@x.service", {"t@x.service", "t@x", "t", "t", "x", "x", "t", "t", "/x"}},
		{"q6@a\\x2db-c.service",
		 {"q6@a\\x2db-c.service", "q6@a\\x2db-c", "q6", "q6", "a\\x2db-c", "a-b/c", "q6",
		  "q6", "/a-b/c"}},
		{"pre-fix@srv-www.service",
		 {"pre-fix@srv-www.service", "pre-fix@srv-www", "pre-fix", "pre/fix", "srv-www",
		  "srv/www", "fix", "fix", "/srv/www"}},
		{"a-b\\x2dc.timer",
		 {"a-b\\x2dc.timer", "a-b\\x2dc", "a-b\\x2dc", "a/b-c", "", "", "b\\x2dc", "b-c",
		  "/a/b-c"}},
		{"t@.service", {"t@.service", "t@", "t", "t", "", "", "t", "t", NULL}},
		{"a.b@c.d.service",
		 {"a.b@c.d.service", "a.b@c.d", "a.b", "a.b", "c.d", "c.d", "a.b", "a.b", "/c.d"}},
		{"-.mount", {"-.mount", "-", "-", "/", "", "", "", "", "/"}},
		{"a--b.service", {"a--b.service", "a--b", "a--b", "a//b", "", "", "b", "b", NULL}},
		{"t@\\q.service",
		 {"t@\\q.service", "t@\\q", "t", "t", "\\q", NULL, "t", "t", NULL}},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings arena = {0};
		struct unit_specifiers values = {0};

		unit_specifiers_of_name(cases[i].name, &values, &arena);
		for (size_t j = 0; letters[j]; j++) {
			const char *got = values.value[(uint8_t)letters[j]];

			if (cases[i].values[j])
				assert_string_equal(got, cases[i].values[j]);
			else
				assert_null(got);
		}
	}
}

static void specifiers_are_filled_in(void **state)
{
	static const struct unit_specifiers values = {
		.value = {['n'] = "web.service", ['i'] = "", ['t'] = "/run", ['p'] = "%n"}};
	static const struct {
		const char *text, *expanded;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"%n", "web.service"},
		{"a%ib%t/%n", "ab/run/web.service"},
		{"%%n %%%n", "%n %web.service"},
		{"%p", "%n"}, /* once */
		{"100% 5%, %-x %", "100% 5%, %-x %"},
		{"%\u00e4", "%\u00e4"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		char *expanded = NULL;

		assert_true(unit_specifiers_expand(cases[i].text, &values, &expanded, &err));
		assert_string_equal(expanded, cases[i].expanded);
		free(expanded);
	}
}

static void an_unknown_specifier_is_named(void **state)
{
	static const struct unit_specifiers values = {.value = {['n'] = "web.service"}};
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"%z", "an unknown specifier: '%z'"}, /* conformance 17 */
		{"a %n%9", "an unknown specifier: '%9'"},
		{"%%%N", "an unknown specifier: '%N'"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};
		char *expanded = NULL;

		assert_false(unit_specifiers_expand(cases[i].text, &values, &expanded, &err));
		assert_null(expanded);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_gives_its_specifiers),
		cmocka_unit_test(specifiers_are_filled_in),
		cmocka_unit_test(an_unknown_specifier_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
