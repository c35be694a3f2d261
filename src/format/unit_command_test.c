#include "base/test.h"
#include "format/unit_command.h"

static const struct unit_specifiers specifiers = {
	.value = {['i'] = "x", ['n'] = "t@x.service", ['t'] = "/run", ['s'] = "a b"}};

/* Flags, path and arguments of each, one behind the other: `-+/bin/x[x][a]`. */
static char *describe(const struct unit_commands *commands)
{
	scoped_buffer struct buffer out = {0};

	for (size_t i = 0; i < commands->count; i++) {
		const struct unit_command *c = &commands->items[i];

		buffer_format(&out, "%s%s%s%s%s%s", i ? "|" : "", c->ignore_failure ? "-" : "",
			      c->no_variables ? ":" : "", c->full_privileges ? "+" : "",
			      c->own_user ? "!" : "", c->path);
		for (size_t j = 0; j < c->args.count; j++)
			buffer_format(&out, "[%s]", c->args.items[j]);
	}
	return buffer_take(&out);
}

static void commands_are_read_as_systemd_reads_them(void **state)
{
	static const struct {
		const char *value, *commands;
	} cases[] = {
		{"", ""},
		{" \t", ""},
		{"/bin/true", "/bin/true[/bin/true]"},
		/* conformance 20 */
		{"true", "true[true]"},
		/* conformance 5 */
		{"L a ; L b \\; c", "L[L][a]|L[L][b][;][c]"},
		{"L a;b ;c \";\" '\\;' ;", "L[L][a;b][;c][;][\\;]"},
		{"; L ;; ; ; M", "L[L][;;]|M[M]"},
		{"L \\;x \\;", "L[L][\\;x][;]"},
		/* conformance 3, 4 and 21 */
		{"L \"c d\" i\"j k\"l \"a\"b x\\qy", "L[L][c d][ij kl][ab][x\\qy]"},
		{"L -c '\\'{\"value\": \\\"${X}\\\"}\\''", "L[L][-c]['{\"value\": \"${X}\"}']"},
		/* conformance 11 */
		{":L $ONE ${TWO} $$ %%", ":L[L][$ONE][${TWO}][$$][%]"},
		/* conformance 12 */
		{"@L zero x", "L[zero][x]"},
		{"-@:+/a/b c d", "-:+/a/b[c][d]"},
		{"@-/a b", "-/a[b]"},
		{"!/a", "!/a[/a]"},
		{"!!/a", "/a[/a]"},
		{"!-!/a", "-/a[/a]"},
		{"+-/a", "-+/a[/a]"},
		/* specifiers neither make words nor prefixes */
		{"%t/%i %n %s", "/run/x[/run/x][t@x.service][a b]"},
		{"\"/a b/c\" ''", "/a b/c[/a b/c][]"},
		{"/a/../b//c", "/a/../b//c[/a/../b//c]"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_commands commands = {0};

		assert_true(
			unit_commands_parse(cases[i].value, &specifiers, &commands, NULL, &err));
		scoped_free char *text = describe(&commands);
		assert_string_equal(text, cases[i].commands);
		unit_commands_fini(&commands);
	}
}

static void what_is_no_command_is_refused(void **state)
{
	static const struct {
		const char *value, *error;
	} cases[] = {
		{"L \"open", "an open quote: \""}, /* conformance 6 */
		{"\"open", "an open quote: \""},
		{"L %z", "an unknown specifier: '%z'"}, /* conformance 17 */
		{"bin/true",
		 "neither an absolute path nor the name of a program: 'bin/true'"}, /* 20 */
		{"./x", "neither an absolute path nor the name of a program: './x'"},
		{"..", "neither an absolute path nor the name of a program: '..'"},
		{"/bin/", "a folder is no program: '/bin/'"},
		{"@", "a command without a program"},
		{"''", "a command without a program"},
		{"@/bin/x", "'@' without the argument that it takes"},
		{"@/bin/x ; L", "'@' without the argument that it takes"},
		{"\"/a\\tb\"", "quotes or control characters in the path of a program: '/a\tb'"},
		{"+!/x", "neither an absolute path nor the name of a program: '!/x'"},
		{"+!x/y", "neither an absolute path nor the name of a program: '!x/y'"},
		{"!!!/x", "neither an absolute path nor the name of a program: '!/x'"},
		{"::/x", "neither an absolute path nor the name of a program: ':/x'"},
		{"L ok ; L 'open", "an open quote: '"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_commands commands = {0};
		struct error err = {0};

		assert_false(
			unit_commands_parse(cases[i].value, &specifiers, &commands, NULL, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].error);
		unit_commands_fini(&commands);
	}
}

static void what_may_fail_may_be_wrong(void **state)
{
	static const struct {
		const char *value, *commands, *warning;
	} cases[] = {
		/* conformance 7 */
		{"-L \"open", "", "an open quote: \"; the command is left out"},
		{"L a ; -bin/x ; L b", "L[L][a]",
		 "neither an absolute path nor the name of a program: 'bin/x'; the command is left "
		 "out"},
		{"-", "", "a command without a program; the command is left out"},
		{"-L %z", "", "an unknown specifier: '%z'; the command is left out"},
		{"-L x\\qy", "-L[L][x\\qy]", "an unknown escape stays as written: 'x\\qy'"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_commands commands = {0};
		scoped_strings struct strings warnings = {0};

		assert_true(unit_commands_parse(cases[i].value, &specifiers, &commands, &warnings,
						&err));
		scoped_free char *text = describe(&commands);
		assert_string_equal(text, cases[i].commands);
		assert_int_equal(warnings.count, 1);
		assert_string_equal(warnings.items[0], cases[i].warning);
		unit_commands_fini(&commands);
	}
}

static void a_second_line_adds_to_the_first(void **state)
{
	struct unit_commands commands = {0};
	struct error err;

	assert_true(unit_commands_parse("L a", &specifiers, &commands, NULL, &err));
	assert_true(unit_commands_parse("-L b ; M", &specifiers, &commands, NULL, &err));
	scoped_free char *text = describe(&commands);
	assert_string_equal(text, "L[L][a]|-L[L][b]|M[M]");
	unit_commands_fini(&commands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_read_as_systemd_reads_them),
		cmocka_unit_test(what_is_no_command_is_refused),
		cmocka_unit_test(what_may_fail_may_be_wrong),
		cmocka_unit_test(a_second_line_adds_to_the_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
