/* The tokens inside {{ and }}. */
#include "cmd/cli/template_tree.h"

#include "format/utf8.h"

#include <ctype.h>
#include <errno.h>

void token_fini(struct token *token)
{
	free(token->text);
	json_decref(token->constant);
	*token = (struct token){0};
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

static size_t word_end(const char *source, size_t at, size_t end)
{
	while (at < end && is_word(source[at]))
		at++;
	return at;
}

/* ---- quoted texts ---- */

static const char escapes[] = "a\ab\bf\fn\nr\rt\tv\v\\\\''\"\"";

void token_add_utf8(struct buffer *out, unsigned long c)
{
	char *room = buffer_reserve(out, 4);

	buffer_wrote(out, (size_t)(utf8_put(room, (uint32_t)c) - room));
}

/* \x41, \101, \u00e4, \U0001f600: `digits` of them in `base` at text, of which `size` bytes are
 * there. */
static size_t add_numeric_escape(struct buffer *out, const char *text, size_t size, size_t digits,
				 int base)
{
	char number[9] = "", *end;

	if (size < digits)
		return 0;
	memcpy(number, text, digits);
	unsigned long c = strtoul(number, &end, base);
	if (end != number + digits || !isxdigit((unsigned char)number[0]) || !c || c > 0x10ffff)
		return 0;
	token_add_utf8(out, c);
	return digits;
}

/* The escape behind a backslash; returns how many bytes it takes, 0 when it is none. */
static size_t add_escape(struct buffer *out, const char *text, size_t size)
{
	size_t used = 0;

	if (!size)
		return 0;
	for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
		if (escapes[i] == text[0]) {
			buffer_add_char(out, escapes[i + 1]);
			return 1;
		}
	if (text[0] >= '0' && text[0] <= '3')
		return add_numeric_escape(out, text, size, 3, 8);
	if (text[0] == 'x')
		used = add_numeric_escape(out, text + 1, size - 1, 2, 16);
	if (text[0] == 'u')
		used = add_numeric_escape(out, text + 1, size - 1, 4, 16);
	if (text[0] == 'U')
		used = add_numeric_escape(out, text + 1, size - 1, 8, 16);
	return used ? used + 1 : 0;
}

static bool unquote(const char *text, size_t size, struct buffer *out)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\\') {
			buffer_add_char(out, text[i]);
			continue;
		}
		size_t used = add_escape(out, text + i + 1, size - i - 1);
		if (!used)
			return false;
		i += used;
	}
	return true;
}

/* The closing quote of the text that opens at `start`, or `end`. */
static size_t quote_end(const char *source, size_t start, size_t end)
{
	char quote = source[start];
	size_t at = start + 1;

	while (at < end && source[at] != quote && (quote == '`' || source[at] != '\n'))
		at += source[at] == '\\' && quote != '`' ? 2 : 1;
	return at < end && source[at] == quote ? at : end;
}

static unsigned long first_character(const char *text)
{
	unsigned char c = (unsigned char)text[0];
	unsigned long value = c < 0x80 ? c : c < 0xe0 ? c & 31 : c < 0xf0 ? c & 15 : c & 7;

	for (size_t i = 1; c >= 0xc0 && ((unsigned char)text[i] & 0xc0) == 0x80; i++)
		value = value << 6 | ((unsigned char)text[i] & 63);
	return value;
}

static bool read_quoted(const char *source, size_t *at, size_t end, struct token *token,
			struct error *err)
{
	size_t start = *at, stop = quote_end(source, start, end);
	scoped_buffer struct buffer text = {0};

	if (stop >= end)
		return error_set(err, ERROR_INVALID, "unterminated %s",
				 source[start] == '\''	? "character constant"
				 : source[start] == '`' ? "raw quoted string"
							: "quoted string");
	if (source[start] == '`')
		buffer_add(&text, source + start + 1, stop - start - 1);
	else if (!unquote(source + start + 1, stop - start - 1, &text))
		return error_set(err, ERROR_INVALID, "invalid syntax");
	*at = stop + 1;
	token->kind = TOKEN_CONSTANT;
	if (source[start] == '\'')
		token->constant =
			json_integer(text.size ? (json_int_t)first_character(text.data) : 0);
	else
		token->constant = json_stringn(text.data ? text.data : "", text.size);
	if (!token->constant)
		return error_set(err, ERROR_INVALID, "invalid UTF-8");
	return true;
}

