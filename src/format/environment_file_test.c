#include "base/test.h"
#include "format/environment_file.h"

static char *describe(const struct pairs *pairs)
{
	struct buffer out = {0};

	for (size_t i = 0; i < pairs->count; i++)
		buffer_format(&out, "%s%s=%s", i ? "|" : "", pairs->items[i].name,
			      pairs->items[i].value);
	return buffer_take(&out);
}

static void files_are_read_as_systemd_reads_them(void **state)
{
	static const struct {
		const char *text, *variables, *warnings;
	} cases[] = {
		{"", "", ""},
		/* conformance 16 */
		{" K = v \nF=\"a\\\"b\\nc\"\nJ=x#y # z\nexport G=1\nD=un\\\nq",
		 "K=v|F=a\"b\\nc|J=x#y # z|D=unq", "no name of a variable: 'export G'"},
		{"A=1\nB=2\nA=3\n", "A=3|B=2", ""},
		{"A=1\r\nB=2\r\n", "A=1|B=2", ""},
		{"\n \n\t# A=1\n; B=2\nC=3", "C=3", ""},
		{"# one \\\nA=1\nB=2", "B=2", ""},
		{"A=", "A=", ""},
		{"A= \nB=''\nC=\"\"", "A=|B=|C=", ""},
		{"A='x\ny' \nB=\"x\ny\"", "A=x\ny|B=x\ny", ""},
		{"A='a\\n\"$`'", "A=a\\n\"$`", ""},
		{"A=\"\\\\ \\$ \\` \\\" \\' \\q\\\nx\"", "A=\\ $ ` \" \\' \\qx", ""},
		{"A='a' \"b\"c 'd'", "A=abc 'd'", ""},
		{"A=a\"b\"", "A=a\"b\"", ""},
		{"A=\\a\\\\\\ \\\n b", "A=a\\  b", ""},
		{"A=a\\ \nB=b  \\\n", "A=a |B=b  ", ""},
		{"A=a\\\r\nb", "A=ab", ""},
		{"A=x=y", "A=x=y", ""},
		{"A=$B ${C}", "A=$B ${C}", ""},
		{"A='open\nB=2", "A=open\nB=2", ""},
		{"A=\"open\\", "A=open", ""},
		{"A=x\\", "A=x", ""},
		{"_a1=\u00e4", "_a1=\u00e4", ""},
		{"1BAD=2\n=3\nA-B=4\nno\n\nC=5", "C=5",
		 "no name of a variable: '1BAD'|no name of a variable: ''|"
		 "no name of a variable: 'A-B'|a line without '=': 'no'"},
		{"A=\xff\nB=1", "B=1", "the value is no text: 'A'"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_pairs struct pairs pairs = {0};
		scoped_strings struct strings warnings = {0};

		environment_file_parse(cases[i].text, strlen(cases[i].text), &pairs, &warnings);
		scoped_free char *variables = describe(&pairs);
		scoped_free char *warned = strings_join(&warnings, "|");
		assert_string_equal(variables, cases[i].variables);
		assert_string_equal(warned, cases[i].warnings);
	}
}

static void a_later_file_replaces_what_is_there(void **state)
{
	scoped_pairs struct pairs pairs = {0};

	pairs_set(&pairs, "A", "1");
	pairs_set(&pairs, "B", "2");
	environment_file_parse("C=3\nA=4\nC=5", 11, &pairs, NULL);
	scoped_free char *variables = describe(&pairs);
	assert_string_equal(variables, "A=4|B=2|C=5");
}

static void a_nul_is_no_text(void **state)
{
	scoped_pairs struct pairs pairs = {0};
	scoped_strings struct strings warnings = {0};

	environment_file_parse("A=x\0y\nB\0=1\nC=\"\\\0\"\nD=2", 21, &pairs, &warnings);
	scoped_free char *variables = describe(&pairs);
	assert_string_equal(variables, "D=2");
	assert_int_equal(warnings.count, 3);
}

static void a_large_file_of_short_lines_is_read(void **state)
{
	scoped_buffer struct buffer file = {0};
	scoped_pairs struct pairs pairs = {0};

	unsigned count = 0;

	for (; file.size < ENVIRONMENT_FILE_LIMIT - 16; count++)
		buffer_format(&file, "A%x=\n", count);
	environment_file_parse(file.data, file.size, &pairs, NULL);
	assert_int_equal(pairs.count, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_as_systemd_reads_them),
		cmocka_unit_test(a_later_file_replaces_what_is_there),
		cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(a_large_file_of_short_lines_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
