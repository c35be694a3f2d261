/* One pass over the text with a cursor.  What is read goes to a sink, which either keeps all or cuts words
 * at blanks; what stands inside ${...} is read by the same code into a sink of its own. */
#include "format/expand.h"

#include "format/glob.h"

#include <ctype.h>

#define DEPTH_LIMIT 32 /* of ${A:-${B:-...}} */

struct sink {
	struct buffer text;
	bool in_word;
	struct strings *words; /* NULL: one word, blanks kept */
};

struct expander {
	const char *at;
	const struct expand_rules *rules;
	struct sink *out;
	bool keep_escapes; /* patterns understand them themselves */
	int depth;
	struct error *err;
};

static bool read_until(struct expander *e, char stop);

static bool bad(const struct expander *e, const char *why)
{
	return error_set(e->err, ERROR_INVALID, "%s", why);
}

/* ---- the sink ---- */

static bool room_for(const struct expander *e, size_t size)
{
	if (e->out->text.size + size <= EXPAND_SIZE_LIMIT)
		return true;
	return bad(e, "an expansion is too long");
}

static bool add_kept(struct expander *e, const char *text, size_t size)
{
	e->out->in_word = true;
	if (!room_for(e, size))
		return false;
	buffer_add(&e->out->text, text, size);
	return true;
}

static void end_word(struct sink *out)
{
	if (out->in_word)
		strings_take(out->words, buffer_take(&out->text));
	out->in_word = false;
}

/* Blanks in it separate words. */
static bool add_split(struct expander *e, const char *text, size_t size)
{
	if (!e->out->words)
		return add_kept(e, text, size);
	for (size_t i = 0; i < size; i++) {
		if (isspace((unsigned char)text[i]))
			end_word(e->out);
		else if (!add_kept(e, text + i, 1))
			return false;
	}
	return true;
}

/* ---- variables ---- */

struct variable {
	const char *name; /* where it stands */
	size_t length;
	const char *value; /* NULL: unset */
};

