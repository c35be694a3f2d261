#include "format/unit_command.h"

#include "format/unit_words.h"

#include <limits.h>

struct parser {
	const char *at;
	const struct unit_specifiers *specifiers;
	struct strings *warnings;
	struct unit_command command; /* owned; the one being read */
};

static void command_fini(struct unit_command *command)
{
	free(command->path);
	strings_fini(&command->args);
	*command = (struct unit_command){0};
}

static bool next_word(struct parser *p, char **word, struct error *err)
{
	return unit_word_next(&p->at, UNIT_WORDS_KEEP_ESCAPES, word, p->warnings, err);
}

/* ---- prefixes and path ---- */

struct prefixes {
	bool ignore_failure, own_argv0, no_variables;
	char rights[3]; /* "", "+", "!" or "!!" */
};

/* Reads the prefix at *at, which moves behind it; false: there is none, or one that may not follow those
 * before it. */
static bool read_prefix(const char **at, struct prefixes *out)
{
	bool *flag = **at == '-'   ? &out->ignore_failure
		     : **at == '@' ? &out->own_argv0
		     : **at == ':' ? &out->no_variables
				   : NULL;
	char first = out->rights[0];

	if (flag) {
		if (*flag)
			return false;
		*flag = true;
	} else if ((**at == '+' || **at == '!') && !first) {
		out->rights[0] = **at;
	} else if (**at == '!' && first == '!' && !out->rights[1]) {
		out->rights[1] = '!';
	} else {
		return false;
	}
	++*at;
	return true;
}

static bool has_special_bytes(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)*text < 0x20 || *text == 0x7f || strchr("\"'\\", *text))
			return true;
	return false;
}

static bool check_path(const char *path, struct error *err)
{
	bool is_name = !strchr(path, '/') && strcmp(path, ".") != 0 && strcmp(path, "..") != 0 &&
		       strlen(path) <= NAME_MAX;

	if (!*path)
		return error_set(err, ERROR_INVALID, "a command without a program");
	if (has_special_bytes(path))
		return error_set(err, ERROR_INVALID,
				 "quotes or control characters in the path of a program: '%.80s'",
				 path);
	if (str_ends_with(path, "/"))
		return error_set(err, ERROR_INVALID, "a folder is no program: '%.80s'", path);
	if (*path != '/' && !is_name)
		return error_set(err, ERROR_INVALID,
				 "neither an absolute path nor the name of a program: '%.80s'",
				 path);
	return true;
}

/* The first word of a command; `ignore_failure` is known even where the rest is wrong. */
static bool read_program(struct parser *p, const char *word, struct error *err)
{
	struct unit_command *c = &p->command;
	struct prefixes prefixes = {0};
	scoped_free char *path = NULL;

	while (read_prefix(&word, &prefixes))
		;
	c->ignore_failure = prefixes.ignore_failure;
	c->no_variables = prefixes.no_variables;
	c->full_privileges = prefixes.rights[0] == '+';
	c->own_user = strcmp(prefixes.rights, "!") == 0;
	if (!unit_specifiers_expand(word, p->specifiers, &path, err) || !check_path(path, err))
		return false;
	if (!prefixes.own_argv0)
		strings_add(&c->args, path);
	c->path = take(path);
	return true;
}

/* ---- arguments ---- */

/* An unquoted word of its own: `mark` in front of a blank or the end. */
static bool take_mark(const char **at, const char *mark)
{
	const char *rest = *at + strlen(mark);

	if (!str_starts_with(*at, mark) || (*rest && !strchr(" \t\n\r", *rest)))
		return false;
	*at = rest + strspn(rest, " \t\n\r");
	return true;
}

static bool add_argument(struct parser *p, struct error *err)
{
	scoped_free char *word = NULL;
	char *argument;

	if (take_mark(&p->at, "\\;")) {
		strings_add(&p->command.args, ";");
		return true;
	}
	if (!next_word(p, &word, err) ||
	    !unit_specifiers_expand(word, p->specifiers, &argument, err))
		return false;
	strings_take(&p->command.args, argument);
	return true;
}

/* Up to the end of the line or the semicolon. */
static bool read_command(struct parser *p, const char *word, struct error *err)
{
	if (!read_program(p, word, err))
		return false;
	while (*p->at && !take_mark(&p->at, ";"))
		if (!add_argument(p, err))
			return false;
	if (!p->command.args.count)
		return error_set(err, ERROR_INVALID, "'@' without the argument that it takes");
	return true;
}

bool unit_commands_parse(const char *value, const struct unit_specifiers *specifiers,
			 struct unit_commands *out, struct strings *warnings, struct error *err)
{
	struct parser p = {.at = value, .specifiers = specifiers, .warnings = warnings};

	for (;;) {
		scoped_free char *word = NULL;
		struct error wrong = {0};

		if (!next_word(&p, &word, err))
			return false;
		if (!word)
			return true;
		if (strcmp(word, ";") == 0) /* one too many */
			continue;
		if (read_command(&p, word, &wrong)) {
			vector_add(out, p.command);
			p.command = (struct unit_command){0};
			continue;
		}
		bool ignored = p.command.ignore_failure;
		command_fini(&p.command);
		if (!ignored) {
			*err = wrong;
			return false;
		}
		if (warnings)
			strings_format(warnings, "%s; the command is left out", wrong.text);
		return true;
	}
}

void unit_commands_fini(struct unit_commands *commands)
{
	for (size_t i = 0; i < commands->count; i++)
		command_fini(&commands->items[i]);
	vector_fini(commands);
}
