#include "unit/key_value.h"

#include "base/signal_name.h"
#include "format/path.h"
#include "format/time_span.h"
#include "format/unit_command.h"
#include "format/unit_variable.h"
#include "format/unit_words.h"

#include <strings.h>

void key_reset(struct unit_draft *draft, const struct unit_key *key, size_t size)
{
	memcpy(unit_key_field(draft, key), (const char *)unit_draft_blank() + key->offset, size);
}

void key_reject(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	unit_draft_warn(draft, "invalid value '%s' of %s=, ignored", value, key->name);
}

/* ---- scalars ---- */

bool key_parse_bool(const char *text, bool *value)
{
	static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"};
	static const char *const no[] = {"0", "no", "n", "false", "f", "off"};

	for (size_t i = 0; i < array_length(yes); i++) {
		if (strcasecmp(text, yes[i]) && strcasecmp(text, no[i]))
			continue;
		*value = !strcasecmp(text, yes[i]);
		return true;
	}
	return false;
}

static void set_bool(struct unit_draft *draft, const struct unit_key *key, const char *value,
		     bool opposite)
{
	bool parsed;

	if (!*value)
		key_reset(draft, key, sizeof(bool));
	else if (key_parse_bool(value, &parsed))
		*(bool *)unit_key_field(draft, key) = parsed != opposite;
	else
		key_reject(draft, key, value);
}

void key_bool(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	set_bool(draft, key, value, false);
}

void key_bool_not(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	set_bool(draft, key, value, true);
}

static bool parse_span(const struct unit_key *key, const char *value, int64_t *us)
{
	if (!time_span_parse(value, key->number ? key->number : 1000000, us) || *us < 0)
		return false;
	if (*us == SPAN_INFINITY)
		*us = 0;
	return true;
}

void key_span(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	int64_t us;

	if (!*value)
		key_reset(draft, key, sizeof(us));
	else if (parse_span(key, value, &us))
		*(int64_t *)unit_key_field(draft, key) = us;
	else
		key_reject(draft, key, value);
}

void key_optional_span(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t us;

	if (!*value)
		key_reset(draft, key, sizeof(*field));
	else if (parse_span(key, value, &us))
		*field = (struct optional_i64){true, us};
	else
		key_reject(draft, key, value);
}

static bool parse_number(const struct unit_key *key, const char *value, int64_t *number)
{
	static const struct key_range natural = {0, INT64_MAX};
	const struct key_range *range = key->extra ? key->extra : &natural;

	return parse_i64(value, number) && *number >= range->low && *number <= range->high;
}

void key_number(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	int64_t number;

	if (!*value)
		key_reset(draft, key, sizeof(number));
	else if (parse_number(key, value, &number))
		*(int64_t *)unit_key_field(draft, key) = number;
	else
		key_reject(draft, key, value);
}

void key_optional_number(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t number;

	if (!*value)
		key_reset(draft, key, sizeof(*field));
	else if (parse_number(key, value, &number))
		*field = (struct optional_i64){true, number};
	else
		key_reject(draft, key, value);
}

static bool parse_mode(const char *value, int64_t *mode)
{
	size_t digits = strspn(value, "01234567");

	if (!digits || value[digits] || digits > 5)
		return false;
	*mode = strtol(value, NULL, 8);
	return *mode <= 07777;
}

void key_mode(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	int64_t mode;

	if (!*value)
		key_reset(draft, key, sizeof(int32_t));
	else if (parse_mode(value, &mode))
		*(int32_t *)unit_key_field(draft, key) = (int32_t)mode;
	else
		key_reject(draft, key, value);
}

void key_optional_mode(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t mode;

	if (!*value)
		key_reset(draft, key, sizeof(*field));
	else if (parse_mode(value, &mode))
		*field = (struct optional_i64){true, mode};
	else
		key_reject(draft, key, value);
}

/* ---- choices ---- */

const struct key_choice *key_find_choice(const struct key_choice *choices, const char *name)
{
	for (; choices->name; choices++)
		if (str_equal(choices->name, name))
			return choices;
	return NULL;
}

void key_choice(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	const struct key_choice *choice = key_find_choice(key->extra, value);

	if (!*value)
		key_reset(draft, key, sizeof(int32_t));
	else if (choice)
		*(int32_t *)unit_key_field(draft, key) = choice->value;
	else
		key_reject(draft, key, value);
}

void key_small_choice(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	const struct key_choice *choice = key_find_choice(key->extra, value);

	if (!*value)
		key_reset(draft, key, sizeof(uint8_t));
	else if (choice)
		*(uint8_t *)unit_key_field(draft, key) = (uint8_t)choice->value;
	else
		key_reject(draft, key, value);
}

void key_optional_choice(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	const struct key_choice *choice = key_find_choice(key->extra, value);
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t number;

	if (!*value)
		key_reset(draft, key, sizeof(*field));
	else if (choice)
		*field = (struct optional_i64){true, choice->value};
	else if (parse_i64(value, &number) && number >= 0 && number <= key->number)
		*field = (struct optional_i64){true, number};
	else
		key_reject(draft, key, value);
}

