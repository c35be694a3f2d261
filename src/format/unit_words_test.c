#include "base/test.h"
#include "format/unit_words.h"

static char *bracket(const struct strings *words)
{
	struct buffer out = {0};

	for (size_t i = 0; i < words->count; i++)
		buffer_format(&out, "[%s]", words->items[i]);
	return buffer_take(&out);
}

static void words_are_split_as_systemd_splits_them(void **state)
{
	enum { KEEP = UNIT_WORDS_KEEP_ESCAPES, RAW = UNIT_WORDS_RAW, LENIENT = UNIT_WORDS_LENIENT };
	static const struct {
		const char *value;
		unsigned flags;
		const char *words; /* NULL: an error */
	} cases[] = {
		{"", 0, ""},
		{" \t ", 0, ""},
		{"a  b\tc\n d ", 0, "[a][b][c][d]"},
		/* conformance 3 */
		{"L \"c d\" 'e f' \"g'h\" i\"j k\"l m\\tn \\u00e9 \"\\\"\" '\\''", 0,
		 "[L][c d][e f][g'h][ij kl][m\tn][\u00e9][\"][']"},
		/* conformance 4 */
		{"L \"a\"b x\\qy", KEEP, "[L][ab][x\\qy]"},
		{"L \"a\"b x\\qy", 0, NULL},
		/* conformance 6 */
		{"L \"open", 0, NULL},
		{"L \"open", KEEP, NULL},
		{"L 'open", RAW, NULL},
		/* conformance 21 */
		{"x' \\'{\"value\": \\\"${X}\\\"}\\''", 0, "[x '{\"value\": \"${X}\"}']"},
		{"\"\" '' a''b", 0, "[][][ab]"},
		{"\\a\\b\\f\\n\\r\\v\\\\\\s|", 0, "[\a\b\f\n\r\v\\ |]"},
		{"'\\s\\x41' \\x42\\103\\U0001F600", 0, "[ A][BC\U0001f600]"},
		{"\\xc3\\xa4", 0, "[\u00e4]"},
		{"\\xFF", 0, "[\xff]"},
		/* escapes that are none */
		{"\\x00", 0, NULL},
		{"\\x4", 0, NULL},
		{"\\000", 0, NULL},
		{"\\400", 0, NULL},
		{"\\18", 0, NULL},
		{"\\u00", 0, NULL},
		{"\\ud800", 0, NULL},
		{"\\U00110000", 0, NULL},
		{"a\\", 0, NULL},
		{"\\ a", 0, NULL},
		{"\\;", 0, NULL},
		{"\\\xc3\xa4", 0, NULL},
		{"\\x4 \\400 \\; \\u12", KEEP, "[\\x4][\\400][\\;][\\u12]"},
		{"a\\ b '\\ c'", KEEP, "[a\\ b][\\ c]"},
		{"a\\", KEEP, "[a\\]"},
		{"'a\\", KEEP, NULL},
		{"a\\t 'b\\' c\\", RAW, "[a\\t][b\\][c\\]"},
		{"a\\tb\\\\ \"c d\" '\\'' 'open x", LENIENT, "[atb\\][c d]['][open x]"},
		{"x\\", LENIENT, "[x]"},
		{"\\", LENIENT, "[]"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings words = {0};
		bool split = unit_words_split(cases[i].value, cases[i].flags, &words, NULL, &err);

		assert_int_equal(split, cases[i].words != NULL);
		scoped_free char *text = bracket(&words);
		if (split)
			assert_string_equal(text, cases[i].words);
	}
}

static void what_stays_as_written_is_named(void **state)
{
	scoped_strings struct strings words = {0}, warnings = {0};
	struct error err;

	assert_true(unit_words_split("a x\\qy\\z \\n", UNIT_WORDS_KEEP_ESCAPES, &words, &warnings,
				     &err));
	assert_int_equal(warnings.count, 1);
	assert_string_equal(warnings.items[0], "an unknown escape stays as written: 'x\\qy\\z'");
}

static void words_are_read_one_by_one(void **state)
{
	const char *at = " 'a b'  c ";
	struct error err;
	char *word;

	assert_true(unit_word_next(&at, 0, &word, NULL, &err));
	assert_string_equal(word, "a b");
	assert_string_equal(at, "c ");
	free(word);
	assert_true(unit_word_next(&at, 0, &word, NULL, &err));
	assert_string_equal(word, "c");
	assert_string_equal(at, "");
	free(word);
	assert_true(unit_word_next(&at, 0, &word, NULL, &err));
	assert_null(word);
}

static void errors_say_what_is_wrong(void **state)
{
	scoped_strings struct strings words = {0};
	struct error err;

	assert_false(unit_words_split("a \"b", 0, &words, NULL, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_string_equal(err.text, "an open quote: \"");
	assert_false(unit_words_split("a\\qb", 0, &words, NULL, &err));
	assert_string_equal(err.text, "an unknown escape: '\\qb'");
	assert_int_equal(words.count, 0);
}

static void a_quoted_word_reads_as_what_it_was(void **state)
{
	static const struct {
		const char *word, *written;
	} cases[] = {
		{"plain", "plain"},	 {"", "\"\""},
		{"a b", "\"a b\""},	 {"a;b", "a;b"},
		{";", "\";\""},		 {"#x", "\"#x\""},
		{"it's", "\"it's\""},	 {"\"", "\"\\\"\""},
		{"a\\b", "\"a\\\\b\""},	 {"\t\n", "\"\\t\\n\""},
		{"\x01", "\"\\x01\""},	 {"\u00e4", "\u00e4"},
		{"\xff ", "\"\\xff \""}, {"${X} %i", "\"${X} %i\""},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *written = unit_word_quote(cases[i].word);
		scoped_strings struct strings words = {0};

		assert_string_equal(written, cases[i].written);
		assert_true(unit_words_split(written, 0, &words, NULL, &err));
		assert_int_equal(words.count, 1);
		assert_string_equal(words.items[0], cases[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_as_systemd_splits_them),
		cmocka_unit_test(what_stays_as_written_is_named),
		cmocka_unit_test(words_are_read_one_by_one),
		cmocka_unit_test(errors_say_what_is_wrong),
		cmocka_unit_test(a_quoted_word_reads_as_what_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
