#include "base/test.h"
#include "compose/shell_words.h"

static void words_are_taken_apart_as_a_shell_does(void **state)
{
	static const struct {
		const char *text, *words; /* joined by | */
	} cases[] = {
		{"", ""},
		{"  ", ""},
		{"a", "a"},
		{" a\tb\nc ", "a|b|c"},
		{"echo \"a b\" 'c $d'", "echo|a b|c $d"},
		{"a\\ b c", "a b|c"},
		{"\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d"},
		{"'a\\b'", "a\\b"},
		{"x'y z'\"w\"", "xy zw"},
		{"sh -c 'a; b' # c", "sh|-c|a; b|#|c"},
		{"a; b && c > d", "a;|b|&&|c|>|d"},
		{"'' \"\"", "|"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings words = {0};

		assert_true(shell_words_split(cases[i].text, &words, &err));
		scoped_free char *joined = strings_join(&words, "|");
		assert_string_equal(joined, cases[i].words);
	}
}

static void what_is_open_is_refused(void **state)
{
	static const char *const texts[] = {"'a", "a \"b", "a\\", "\"a\\\""};
	struct error err;

	for (size_t i = 0; i < array_length(texts); i++) {
		scoped_strings struct strings words = {0};

		assert_false(shell_words_split(texts[i], &words, &err));
	}
}

static void quoted_words_read_back(void **state)
{
	static const char *const words[] = {"", "a", "a b", "it's", "\"", "$x", "a\\b", "\n", "ü;"};
	struct error err;

	for (size_t i = 0; i < array_length(words); i++) {
		scoped_buffer struct buffer quoted = {0};
		scoped_strings struct strings again = {0};

		shell_word_quote(words[i], &quoted);
		assert_true(shell_words_split(quoted.data, &again, &err));
		assert_int_equal(again.count, 1);
		assert_string_equal(again.items[0], words[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_taken_apart_as_a_shell_does),
		cmocka_unit_test(what_is_open_is_refused),
		cmocka_unit_test(quoted_words_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
