/* The words of `create`, one a line, up to the body. */
#include "format/json.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Options that read a file named by the words. */
static bool reads_files(const char *word)
{
	return strstr(word, "file") || strstr(word, "security-opt");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct option_set sets[OPTION_SETS] = {CONTAINER_OPTION_SETS};
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_strings struct strings words = strings_split(text, '\n');
	struct option_outcome outcome;
	struct spec spec = {0};
	struct error err;

	if (size > 4096 || reads_files(text))
		return 0;
	if (options_parse(sets, &spec, (const char *const *)words.items, words.count, true,
			  &outcome, &err) &&
	    outcome.arguments.count) {
		scoped_json json_t *body = spec_to_body(&spec, &outcome.arguments, &err);
	}
	options_fini(sets, &spec);
	option_outcome_fini(&outcome);
	return 0;
}
