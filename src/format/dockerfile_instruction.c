/* What stands in one line: name, flags, and the rest in the form that the instruction has.  A table of
 * instructions: which flags, which form, how many words. */
#include "format/dockerfile_line.h"

#include "format/json.h"

#include <ctype.h>
#include <strings.h>

struct line {
	const char *name; /* as the table has it: for messages */
	const char *text; /* behind name and flags */
	char escape;
	struct instruction *out;
	struct error *err;
};

static bool refuse(const struct line *l, const char *why)
{
	return error_set(l->err, ERROR_INVALID, "%s %s", l->name, why);
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

static size_t blanks(const char *text)
{
	size_t count = 0;

	while (is_blank(text[count]))
		count++;
	return count;
}

static size_t plain_word_length(const char *text)
{
	size_t length = 0;

	while (text[length] && !is_blank(text[length]))
		length++;
	return length;
}

static size_t raw_word_length(const char *text, char escape)
{
	char quote = '\0';
	size_t i;

	for (i = 0; text[i] && (quote || !is_blank(text[i])); i++) {
		char c = text[i];

		if (c == escape && quote != '\'' && text[i + 1])
			i++;
		else if (c == quote)
			quote = '\0';
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
	}
	return i;
}

static void split_blanks(const char *text, struct strings *out)
{
	for (text += blanks(text); *text; text += blanks(text)) {
		size_t length = plain_word_length(text);

		strings_take(out, str_dup_n(text, length));
		text += length;
	}
}

static void split_raw(const char *text, char escape, struct strings *out)
{
	for (text += blanks(text); *text; text += blanks(text)) {
		size_t length = raw_word_length(text, escape);

		strings_take(out, str_dup_n(text, length));
		text += length;
	}
}

/* ---- flags ---- */

#define FLAG_BOOL 1 /* --link, --link=false */
#define FLAG_MANY 2 /* may be given again */

struct flag_rule {
	const char *name;
	unsigned how;
};

static const struct flag_rule no_flags[] = {{NULL, 0}};
static const struct flag_rule add_flags[] = {
	{"chown", 0},
	{"chmod", 0},
	{"link", FLAG_BOOL},
	{"exclude", FLAG_MANY},
	{"keep-git-dir", FLAG_BOOL},
	{"checksum", 0},
	{"unpack", FLAG_BOOL},
	{NULL, 0},
};
static const struct flag_rule copy_flags[] = {
	{"from", 0},	     {"chown", 0},	     {"chmod", 0},
	{"link", FLAG_BOOL}, {"parents", FLAG_BOOL}, {"exclude", FLAG_MANY},
	{NULL, 0},
};
static const struct flag_rule from_flags[] = {{"platform", 0}, {NULL, 0}};
static const struct flag_rule health_flags[] = {
	{"interval", 0},       {"timeout", 0}, {"start-period", 0},
	{"start-interval", 0}, {"retries", 0}, {NULL, 0},
};
static const struct flag_rule run_flags[] = {
	{"mount", FLAG_MANY},
	{"network", 0},
	{"security", 0},
	{NULL, 0},
};

/* One word with quotes and escapes taken away. */
static char *flag_word(const char *text, size_t length, char escape)
{
	struct buffer out = {0};
	char quote = '\0';

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == quote) {
			quote = '\0';
			continue;
		}
		if (!quote && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		}
		if (c == escape && quote != '\'') {
			if (i + 1 == length)
				continue;
			c = text[++i];
		}
		buffer_add_char(&out, c);
	}
	return buffer_take(&out);
}

static void add_flag(struct instruction *out, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t count = out->flag_count;

	out->flags = mem_resize(out->flags, count + 1, sizeof(*out->flags));
	out->flags[count] = (struct instruction_flag){
		.name = str_dup_n(word, equals ? (size_t)(equals - word) : strlen(word)),
		.value = str_dup(equals ? equals + 1 : ""),
		.has_value = equals != NULL,
	};
	out->flag_count++;
}

