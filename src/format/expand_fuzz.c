/* The first line is an environment (blank-separated), the rest a text: it ends, is not larger than it may
 * be, and words joined hold no more than the word. */
#include "format/expand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const struct expand_rules *rules)
{
	scoped_strings struct strings words = {0};
	struct error err;
	scoped_free char *word = expand_word(text, rules, &err);

	if (word && strlen(word) > EXPAND_SIZE_LIMIT)
		abort();
	if (expand_words(text, rules, &words, &err) != (word != NULL))
		abort();
	for (size_t i = 0; i < words.count; i++)
		if (word && !strstr(word, words.items[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	char *rest = strchr(text, '\n');

	if (rest)
		*rest++ = '\0';
	scoped_strings struct strings env = strings_split(text, ' ');
	for (int document = 0; rest && document < 2; document++)
		for (int i = 0; i < 2; i++)
			check(rest, &(struct expand_rules){
					    .env = &env, .escape = "\\`"[i], .document = document});
	return 0;
}
