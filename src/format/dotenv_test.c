#include "format/dotenv.h"

#include "base/test.h"

#include <time.h>

static const char *shell(void *data, const char *name)
{
	return strcmp(name, "SHELL_X") == 0 ? "from shell" : NULL;
}

static void check(const char *text, bool raw, const char *expected)
{
	scoped_pairs struct pairs out = {0};
	scoped_buffer struct buffer shown = {0};
	struct dotenv_rules rules = {.get = shell, .raw = raw};
	struct error err = {0};

	buffer_add_text(&shown, "");
	if (!dotenv_parse(text, strlen(text), &rules, &out, &err))
		fail_msg("%s: %s", text, err.text);
	for (size_t i = 0; i < out.count; i++)
		buffer_format(&shown, "%s=%s;", out.items[i].name, out.items[i].value);
	assert_string_equal(shown.data ? shown.data : "", expected);
}

static void lines_are_what_people_write(void **state)
{
	static const struct {
		const char *text, *pairs;
	} rows[] = {
		{"", ""},
		{"# c\n\n  # d\nA=1", "A=1;"},
		{"A=1\r\nB=2\r\n", "A=1;B=2;"},
		{"\xef\xbb\xbf" "A=1\n", "A=1;"},
		{"A=1 # c\nB=1# c\nC=\"x # y\"\nD='$A'\n", "A=1;B=1# c;C=x # y;D=$A;"},
		{"A=x\nB=\"${A}\\n\"\nexport C=1\nD: 2\n", "A=x;B=x\n;C=1;D=2;"},
		{"A = 1\nB=  2  \n", "A=1;B=2;"},
		{"A=\nB=''\nC=\"\"\nD= # c\n", "A=;B=;C=;D=;"},
		{"SHELL_X\nOTHER\n", "SHELL_X=from shell;"},
		{"A=$SHELL_X ${NO-d}\n", "A=from shell d;"},
		{"A='it\\'s'\n", "A=it's;"},
		{"A=\"a\\tb\\\\n\\\"\\$A\\0101\\q\"\n", "A=a\tb\\n\"$AA\\q;"},
		{"A=\"x\ny\"\nB='1\n2' # c\nC=3\n", "A=x\ny;B=1\n2;C=3;"},
		{"A=1\nA=2\n", "A=2;"},
		{"a.b-c=1\n", "a.b-c=1;"},
		{"exporter=1\n", "exporter=1;"},
		{"A=b=c\n", "A=b=c;"},
		{"A=a b\tc\n", "A=a b\tc;"},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		check(rows[i].text, false, rows[i].pairs);
}

static void raw_keeps_every_byte(void **state)
{
	check("A=\"$X\" # c\nB= x\r\n", true, "A=\"$X\" # c;B= x;");
}

static void mistakes_have_their_line(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"A=1\nB='x\n", "line 2: the quote ' is never closed"},
		{"A=\"x\" y\n", "line 1: 'y' stands behind the quote that closes the value"},
		{"A=\"x\\\ny\"\nA B=1\n", "line 3: 'B' cannot stand in the name of a variable"},
		{"\nA B=1\n", "line 2: 'B' cannot stand in the name of a variable"},
		{"=1\n", "line 1: '=' cannot stand in the name of a variable"},
		{"A=${X\n", "line 1: invalid interpolation format: '${X'; $ on its own is written $$"},
		{"A=${X:?no}\n", "line 1: required variable X is missing a value: no"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_pairs struct pairs out = {0};
		struct dotenv_rules rules = {.get = shell};
		struct error err = {0};

		assert_false(dotenv_parse(rows[i].text, strlen(rows[i].text), &rules, &out, &err));
		assert_string_equal(err.text, rows[i].error);
	}
}

static void many_lines_take_bounded_time_and_room(void **state)
{
	scoped_buffer struct buffer many = {0}, growing = {0};
	scoped_pairs struct pairs out = {0}, unwanted = {0};
	struct dotenv_rules rules = {0};
	struct error err = {0};
	clock_t begun = clock();

	while (many.size < DOTENV_SIZE_LIMIT - 100)
		buffer_format(&many, "V%zu=\n", many.size);
	assert_true(dotenv_parse(many.data, many.size, &rules, &out, &err));
	assert_true(out.count > 90000);
	buffer_add_text(&growing, "A=");
	for (int i = 0; i < 500000; i++)
		buffer_add_char(&growing, 'x');
	for (int i = 0; i < 10000; i++)
		buffer_format(&growing, "\nB%d=$A", i);
	assert_false(dotenv_parse(growing.data, growing.size, &rules, &unwanted, &err));
	assert_string_equal(err.text, "line 34: values of more than 16777216 bytes in all");
	assert_true((clock() - begun) / CLOCKS_PER_SEC < 5); /* of the processor, and sanitized */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_what_people_write),
		cmocka_unit_test(raw_keeps_every_byte),
		cmocka_unit_test(mistakes_have_their_line),
		cmocka_unit_test(many_lines_take_bounded_time_and_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