/* Words that begin with "--" are flags, until one that does not, or "--" alone. */
static void read_flags(struct line *l)
{
	while (str_starts_with(l->text, "--")) {
		size_t length = raw_word_length(l->text, l->escape);
		scoped_free char *word = flag_word(l->text, length, l->escape);

		l->text += length;
		l->text += blanks(l->text);
		if (strcmp(word, "--") == 0)
			return;
		add_flag(l->out, word + strlen("--"));
	}
}

static bool is_bool(const char *value)
{
	return *value == '\0' || !strcasecmp(value, "true") || !strcasecmp(value, "false");
}

static bool is_given_before(const struct instruction *out, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(out->flags[i].name, out->flags[index].name) == 0)
			return true;
	return false;
}

static bool check_flag(const struct line *l, const struct flag_rule *rule, size_t index)
{
	const struct instruction_flag *flag = &l->out->flags[index];

	if (!(rule->how & FLAG_MANY) && is_given_before(l->out, index))
		return error_set(l->err, ERROR_INVALID, "duplicate flag specified: %s", rule->name);
	if (rule->how & FLAG_BOOL ? flag->has_value && !*flag->value : !flag->has_value)
		return error_set(l->err, ERROR_INVALID, "missing a value on flag: %s", rule->name);
	if (rule->how & FLAG_BOOL && !is_bool(flag->value))
		return error_set(l->err, ERROR_INVALID,
				 "expecting boolean value for flag %s, not: %.60s", rule->name,
				 flag->value);
	return true;
}

/* ---- "did you mean": what is at most two changes away ---- */

#define HINT_LENGTH 16 /* names are shorter */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, letters in any case. */
static size_t distance(const char *a, const char *b)
{
	size_t columns = strlen(b), row[HINT_LENGTH + 1];

	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			size_t above = row[j];
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[columns];
}

struct hint {
	const char *text;
	size_t distance;
};

static void consider(struct hint *hint, const char *typed, const char *name)
{
	size_t d = strlen(typed) > HINT_LENGTH ? SIZE_MAX : distance(typed, name);

	if (d < hint->distance)
		*hint = (struct hint){name, d};
}

static bool unknown(struct error *err, const char *what, const char *typed, const struct hint *hint)
{
	if (!hint->text)
		return error_set(err, ERROR_INVALID, "unknown %s%.100s", what, typed);
	return error_set(err, ERROR_INVALID, "unknown %s%.100s (did you mean %s?)", what, typed,
			 hint->text);
}

static bool check_flags(const struct line *l, const struct flag_rule *rules)
{
	for (size_t i = 0; i < l->out->flag_count; i++) {
		const char *name = l->out->flags[i].name;
		const struct flag_rule *rule = rules;
		struct hint hint = {NULL, 3};

		for (; rule->name && strcmp(rule->name, name) != 0; rule++)
			consider(&hint, name, rule->name);
		if (!rule->name)
			return unknown(l->err, "flag: --", name, &hint);
		if (!check_flag(l, rule, i))
			return false;
	}
	return true;
}

/* ---- forms of the rest ---- */

/* ["a", "b"]: false when it is none, and then the text is taken as it is; *bad when it is an array of
 * something else. */
static bool read_array(const char *text, struct strings *out, bool *bad)
{
	struct error ignored;
	size_t i;
	json_t *item;

	*bad = false;
	if (*text != '[')
		return false;
	scoped_json json_t *json = json_parse(text, strlen(text), &ignored);
	if (!json_is_array(json))
		return false;
	json_array_foreach (json, i, item)
		*bad = *bad || !json_is_string(item);
	if (*bad)
		return false;
	strings_set_empty(out);
	json_array_foreach (json, i, item)
		strings_add(out, json_string_value(item));
	return true;
}

static bool read_json(const struct line *l, const char *text)
{
	bool bad;

	l->out->is_json = read_array(text, &l->out->words, &bad);
	return !bad ||
	       error_set(l->err, ERROR_INVALID,
			 "when using JSON array syntax, arrays must be comprised of strings only");
}

