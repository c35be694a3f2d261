/* Any value as words, under any rules: quoted and read again, they are the same. */
#include "format/unit_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_quoted(const char *word)
{
	scoped_free char *written = unit_word_quote(word);
	scoped_strings struct strings again = {0};
	struct error err;

	if (!unit_words_split(written, 0, &again, NULL, &err) || again.count != 1 ||
	    strcmp(again.items[0], word) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned rules[] = {0, UNIT_WORDS_KEEP_ESCAPES, UNIT_WORDS_RAW,
					 UNIT_WORDS_LENIENT};
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct error err;

	for (size_t i = 0; i < array_length(rules); i++) {
		scoped_strings struct strings words = {0}, warnings = {0};

		if (!unit_words_split(text, rules[i], &words, &warnings, &err)) {
			if (rules[i] == UNIT_WORDS_LENIENT)
				abort();
			continue;
		}
		for (size_t j = 0; j < words.count; j++)
			check_quoted(words.items[j]);
	}
	return 0;
}
