/* The first line is an environment (of words), the rest arguments (of words): the first argument stays, and
 * without a dollar the others, too. */
#include "format/unit_variable.h"
#include "format/unit_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct strings *args, const struct strings *environment)
{
	scoped_strings struct strings out = {0};
	bool plain = true;

	unit_variables_expand(args, environment, &out);
	for (size_t i = 0; i < args->count; i++)
		plain = plain && !strchr(args->items[i], '$');
	if (args->count && (!out.count || strcmp(out.items[0], args->items[0]) != 0))
		abort();
	if (plain && out.count != args->count)
		abort();
	for (size_t i = 0; plain && i < out.count; i++)
		if (strcmp(out.items[i], args->items[i]) != 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_strings struct strings environment = {0}, args = {0};
	char *rest = strchr(text, '\n');
	struct error err;

	if (!rest)
		return 0;
	*rest++ = '\0';
	unit_variable_is_valid_assignment(rest);
	if (unit_words_split(text, UNIT_WORDS_LENIENT, &environment, NULL, &err) &&
	    unit_words_split(rest, UNIT_WORDS_LENIENT, &args, NULL, &err))
		check(&args, &environment);
	return 0;
}