static bool read_line(const struct line *l)
{
	if (*l->text)
		strings_add(&l->out->words, l->text);
	return true;
}

static bool read_blanks(const struct line *l)
{
	split_blanks(l->text, &l->out->words);
	return true;
}

static bool read_array_or_line(const struct line *l)
{
	return read_json(l, l->text) && (l->out->is_json || read_line(l));
}

static bool read_array_or_blanks(const struct line *l)
{
	return read_json(l, l->text) && (l->out->is_json || read_blanks(l));
}

static void add_pair(struct instruction *out, char *name, char *value)
{
	out->pairs = mem_resize(out->pairs, out->pair_count + 1, sizeof(*out->pairs));
	out->pairs[out->pair_count++] = (struct pair){name, value};
}

/* NAME=value; with `alone` also NAME. */
static bool add_word_pair(const struct line *l, const char *word, bool alone)
{
	const char *equals = strchr(word, '=');

	if (equals == word)
		return refuse(l, "names can not be blank");
	if (!equals && !alone)
		return error_set(l->err, ERROR_INVALID,
				 "Syntax error - can't find = in \"%.100s\". Must be of the form: "
				 "name=value",
				 word);
	add_pair(l->out, str_dup_n(word, equals ? (size_t)(equals - word) : strlen(word)),
		 str_dup_or_null(equals ? equals + 1 : NULL));
	return true;
}

static bool read_word_pairs(const struct line *l, const struct strings *words, bool alone)
{
	for (size_t i = 0; i < words->count; i++)
		if (!add_word_pair(l, words->items[i], alone))
			return false;
	return true;
}

static bool read_args(const struct line *l)
{
	scoped_strings struct strings words = {0};

	split_raw(l->text, l->escape, &words);
	if (words.count == 0)
		return refuse(l, "requires at least one argument");
	return read_word_pairs(l, &words, true);
}

/* Of old: NAME the rest is the value. */
static bool read_old_pair(const struct line *l)
{
	size_t length = plain_word_length(l->text);
	const char *value = l->text + length + blanks(l->text + length);

	if (*value == '\0')
		return refuse(l, "must have two arguments");
	add_pair(l->out, str_dup_n(l->text, length), str_dup(value));
	return true;
}

static bool read_pairs(const struct line *l)
{
	scoped_strings struct strings words = {0};

	split_raw(l->text, l->escape, &words);
	if (words.count == 0)
		return refuse(l, "requires at least one argument");
	if (!strchr(words.items[0], '='))
		return read_old_pair(l);
	return read_word_pairs(l, &words, false);
}

static bool read_health(const struct line *l)
{
	size_t length = plain_word_length(l->text);
	const char *rest = l->text + length + blanks(l->text + length);

	if (length == 0)
		return refuse(l, "requires at least one argument");
	if (length == 4 && strncasecmp(l->text, "NONE", length) == 0)
		return !*rest || refuse(l, "NONE takes no arguments");
	if (length != 3 || strncasecmp(l->text, "CMD", length) != 0)
		return error_set(l->err, ERROR_INVALID,
				 "Unknown type \"%.*s\" in HEALTHCHECK (try CMD)",
				 (int)(length > 100 ? 100 : length), l->text);
	if (!read_json(l, rest))
		return false;
	if (!l->out->is_json && *rest)
		strings_add(&l->out->words, rest);
	return l->out->words.count > 0 ||
	       error_set(l->err, ERROR_INVALID, "Missing command after HEALTHCHECK CMD");
}

static bool read_shell(const struct line *l)
{
	if (!read_json(l, l->text))
		return false;
	return l->out->is_json || refuse(l, "requires the arguments to be in JSON form");
}