static bool is_special(char c)
{
	return c && strchr("@*#?-$!0", c);
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	if (is_special(*text))
		return 1;
	if (isdigit((unsigned char)*text)) {
		while (isdigit((unsigned char)text[length]))
			length++;
		return length;
	}
	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static struct variable read_name(struct expander *e)
{
	const struct strings *env = e->rules->env;
	struct variable v = {.name = e->at, .length = name_length(e->at)};

	e->at += v.length;
	for (size_t i = env ? env->count : 0; i-- > 0;) {
		const char *item = env->items[i];

		if (strncmp(item, v.name, v.length) != 0 || item[v.length] != '=')
			continue;
		v.value = item + v.length + 1;
		break;
	}
	return v;
}

static bool add_value(struct expander *e, const char *value)
{
	return !value || add_split(e, value, strlen(value));
}

/* ---- ${X...} ---- */

/* What stands up to `stop`, expanded; NULL on failure.  The caller frees. */
static char *read_inner(struct expander *e, char stop, bool keep_escapes, const char *missing)
{
	struct sink sink = {0};
	struct expander inner = *e;
	bool ok;

	inner.out = &sink;
	inner.keep_escapes = keep_escapes;
	inner.depth++;
	if (inner.depth > DEPTH_LIMIT) {
		bad(e, "a substitution nests too deep");
		return NULL;
	}
	ok = read_until(&inner, stop);
	e->at = inner.at;
	if (ok && *e->at != stop)
		ok = bad(e, missing);
	if (ok)
		e->at++;
	if (ok)
		return buffer_take(&sink.text);
	buffer_fini(&sink.text);
	return NULL;
}

static char *read_word_in_braces(struct expander *e, bool keep_escapes)
{
	return read_inner(e, '}', keep_escapes, "syntax error: missing '}'");
}

static bool refuse_unset(struct expander *e, const struct variable *v, const char *word)
{
	const char *why = v->value ? "is not allowed to be empty" : "is not allowed to be unset";

	return error_set(e->err, ERROR_INVALID, "%.*s: %.200s",
			 (int)(v->length > 100 ? 100 : v->length), v->name, *word ? word : why);
}

/* ${X-d} ${X+a} ${X?e}, with or without colon. */
static bool read_choice(struct expander *e, const struct variable *v, bool colon)
{
	char how = *e->at++;
	scoped_free char *word = read_word_in_braces(e, false);
	bool missing = !v->value || (colon && !*v->value);

	if (!word)
		return false;
	if (how == '+')
		return missing || add_value(e, word);
	if (!missing)
		return add_value(e, v->value);
	return how == '-' ? add_value(e, word) : refuse_unset(e, v, word);
}

static bool read_colon(struct expander *e, const struct variable *v)
{
	e->at++;
	if (*e->at && strchr("-+?", *e->at))
		return read_choice(e, v, true);
	if (*e->at == '\0')
		return bad(e, "syntax error: missing '}'");
	return error_set(e->err, ERROR_INVALID, "unsupported modifier (:%c) in substitution",
			 *e->at);
}

/* ${X#p} ${X##p} ${X%p} ${X%%p} */
static bool read_trim(struct expander *e, const struct variable *v)
{
	char how = *e->at++;
	bool longest = *e->at == how;
	size_t size = v->value ? strlen(v->value) : 0, cut;

	e->at += longest;
	scoped_free char *pattern = read_word_in_braces(e, true);
	if (!pattern)
		return false;
	struct glob glob = {.pattern = pattern, .escape = e->rules->escape};

	if (size == 0)
		return true;
	if (!(how == '#' ? glob_prefix : glob_suffix)(&glob, v->value, size, longest, &cut))
		return bad(e, "a pattern is too costly");
	return how == '#' ? add_split(e, v->value + cut, size - cut)
			  : add_split(e, v->value, size - cut);
}

static bool replace(struct expander *e, struct glob *glob, const char *value, const char *by,
		    bool all)
{
	size_t size = strlen(value), start, length;

	do {
		if (!glob_find(glob, value, size, &start, &length))
			return bad(e, "a pattern is too costly");
		if (start == SIZE_MAX)
			break;
		if (!add_split(e, value, start) || !add_value(e, by))
			return false;
		value += start + length;
		size -= start + length;
	} while (all && size > 0);
	return add_split(e, value, size);
}

/* ${X/p/r} ${X//p/r} */
static bool read_replace(struct expander *e, const struct variable *v)
{
	bool all = *++e->at == '/';

	e->at += all;
	scoped_free char *pattern = read_inner(e, '/', true, "syntax error: missing '/' in ${");
	scoped_free char *by = pattern ? read_word_in_braces(e, false) : NULL;

	if (!by)
		return false;
	if (!v->value || !*pattern)
		return add_value(e, v->value);
	return replace(e, &(struct glob){.pattern = pattern, .escape = e->rules->escape}, v->value,
		       by, all);
}

static bool read_modifier(struct expander *e, const struct variable *v)
{
	switch (*e->at) {
	case '}':
		e->at++;
		return add_value(e, v->value);
	case ':':
		return read_colon(e, v);
	case '-':
	case '+':
	case '?':
		return read_choice(e, v, false);
	case '#':
	case '%':
		return read_trim(e, v);
	case '/':
		return read_replace(e, v);
	case '\0':
		return bad(e, "syntax error: missing '}'");
	default:
		return error_set(e->err, ERROR_INVALID, "unsupported modifier (%c) in substitution",
				 *e->at);
	}
}

static bool read_braces(struct expander *e)
{
	struct variable v;

	e->at++;
	if (*e->at == '\0')
		return bad(e, "syntax error: missing '}'");
	if (strchr("{}:", *e->at))
		return bad(e, "syntax error: bad substitution");
	v = read_name(e);
	return read_modifier(e, &v);
}

static bool read_dollar(struct expander *e)
{
	struct variable v;

	if (*++e->at == '{')
		return read_braces(e);
	v = read_name(e);
	return v.length ? add_value(e, v.value) : add_split(e, "$", 1);
}

/* ---- quotes and escapes ---- */

static bool read_single(struct expander *e)
{
	size_t length = strcspn(++e->at, "'");

	if (e->at[length] == '\0')
		return bad(e,
			   "unexpected end of statement while looking for matching single-quote");
	e->at += length + 1;
	return add_kept(e, e->at - length - 1, length);
}

/* Inside "..." and documents an escape is one of some characters alone; else it is a character. */
static bool read_narrow_escape(struct expander *e, const char *escapable)
{
	char next = e->at[1];
	bool counts = next && (next == e->rules->escape || strchr(escapable, next));

	if ((!counts || e->keep_escapes) && !add_kept(e, e->at, 1))
		return false;
	e->at++;
	return !counts || add_kept(e, e->at++, 1);
}

/* A value inside quotes is not split: its sink is the same, but keeps blanks. */
static bool read_dollar_in_quotes(struct expander *e)
{
	struct strings *words = take(e->out->words);
	bool ok = read_dollar(e);

	e->out->words = words;
	return ok;
}

static bool read_double(struct expander *e)
{
	e->at++;
	e->out->in_word = true;
	while (*e->at && *e->at != '"') {
		bool ok;

		if (*e->at == '$')
			ok = read_dollar_in_quotes(e);
		else if (*e->at == e->rules->escape)
			ok = read_narrow_escape(e, "\"$");
		else
			ok = add_kept(e, e->at++, 1);
		if (!ok)
			return false;
	}
	if (*e->at != '"')
		return bad(e,
			   "unexpected end of statement while looking for matching double-quote");
	e->at++;
	return true;
}

static bool read_escape(struct expander *e)
{
	if (e->rules->document)
		return read_narrow_escape(e, "$");
	if (e->keep_escapes && !add_kept(e, e->at, 1))
		return false;
	e->at++;
	return *e->at == '\0' || add_kept(e, e->at++, 1);
}

static bool read_piece(struct expander *e)
{
	char c = *e->at;

	if (c == '$')
		return read_dollar(e);
	if (c == e->rules->escape)
		return read_escape(e);
	if (c == '\'' && !e->rules->document)
		return read_single(e);
	if (c == '"' && !e->rules->document)
		return read_double(e);
	return add_split(e, e->at++, 1);
}

/* Up to `stop` (not taken) or the end. */
static bool read_until(struct expander *e, char stop)
{
	while (*e->at && *e->at != stop)
		if (!read_piece(e))
			return false;
	return true;
}

/* ---- the whole ---- */

static bool expand(const char *text, const struct expand_rules *rules, struct sink *sink,
		   struct error *err)
{
	struct expander e = {.at = text, .rules = rules, .out = sink, .err = err};

	if (read_until(&e, '\0'))
		return true;
	buffer_fini(&sink->text);
	return error_prefix(err, "failed to process \"%.200s\"", text);
}

char *expand_word(const char *text, const struct expand_rules *rules, struct error *err)
{
	struct sink sink = {0};

	return expand(text, rules, &sink, err) ? buffer_take(&sink.text) : NULL;
}

bool expand_words(const char *text, const struct expand_rules *rules, struct strings *out,
		  struct error *err)
{
	struct sink sink = {.words = out};

	if (!expand(text, rules, &sink, err))
		return false;
	end_word(&sink);
	buffer_fini(&sink.text);
	return true;
}
