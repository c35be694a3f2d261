#include "base/test.h"
#include "format/unit_text.h"

/* Sections in brackets, then `line key=value` each, one behind the other with `|`. */
static char *describe(const struct unit_text *text)
{
	scoped_buffer struct buffer out = {0};
	size_t next = 0;

	for (size_t i = 0; i <= text->count; i++) {
		uint32_t line = i < text->count ? text->lines[i].line : UINT32_MAX;

		for (; next < text->sections.count && text->sections.items[next].line < line;
		     next++)
			buffer_format(&out, "[%s]|", text->sections.items[next].name);
		if (i < text->count)
			buffer_format(&out, "%u %s=%s|", line, text->lines[i].key,
				      text->lines[i].value);
	}
	return buffer_take(&out);
}

static void lines_are_read_as_systemd_reads_them(void **state)
{
	static const struct {
		const char *text, *lines, *warnings;
	} cases[] = {
		{"", "", ""},
		{"[S]\nA=1\n", "[S]|2 A=1|", ""},
		{"[S]\r\nA=1\r\nB=2", "[S]|2 A=1|3 B=2|", ""},
		{"\xef\xbb\xbf[S]\nA=1", "[S]|2 A=1|", ""},
		{" [S] \n\t A \t = \t 1 \t\n", "[S]|2 A=1|", ""},
		{"#[S]\n;A\n  # x=1\n[S]\nA=#1\nB=;2 # 3", "[S]|5 A=#1|6 B=;2 # 3|", ""},
		{"[S]\nA=a=b\nA==\nA=", "[S]|2 A=a=b|3 A==|4 A=|", ""},
		/* conformance 1 and 2; a line that continues another keeps its indentation */
		{"[S]\nA=L cont \\\n# c\n; c\n  more \\\n last\nB=",
		 "[S]|2 A=L cont    more   last|7 B=|", ""},
		{"[S]\nA=L a \\\n\nB=b", "[S]|2 A=L a|4 B=b|", ""},
		{"[S]\nA=a\\\r\n\tb\\\r\n", "[S]|2 A=a \tb|", ""},
		{"[S]\nA=a\\\\\nB=b\\\\\\\nc", "[S]|2 A=a\\\\|3 B=b\\\\ c|", ""},
		{"[S]\nA=a\\ \nB=b", "[S]|2 A=a\\|3 B=b|", ""},
		{"[S]\nA='x \\\n   y'", "[S]|2 A='x     y'|", ""},
		{"[S]\nA=a\\", "[S]|2 A=a|", ""},
		{"[S]\nA=a\\\n#b", "[S]|2 A=a|", ""},
		{"[S]\n\\\nA=1", "[S]|2 A=1|", ""},
		/* a joined line is looked at once: what looks like a header or a comment is none */
		{"[S]\nA=\\\n[T]", "[S]|2 A=[T]|", ""},
		/* conformance 22 and 23 */
		{"Foo=1\n[Wrong]\nType=bogus\nX-Bar=2\n[X-Fleet]\n",
		 "[Wrong]|3 Type=bogus|4 X-Bar=2|[X-Fleet]|",
		 "f:1: an assignment before the first section"},
		{"a=b\n[S]\nnovalue\n=x\n\nA=1", "[S]|6 A=1|",
		 "f:1: an assignment before the first section|f:3: a line without '='|"
		 "f:4: a line without a key"},
		{"[S]\nA=1\n[T]\nB=2\n[S]\nA=3", "[S]|2 A=1|[T]|4 B=2|[S]|6 A=3|", ""},
		{"[]\nA=\u00e9", "[]|2 A=\u00e9|", ""},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_text text = {0};

		assert_true(
			unit_text_parse(cases[i].text, strlen(cases[i].text), "f", &text, &err));
		scoped_free char *lines = describe(&text);
		scoped_free char *warnings = strings_join(&text.warnings, "|");
		assert_string_equal(lines, cases[i].lines);
		assert_string_equal(warnings, cases[i].warnings);
		unit_text_fini(&text);
	}
}

static void lines_belong_to_the_section_above_them(void **state)
{
	static const char file[] = "[S]\nA=1\n[T]\nB=2";
	struct unit_text text = {0};
	struct error err;

	assert_true(unit_text_parse(file, strlen(file), "f", &text, &err));
	assert_string_equal(text.lines[0].section, "S");
	assert_string_equal(text.lines[1].section, "T");
	unit_text_fini(&text);
}

static void what_cannot_be_a_unit_file_is_an_error_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *error;
	} cases[] = {
		{"[Unclosed\nA=1", 13, "f:1: a section header without ']'"}, /* conformance 24 */
		{"A=1\n[S] # x\n", 12, "f:2: a section header without ']'"},
		{"[", 1, "f:1: a section header without ']'"},
		{"[S]\nA=\0", 7, "f:2: a NUL byte"},
		{"[S]\nA=\xff\n", 8, "f:2: not UTF-8"},
		{"[S]\n\nA=\xc3", 8, "f:3: not UTF-8"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_text text = {0};
		struct error err = {0};

		assert_false(unit_text_parse(cases[i].text, cases[i].size, "f", &text, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

/* As many bytes as a file may have, all of `piece`, in one section. */
static char *fill(const char *piece)
{
	struct buffer out = {0};

	buffer_add_text(&out, "[S]\nA=");
	while (out.size + strlen(piece) <= UNIT_TEXT_LIMIT)
		buffer_add_text(&out, piece);
	return buffer_take(&out);
}

static void a_file_may_be_large_but_not_larger(void **state)
{
	struct unit_text text = {0};
	struct error err = {0};
	scoped_free char *zeroed = mem_zeroed(1, UNIT_TEXT_LIMIT + 1);

	memset(zeroed, 'x', UNIT_TEXT_LIMIT + 1);
	assert_true(unit_text_parse(zeroed, UNIT_TEXT_LIMIT, "f", &text, &err));
	unit_text_fini(&text);
	assert_false(unit_text_parse(zeroed, UNIT_TEXT_LIMIT + 1, "f", &text, &err));
	assert_string_equal(err.text, "f: larger than 1048576 bytes");
}

static void a_file_that_is_one_line_is_joined(void **state)
{
	scoped_free char *file = fill("x\\\n");
	struct unit_text text = {0};
	struct error err;

	assert_true(unit_text_parse(file, strlen(file), "f", &text, &err));
	assert_int_equal(text.count, 1);
	assert_int_equal(strlen(text.lines[0].value), (strlen(file) - 6) / 3 * 2 - 1);
	unit_text_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_as_systemd_reads_them),
		cmocka_unit_test(lines_belong_to_the_section_above_them),
		cmocka_unit_test(what_cannot_be_a_unit_file_is_an_error_with_its_line),
		cmocka_unit_test(a_file_may_be_large_but_not_larger),
		cmocka_unit_test(a_file_that_is_one_line_is_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
