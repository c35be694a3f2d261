/* The words of a command line, one a line. */
#include "format/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sample {
	bool interactive;
	char *name;
	struct option_number memory, swap, number, number16, duration, decimal;
	struct strings env, words;
	struct pairs map;
};

static const struct option options[] = {
	{'i', "interactive", &option_switch, offsetof(struct sample, interactive)},
	{0, "name", &option_string, offsetof(struct sample, name)},
	{'m', "memory", &option_bytes, offsetof(struct sample, memory)},
	{0, "swap", &option_swap, offsetof(struct sample, swap)},
	{'n', "number", &option_number, offsetof(struct sample, number)},
	{'w', "weight", &option_number16, offsetof(struct sample, number16)},
	{'d', "duration", &option_duration, offsetof(struct sample, duration)},
	{'c', "cpus", &option_decimal, offsetof(struct sample, decimal)},
	{'e', "env", &option_list, offsetof(struct sample, env)},
	{'p', "platform", &option_words, offsetof(struct sample, words)},
	{'s', "sysctl", &option_map, offsetof(struct sample, map)},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct option_set sets[OPTION_SETS] = {OPTION_SET(options)};
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_strings struct strings words = strings_split(text, '\n');
	struct sample sample = {0};
	struct option_outcome outcome;
	struct error err;

	options_parse(sets, &sample, (const char *const *)words.items, words.count, size & 1,
		      &outcome, &err);
	options_fini(sets, &sample);
	option_outcome_fini(&outcome);
	return 0;
}