/* The trigger is read as well, so that what cannot be is found here and not by who uses the image. */
static bool read_trigger(const struct line *l)
{
	scoped_instruction struct instruction trigger = {0};

	if (*l->text == '\0')
		return refuse(l, "requires at least one argument");
	if (!instruction_from_line(l->text, l->escape, &trigger, l->err))
		return false;
	if (trigger.kind == INSTRUCTION_ONBUILD)
		return error_set(l->err, ERROR_INVALID,
				 "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (trigger.kind == INSTRUCTION_FROM || trigger.kind == INSTRUCTION_MAINTAINER)
		return error_set(l->err, ERROR_INVALID, "%s isn't allowed as an ONBUILD trigger",
				 instruction_name(trigger.kind));
	l->out->documents = take(trigger.documents);
	l->out->document_count = trigger.document_count;
	trigger.document_count = 0;
	return true;
}

/* ---- how many words ---- */

static bool want_one(const struct line *l)
{
	return l->out->words.count == 1 || refuse(l, "requires exactly one argument");
}

static bool want_some(const struct line *l)
{
	return l->out->words.count > 0 || refuse(l, "requires at least one argument");
}

static bool want_two(const struct line *l)
{
	if (l->out->words.count == 1)
		return refuse(l, "requires at least two arguments, but only one was provided. "
				 "Destination could not be determined");
	return l->out->words.count > 0 || refuse(l, "requires at least two arguments");
}

static bool want_from(const struct line *l)
{
	const struct strings *words = &l->out->words;

	if (words->count == 1 || (words->count == 3 && !strcasecmp(words->items[1], "AS")))
		return true;
	return refuse(l, "requires either one or three arguments");
}

static bool want_names(const struct line *l)
{
	const struct strings *words = &l->out->words;

	for (size_t i = 0; i < words->count; i++)
		if (words->items[i][0] == '\0')
			return refuse(l, "specified can not be an empty string");
	return want_some(l);
}

static bool want_any(const struct line *l)
{
	return true;
}

/* ---- here-documents: [digits]<<[-]NAME, as a word of its own ---- */

static bool read_document_word(const char *word, size_t length, char escape,
			       struct here_document *out)
{
	size_t start = 0;

	while (start < length && isdigit((unsigned char)word[start]))
		start++;
	if (length - start < 3 || memcmp(word + start, "<<", 2) != 0)
		return false;
	start += 2;
	out->strip_tabs = word[start] == '-';
	start += out->strip_tabs;
	if (start == length || memchr(word + start, '<', length - start))
		return false;
	out->name = flag_word(word + start, length - start, escape);
	out->expand = strlen(out->name) == length - start;
	return true;
}

static void add_document(struct instruction *out, const struct here_document *document)
{
	size_t count = out->document_count;

	out->documents = mem_resize(out->documents, count + 1, sizeof(*out->documents));
	out->documents[count] = *document;
	out->document_count++;
}

/* Of a shell's line. */
static bool find_documents(const struct line *l)
{
	for (const char *text = l->text; *text; text += blanks(text)) {
		size_t length = raw_word_length(text, l->escape);
		struct here_document document = {0};

		if (read_document_word(text, length, l->escape, &document))
			add_document(l->out, &document);
		text += length;
	}
	return true;
}

/* Of sources: each is a file of its own, and its word goes. */
static bool take_documents(const struct line *l)
{
	struct strings *words = &l->out->words;

	for (size_t i = 0; i < words->count;) {
		struct here_document document = {0};
		const char *word = words->items[i];

		if (!read_document_word(word, strlen(word), l->escape, &document)) {
			i++;
			continue;
		}
		add_document(l->out, &document);
		if (i + 1 == words->count)
			return refuse(l, "cannot accept a heredoc as a destination");
		strings_remove(words, i);
	}
	return true;
}

/* ---- the table ---- */

static const struct rule {
	const char *name;
	const struct flag_rule *flags;
	bool (*read)(const struct line *line);
	bool (*check)(const struct line *line);
	bool (*documents)(const struct line *line); /* NULL: it has none */
} rules[INSTRUCTION_KINDS] = {
	[INSTRUCTION_ADD] = {"ADD", add_flags, read_array_or_blanks, want_two, take_documents},
	[INSTRUCTION_ARG] = {"ARG", no_flags, read_args, want_any, NULL},
	[INSTRUCTION_CMD] = {"CMD", no_flags, read_array_or_line, want_any, NULL},
	[INSTRUCTION_COPY] = {"COPY", copy_flags, read_array_or_blanks, want_two, take_documents},
	[INSTRUCTION_ENTRYPOINT] = {"ENTRYPOINT", no_flags, read_array_or_line, want_any, NULL},
	[INSTRUCTION_ENV] = {"ENV", no_flags, read_pairs, want_any, NULL},
	[INSTRUCTION_EXPOSE] = {"EXPOSE", no_flags, read_blanks, want_some, NULL},
	[INSTRUCTION_FROM] = {"FROM", from_flags, read_blanks, want_from, NULL},
	[INSTRUCTION_HEALTHCHECK] = {"HEALTHCHECK", health_flags, read_health, want_any, NULL},
	[INSTRUCTION_LABEL] = {"LABEL", no_flags, read_pairs, want_any, NULL},
	[INSTRUCTION_MAINTAINER] = {"MAINTAINER", no_flags, read_line, want_one, NULL},
	[INSTRUCTION_ONBUILD] = {"ONBUILD", NULL, read_trigger, want_any, NULL},
	[INSTRUCTION_RUN] = {"RUN", run_flags, read_array_or_line, want_some, find_documents},
	[INSTRUCTION_SHELL] = {"SHELL", no_flags, read_shell, want_some, NULL},
	[INSTRUCTION_STOPSIGNAL] = {"STOPSIGNAL", no_flags, read_line, want_one, NULL},
	[INSTRUCTION_USER] = {"USER", no_flags, read_line, want_one, NULL},
	[INSTRUCTION_VOLUME] = {"VOLUME", no_flags, read_array_or_blanks, want_names, NULL},
	[INSTRUCTION_WORKDIR] = {"WORKDIR", no_flags, read_line, want_one, NULL},
};

const char *instruction_name(enum instruction_kind kind)
{
	return rules[kind].name;
}

static bool find_rule(const char *name, enum instruction_kind *out, struct error *err)
{
	struct hint hint = {NULL, 3};

	for (int kind = 0; kind < INSTRUCTION_KINDS; kind++) {
		if (strcasecmp(rules[kind].name, name) == 0) {
			*out = (enum instruction_kind)kind;
			return true;
		}
		consider(&hint, name, rules[kind].name);
	}
	return unknown(err, "instruction: ", name, &hint);
}

bool instruction_from_line(const char *line, char escape, struct instruction *out,
			   struct error *err)
{
	size_t length = plain_word_length(line);
	scoped_free char *name = str_dup_n(line, length);
	struct line l = {.text = line + length, .escape = escape, .out = out, .err = err};
	const struct rule *rule;

	if (!find_rule(name, &out->kind, err))
		return false;
	rule = &rules[out->kind];
	l.name = rule->name;
	l.text += blanks(l.text);
	out->original = str_dup(line);
	if (rule->flags)
		read_flags(&l);
	out->text = str_dup(l.text);
	if ((rule->flags && !check_flags(&l, rule->flags)) || !rule->read(&l) || !rule->check(&l))
		return false;
	return !rule->documents || out->is_json || rule->documents(&l);
}

const char *instruction_flag(const struct instruction *instruction, const char *name)
{
	for (size_t i = instruction->flag_count; i-- > 0;)
		if (strcmp(instruction->flags[i].name, name) == 0)
			return instruction->flags[i].value;
	return NULL;
}

bool instruction_flag_is_set(const struct instruction *instruction, const char *name)
{
	const char *value = instruction_flag(instruction, name);

	return value && strcasecmp(value, "false") != 0;
}
