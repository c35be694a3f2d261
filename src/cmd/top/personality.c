#include "cmd/top/personality.h"

#include "cmd/cli/unit.h"
#include "cmd/compose/compose.h"

static const struct personality personalities[] = {
	{"wherry", "wherry", &top_command, NULL, false, false}, /* the first is anybody's */
	{"docker", "Docker", &top_command, NULL, false, false},
	{"docker-compose", "Docker", &compose_group, NULL, false, false},
	{"systemctl", "wherry", &unit_group, "list-units", true, true},
	{"journalctl", "wherry", &journal_show, NULL, false, true},
};

const struct personality *personality_of(const char *called)
{
	const char *slash = strrchr(called, '/');
	const char *name = slash ? slash + 1 : called;

	for (size_t i = 0; i < array_length(personalities); i++)
		if (strcmp(personalities[i].name, name) == 0)
			return &personalities[i];
	return &personalities[0];
}

/* ---- as a plugin ---- */

/* Of the words that stand before `compose`: how many does this option take?  0: it is none of docker's. */
static size_t width_of_docker_option(const char *word)
{
	static const struct {
		const char *name;
		bool has_value;
	} rows[] = {
		{"--config", true}, {"--context", true},    {"-c", true},
		{"--host", true},   {"-H", true},	    {"--log-level", true},
		{"-l", true},	    {"--tlscacert", true},  {"--tlscert", true},
		{"--tlskey", true}, {"--debug", false},	    {"-D", false},
		{"--tls", false},   {"--tlsverify", false},
	};
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < array_length(rows); i++)
		if (strncmp(rows[i].name, word, length) == 0 && !rows[i].name[length])
			return rows[i].has_value && !word[length] ? 2 : 1;
	return 0;
}

enum plugin_call personality_plugin_call(const struct personality *who, const char *const *argv,
					 size_t count)
{
	size_t i = 0, width;

	if (who->command != &compose_group || !count)
		return PLUGIN_NONE;
	if (strcmp(argv[0], "docker-cli-plugin-metadata") == 0)
		return PLUGIN_METADATA;
	while (i < count && (width = width_of_docker_option(argv[i])))
		i += width;
	return i < count && strcmp(argv[i], "compose") == 0 ? PLUGIN_COMPOSE : PLUGIN_NONE;
}

/* ---- the verb ---- */

static bool needs_value(const struct option *option)
{
	return *option->kind->value_name && !option->kind->implied;
}

/* Does this word take the next one as its value? */
static bool takes_next(const char *word)
{
	bool is_long = word[1] == '-';
	const char *name = is_long ? word + 2 : word + strlen(word) - 1;

	if (strchr(word, '='))
		return false;
	for (size_t i = 0; i < UNIT_OPTIONS; i++) {
		const struct option *option = &unit_options[i];

		if (option->name && needs_value(option) &&
		    (is_long ? strcmp(option->name, name) == 0 : option->shorthand == *name))
			return true;
	}
	return false;
}

static size_t find_verb(const char *const *argv, size_t count)
{
	size_t i = 0;

	while (i < count && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0)
		i += takes_next(argv[i]) ? 2 : 1;
	return i;
}

static bool asks_for_help(const char *const *argv, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

struct strings personality_order(const struct personality *who, const char *const *argv,
				 size_t count)
{
	size_t verb = who->verb_anywhere ? find_verb(argv, count) : count;
	struct strings ordered = {0};

	if (verb < count)
		strings_add(&ordered, argv[verb]);
	else if (who->verb && !asks_for_help(argv, count))
		strings_add(&ordered, who->verb);
	for (size_t i = 0; i < count; i++)
		if (i != verb)
			strings_add(&ordered, argv[i]);
	return ordered;
}
