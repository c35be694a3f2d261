#include "image/change_words.h"

#include <ctype.h>

#define DEPTH_MAX 16 /* of ${A:-${B:-...}} */

struct reader {
	const char *at;
	const struct strings *env;
	struct buffer *out;
	int depth;
	bool whole; /* blanks do not end the word */
	struct error *err;
};

static bool read_word(struct reader *r, const char *ends);

static const char *lookup(const struct reader *r, const char *name, size_t length)
{
	for (size_t i = 0; r->env && i < r->env->count; i++) {
		const char *item = r->env->items[i];

		if (strncmp(item, name, length) == 0 && item[length] == '=')
			return item + length + 1;
	}
	return NULL;
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	if (isdigit((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static bool unclosed(struct reader *r, const char *what)
{
	return error_set(r->err, ERROR_INVALID, "unterminated %s in an instruction", what);
}

/* What stands behind ":-" or ":+", up to the brace; dropped unless it is wanted. */
static bool read_alternative(struct reader *r, bool wanted)
{
	scoped_buffer struct buffer dropped = {0};
	struct reader inner = *r;
	bool ok;

	if (++inner.depth > DEPTH_MAX)
		return error_set(r->err, ERROR_INVALID, "an instruction nests too deep");
	inner.whole = true;
	if (!wanted)
		inner.out = &dropped;
	ok = read_word(&inner, "}");
	r->at = inner.at;
	return ok;
}

/* One character that must stand here. */
static bool expect(struct reader *r, char c, const char *what)
{
	if (*r->at != c)
		return unclosed(r, what);
	r->at++;
	return true;
}

/* Behind "${". */
static bool read_braces(struct reader *r)
{
	size_t length = name_length(r->at);
	const char *value = lookup(r, r->at, length);
	const char *how = r->at + length;
	bool plain = *how == '}', otherwise = str_starts_with(how, ":-");

	if (length == 0 || (!plain && !otherwise && !str_starts_with(how, ":+")))
		return error_set(r->err, ERROR_INVALID, "unsupported modifier in substitution");
	if (value && (plain || otherwise))
		buffer_add_text(r->out, value);
	r->at = how;
	if (!plain) {
		r->at += 2;
		if (!read_alternative(r, otherwise == str_is_empty(value)))
			return false;
	}
	return expect(r, '}', "brace");
}

/* Behind "$". */
static bool read_variable(struct reader *r)
{
	size_t length = name_length(r->at);
	const char *value;

	if (*r->at == '{') {
		r->at++;
		return read_braces(r);
	}
	if (length == 0) {
		buffer_add_char(r->out, '$');
		return true;
	}
	value = lookup(r, r->at, length);
	if (value)
		buffer_add_text(r->out, value);
	r->at += length;
	return true;
}

static bool read_single(struct reader *r)
{
	size_t length = strcspn(r->at, "'");

	if (r->at[length] != '\'')
		return unclosed(r, "quote");
	buffer_add(r->out, r->at, length);
	r->at += length + 1;
	return true;
}

static bool read_double(struct reader *r)
{
	while (*r->at && *r->at != '"') {
		char c = *r->at++;

		if (c == '$') {
			if (!read_variable(r))
				return false;
			continue;
		}
		if (c == '\\' && *r->at && strchr("\"$\\", *r->at))
			c = *r->at++;
		buffer_add_char(r->out, c);
	}
	return expect(r, '"', "quote");
}

static bool read_piece(struct reader *r)
{
	char c = *r->at++;

	switch (c) {
	case '\'':
		return read_single(r);
	case '"':
		return read_double(r);
	case '$':
		return read_variable(r);
	case '\\':
		if (*r->at)
			c = *r->at++;
		break;
	default:
		break;
	}
	buffer_add_char(r->out, c);
	return true;
}

static bool is_end(const struct reader *r, const char *ends)
{
	return *r->at == '\0' || strchr(ends, *r->at) ||
	       (!r->whole && isspace((unsigned char)*r->at));
}

static bool read_word(struct reader *r, const char *ends)
{
	while (!is_end(r, ends))
		if (!read_piece(r))
			return false;
	return true;
}

bool change_words(const char *text, const struct strings *env, struct strings *out,
		  struct error *err)
{
	struct reader r = {.at = text, .env = env, .err = err};

	for (;;) {
		struct buffer word = {0};

		r.at += strspn(r.at, " \t\r\n\v\f");
		if (*r.at == '\0')
			return true;
		r.out = &word;
		if (!read_word(&r, "")) {
			buffer_fini(&word);
			return false;
		}
		strings_take(out, buffer_take(&word));
	}
}

char *change_word(const char *text, const struct strings *env, struct error *err)
{
	struct buffer word = {0};
	struct reader r = {.at = text, .env = env, .err = err, .out = &word, .whole = true};

	if (read_word(&r, ""))
		return buffer_take(&word);
	buffer_fini(&word);
	return NULL;
}
