#include "format/journal_entry.h"

#include "base/memory.h"
#include "base/test.h"

static void a_field_is_a_line(void **state)
{
	scoped_buffer struct buffer out = {0};

	journal_field(&out, "MESSAGE", "hello", 5);
	journal_field(&out, "EMPTY", "", 0);
	assert_string_equal(out.data, "MESSAGE=hello\nEMPTY=\n");
}

static void a_field_of_lines_tells_its_length(void **state)
{
	static const char expected[] = "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n";
	scoped_buffer struct buffer out = {0};

	journal_field(&out, "MESSAGE", "a\nb", 3);
	assert_int_equal(out.size, sizeof(expected) - 1);
	assert_memory_equal(out.data, expected, out.size);
}

static void names_are_made_fit(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{"com.example.role", "COM_EXAMPLE_ROLE"},
		{"_x", "X"},
		{"9lives", "LIVES"},
		{"--", ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *name = journal_field_name(cases[i].text);

		assert_string_equal(name, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_is_a_line),
		cmocka_unit_test(a_field_of_lines_tells_its_length),
		cmocka_unit_test(names_are_made_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
