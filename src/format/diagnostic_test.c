#include "format/diagnostic.h"

#include "base/test.h"

static void a_place_has_its_line_and_a_caret(void **state)
{
	static const struct {
		struct place place;
		const char *source, *shown;
	} rows[] = {
		{{"a.yml", 2, 5}, "x: 1\nab: é\n", "a.yml:2:5: p: wrong\n  ab: é\n      ^\n"},
		{{"a.yml", 1, 6}, "é: \te\n", "a.yml:1:6: p: wrong\n  é: \te\n     \t ^\n"},
		{{"a.yml", 9, 1}, "x: 1\n", "a.yml:9:1: p: wrong\n"},
		{{"a.yml", 1, 1}, "\x1b[2J\r\n", "a.yml:1:1: p: wrong\n  ?[2J\n  ^\n"},
		{{"a.yml", 0, 0}, "x\n", "a.yml: p: wrong\n"},
		{{NULL, 0, 0}, "x\n", "p: wrong\n"},
		{{"a.yml", 1, 400}, "x\n", "a.yml:1:400: p: wrong\n  x\n   ^\n"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_diagnostics struct diagnostics all = {0};
		scoped_buffer struct buffer text = {0};

		diagnostics_error(&all, rows[i].place, "p", "wrong");
		diagnostic_write(&all.items[0], rows[i].source, strlen(rows[i].source), &text);
		assert_string_equal(text.data, rows[i].shown);
	}
}

static void a_long_line_is_cut_around_the_place(void **state)
{
	scoped_diagnostics struct diagnostics all = {0};
	scoped_buffer struct buffer source = {0}, text = {0};

	for (size_t i = 0; i < 100000; i++)
		buffer_add_text(&source, "é");
	diagnostics_error(&all, (struct place){"a", 1, 5000}, NULL, "wrong");
	diagnostic_write(&all.items[0], source.data, source.size, &text);
	assert_true(text.size < 600);
	assert_string_equal(text.data + text.size - 2, "^\n");
}

static void the_same_is_told_once_and_many_are_counted(void **state)
{
	scoped_diagnostics struct diagnostics all = {0};

	for (unsigned i = 0; i < 300; i++) {
		diagnostics_error(&all, (struct place){"a", i / 2, 1}, "p", "wrong");
		diagnostics_warn(&all, (struct place){"a", 1, 1}, "p", "odd");
	}
	assert_int_equal(all.count, DIAGNOSTICS_LIMIT);
	assert_true(all.dropped > 0);
	assert_true(all.errors >= 150);
}

static void errors_push_warnings_out(void **state)
{
	scoped_diagnostics struct diagnostics all = {0};

	for (unsigned i = 0; i < 150; i++)
		diagnostics_warn(&all, (struct place){"a", i, 1}, "p", "odd");
	diagnostics_error(&all, (struct place){"a", 1, 1}, "p", "wrong");
	assert_int_equal(all.count, DIAGNOSTICS_LIMIT);
	assert_int_equal(all.dropped, 51);
	assert_string_equal(all.items[DIAGNOSTICS_LIMIT - 1].text, "wrong");
	assert_string_equal(all.items[DIAGNOSTICS_LIMIT - 2].text, "odd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_has_its_line_and_a_caret),
		cmocka_unit_test(a_long_line_is_cut_around_the_place),
		cmocka_unit_test(the_same_is_told_once_and_many_are_counted),
		cmocka_unit_test(errors_push_warnings_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