void key_signal(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	int number = signal_from_name(value);

	if (!*value)
		key_reset(draft, key, sizeof(int32_t));
	else if (number > 0)
		*(int32_t *)unit_key_field(draft, key) = number;
	else
		key_reject(draft, key, value);
}

/* ---- texts ---- */

char *key_expand(struct unit_draft *draft, const struct unit_key *key, const char *text)
{
	struct error err = {0};
	char *expanded = NULL;

	if (!strchr(text, '%'))
		return str_dup(text);
	if (unit_specifiers_expand(text, &draft->specifiers, &expanded, &err))
		return expanded;
	unit_draft_warn(draft, "%s in '%s' of %s=, ignored", err.text, text, key->name);
	return NULL;
}

void key_text(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	char **field = unit_key_field(draft, key);
	scoped_free char *text = key_expand(draft, key, value);

	if (text)
		str_replace(field, *text ? text : NULL);
}

void key_path(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	char **field = unit_key_field(draft, key);
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	if (!*text) {
		str_replace(field, NULL);
		return;
	}
	if (*text != '/') {
		unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored", text,
				key->name);
		return;
	}
	free(*field);
	*field = path_clean(text);
}

/* ---- lists ---- */

static bool add_expanded(struct unit_draft *draft, const struct unit_key *key, char *word,
			 struct strings *words)
{
	char *expanded = key_expand(draft, key, word);

	free(word);
	if (expanded)
		strings_take(words, expanded);
	return true;
}

bool key_split(struct unit_draft *draft, const struct unit_key *key, const char *value,
	       struct strings *words)
{
	const char *at = value;
	struct error err = {0};
	char *word;

	do {
		if (!unit_word_next(&at, 0, &word, NULL, &err)) {
			unit_draft_warn(draft, "%s in '%s' of %s=, ignored", err.text, value,
					key->name);
			return words->count > 0;
		}
	} while (word && add_expanded(draft, key, word, words));
	return true;
}

void key_words(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct strings *field = unit_key_field(draft, key);

	if (!*value)
		strings_fini(field);
	else
		key_split(draft, key, value, field);
}

void key_paths(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct strings *field = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};

	if (!*value)
		strings_fini(field);
	else if (!key_split(draft, key, value, &words))
		return;
	for (size_t i = 0; i < words.count; i++) {
		if (words.items[i][strspn(words.items[i], "-+")] == '/')
			strings_add(field, words.items[i]);
		else
			unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored",
					words.items[i], key->name);
	}
}

static void set_assignment(struct unit_draft *draft, const struct unit_key *key, char *word)
{
	char *equals = strchr(word, '=');

	if (!equals || !unit_variable_is_valid_assignment(word)) {
		unit_draft_warn(draft, "'%s' of %s= is no assignment, ignored", word, key->name);
		return;
	}
	*equals = '\0';
	pairs_set(unit_key_field(draft, key), word, equals + 1);
}

void key_assignments(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	if (!*value)
		pairs_fini(unit_key_field(draft, key));
	else if (key_split(draft, key, value, &words))
		for (size_t i = 0; i < words.count; i++)
			set_assignment(draft, key, words.items[i]);
}

/* ---- commands ---- */

static void add_command(struct record_list *list, const struct unit_command *from)
{
	struct execution_command *command = record_list_add(&execution_command_type, list);

	command->path = str_dup(from->path);
	command->args = strings_copy(&from->args);
	command->ignore_failure = from->ignore_failure;
	command->no_variables = from->no_variables;
	command->privileges = from->full_privileges ? EXECUTION_FULL
			      : from->own_user	    ? EXECUTION_OWN_USER
						    : EXECUTION_AS_CONFIGURED;
}

void key_commands(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct record_list *list = &draft->plan.commands[key->number];
	scoped_strings struct strings warnings = {0};
	struct unit_commands commands = {0};
	struct error err = {0};

	if (!*value)
		record_list_fini(&execution_command_type, list);
	else if (!unit_commands_parse(value, &draft->specifiers, &commands, &warnings, &err))
		unit_draft_refuse(draft, "%s= %s", key->name, err.text);
	for (size_t i = 0; i < commands.count; i++)
		add_command(list, &commands.items[i]);
	for (size_t i = 0; i < warnings.count; i++)
		unit_draft_warn(draft, "%s= %s", key->name, warnings.items[i]);
	unit_commands_fini(&commands);
}

/* ---- without effect ---- */

static bool was_said(const struct unit_draft *draft, const char *words)
{
	for (size_t i = 0; i < draft->config.warnings.count; i++)
		if (strstr(draft->config.warnings.items[i], words))
			return true;
	return false;
}

void key_ignored(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *words = str_format(": %s= has no effect", key->name);
	bool off;

	if (!*value || (key_parse_bool(value, &off) && !off))
		return; /* what is not asked for is not missed */
	if (was_said(draft, words))
		return;
	unit_draft_warn(draft, "%s= has no effect%s%s", key->name, key->extra ? ": " : "",
			key->extra ? (const char *)key->extra : "");
}

void key_silent(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	/* always so */
}