/* ---- numbers ---- */

static bool read_number(const char *source, size_t *at, size_t end, struct token *token,
			struct error *err)
{
	size_t start = *at, stop = start + 1;
	char *rest;

	while (stop < end && (is_word(source[stop]) || source[stop] == '.' ||
			      (strchr("+-", source[stop]) && strchr("eE", source[stop - 1]))))
		stop++;
	scoped_free char *text = str_dup_n(source + start, stop - start);
	errno = 0;
	long long integer = strtoll(text, &rest, 0);
	if (!*rest && !errno) {
		token->constant = json_integer(integer);
	} else {
		double real = strtod(text, &rest);
		token->constant = *rest ? NULL : json_real(real);
	}
	if (!token->constant)
		return error_set(err, ERROR_INVALID, "bad number syntax: \"%s\"", text);
	token->kind = TOKEN_CONSTANT;
	*at = stop;
	return true;
}

/* ---- the rest ---- */

static const struct symbol {
	const char *text;
	enum token_kind kind;
} symbols[] = {
	{":=", TOKEN_DECLARE}, {"=", TOKEN_ASSIGN}, {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE},
	{"|", TOKEN_PIPE},     {",", TOKEN_COMMA},  {".", TOKEN_DOT},
};

static bool read_symbol(const char *source, size_t *at, size_t end, struct token *token,
			struct error *err)
{
	for (size_t i = 0; i < array_length(symbols); i++) {
		size_t length = strlen(symbols[i].text);

		if (end - *at < length || memcmp(source + *at, symbols[i].text, length) != 0)
			continue;
		token->kind = symbols[i].kind;
		*at += length;
		return true;
	}
	return error_set(err, ERROR_INVALID, "unrecognized character in action: U+%04X '%c'",
			 (unsigned)(unsigned char)source[*at], source[*at]);
}

static void take_word(const char *source, size_t *at, size_t skip, size_t end, struct token *token)
{
	size_t stop = word_end(source, *at + skip, end);
	size_t from = token->kind == TOKEN_MEMBER ? *at + skip : *at;

	token->text = str_dup_n(source + from, stop - from);
	*at = stop;
}

static bool starts_number(const char *source, size_t at, size_t end)
{
	size_t sign = source[at] == '-' || source[at] == '+';

	return at + sign < end &&
	       (isdigit((unsigned char)source[at + sign]) ||
		(source[at] == '.' && at + 1 < end && isdigit((unsigned char)source[at + 1])));
}

static bool read_kind(const char *source, size_t *at, size_t end, struct token *token,
		      struct error *err)
{
	char c = source[*at];

	if (strchr("\"`'", c))
		return read_quoted(source, at, end, token, err);
	if (starts_number(source, *at, end))
		return read_number(source, at, end, token, err);
	if (c == '.' && *at + 1 < end && is_word(source[*at + 1]))
		token->kind = TOKEN_MEMBER;
	else if (c == '$')
		token->kind = TOKEN_VARIABLE;
	else if (is_word(c))
		token->kind = TOKEN_NAME;
	else
		return read_symbol(source, at, end, token, err);
	take_word(source, at, token->kind != TOKEN_NAME, end, token);
	return true;
}

bool token_read(const char *source, size_t *at, size_t end, struct token *token, struct error *err)
{
	size_t before = *at;

	*token = (struct token){0};
	while (*at < end && isspace((unsigned char)source[*at]))
		++*at;
	token->spaced = *at > before;
	token->start = *at;
	if (*at < end && !read_kind(source, at, end, token, err))
		return false;
	token->end = *at;
	return true;
}
