#include "format/expand.h"

#include "base/test.h"

static struct strings environment(void)
{
	struct strings env = {0};

	strings_add(&env, "A=old");
	strings_add(&env, "A=one");
	strings_add(&env, "EMPTY=");
	strings_add(&env, "TWO=b  c");
	strings_add(&env, "PATH=/usr/local/bin:/usr/bin");
	strings_add(&env, "F=archive.tar.gz");
	return env;
}

static void variables_are_replaced(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"plain  text", "plain  text"},
		{"$A", "one"},
		{"x${A}y", "xoney"},
		{"$AB", ""},
		{"$A-$TWO", "one-b  c"},
		{"$", "$"},
		{"$.", "$."},
		{"$$", ""},
		{"${NO}", ""},
		{"${NO-d}", "d"},
		{"${NO:-d $A}", "d one"},
		{"${EMPTY-d}", ""},
		{"${EMPTY:-d}", "d"},
		{"${A:-d}", "one"},
		{"${A+a}${NO+b}${EMPTY+c}", "ac"},
		{"${A:+a}${NO:+b}${EMPTY:+c}", "a"},
		{"${A?e}${A:?e}${EMPTY?e}", "oneone"},
		{"${NO:-${NO:-${A}}}", "one"},
		{"${PATH#*/}", "usr/local/bin:/usr/bin"},
		{"${PATH##*/}", "bin"},
		{"${F%.*}", "archive.tar"},
		{"${F%%.*}", "archive"},
		{"${F%x}${F#?}", "archive.tar.gzrchive.tar.gz"},
		{"${F#\\*}", "archive.tar.gz"},
		{"${NO#x}${NO/x/y}", ""},
		{"${F/r/R}", "aRchive.tar.gz"},
		{"${F//r/R}", "aRchive.taR.gz"},
		{"${F/.*/}", "archive"},
		{"${F//?/x}", "xxxxxxxxxxxxxx"},
		{"${F/$A/}", "archive.tar.gz"},
		{"${A/one/$F}", "archive.tar.gz"},
		{"${PATH//\\//.}", ".usr.local.bin:.usr.bin"},
		{"'$A'\"$A\"\\$A", "$Aone$A"},
		{"\"a\\\"b\\$c\\d\\\\\"", "a\"b$c\\d\\"},
		{"a\\ b\\", "a b"},
		{"'\\'", "\\"},
	};
	scoped_strings struct strings env = environment();

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		scoped_free char *out = expand_word(
			cases[i].text, &(struct expand_rules){.env = &env, .escape = '\\'}, &err);

		if (!out)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(out, cases[i].expected);
	}
}

static void the_escape_may_be_another(void **state)
{
	scoped_strings struct strings env = environment();
	struct error err;
	scoped_free char *out = expand_word(
		"c:\\x`$A\"`\"\\\"", &(struct expand_rules){.env = &env, .escape = '`'}, &err);

	assert_string_equal(out, "c:\\x$A\"\\");
}

static void words_are_cut_at_blanks(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"  a \t b  ", "a|b"},
		{"$TWO", "b|c"},
		{"x${TWO}y", "xb|cy"},
		{"\"$TWO\" '' $EMPTY z", "b  c||z"},
		{"a\\ b 'c d'", "a b|c d"},
		{"${NO:-1 2}", "1|2"},
	};
	scoped_strings struct strings env = environment();

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings words = {0};
		struct error err;

		assert_true(expand_words(cases[i].text,
					 &(struct expand_rules){.env = &env, .escape = '\\'},
					 &words, &err));
		scoped_free char *joined = strings_join(&words, "|");
		assert_string_equal(joined, cases[i].expected);
	}
}

static void a_document_keeps_its_quotes(void **state)
{
	scoped_strings struct strings env = environment();
	struct error err;
	scoped_free char *out = expand_word(
		"don't \"$A\" \\$A \\n \\\\ ${A}\n",
		&(struct expand_rules){.env = &env, .escape = '\\', .document = true}, &err);

	assert_string_equal(out, "don't \"one\" $A \\n \\ one\n");
}

static void what_is_not_closed_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"'a", "unexpected end of statement while looking for matching single-quote"},
		{"\"a", "unexpected end of statement while looking for matching double-quote"},
		{"${", "syntax error: missing '}'"},
		{"${A", "syntax error: missing '}'"},
		{"${A:", "syntax error: missing '}'"},
		{"${A:-x", "syntax error: missing '}'"},
		{"${A/x", "syntax error: missing '/' in ${"},
		{"${A/x/y", "syntax error: missing '}'"},
		{"${}", "syntax error: bad substitution"},
		{"${:-x}", "syntax error: bad substitution"},
		{"${A^^}", "unsupported modifier (^) in substitution"},
		{"${A:=x}", "unsupported modifier (:=) in substitution"},
		{"${NO?}", "NO: is not allowed to be unset"},
		{"${EMPTY:?}", "EMPTY: is not allowed to be empty"},
		{"${NO:?set $A}", "NO: set one"},
	};
	scoped_strings struct strings env = environment();

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		scoped_free char *out = expand_word(
			cases[i].text, &(struct expand_rules){.env = &env, .escape = '\\'}, &err);
		scoped_free char *expected =
			str_format("failed to process \"%s\": %s", cases[i].text, cases[i].error);

		assert_null(out);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, expected);
	}
}

static void what_grows_without_end_is_refused(void **state)
{
	scoped_strings struct strings env = {0};
	scoped_free char *many = mem_zeroed(70000, 1);
	struct expand_rules rules = {.env = &env, .escape = '\\'};
	struct error err;

	memset(many, 'a', 65000);
	strings_format(&env, "X=%s", many);
	assert_null(expand_word("${X//a/$X}", &rules, &err));
	assert_non_null(strstr(err.text, "an expansion is too long"));
	assert_null(expand_word("${X//*b/c}", &rules, &err));
	assert_non_null(strstr(err.text, "a pattern is too costly"));
	for (size_t i = 0; i < 40; i++)
		memcpy(many + i * 5, "${N:-", 5);
	assert_null(expand_word(many, &rules, &err));
	assert_non_null(strstr(err.text, "nests too deep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_replaced),
		cmocka_unit_test(the_escape_may_be_another),
		cmocka_unit_test(words_are_cut_at_blanks),
		cmocka_unit_test(a_document_keeps_its_quotes),
		cmocka_unit_test(what_is_not_closed_is_refused),
		cmocka_unit_test(what_grows_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
