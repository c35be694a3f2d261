#include "format/dotenv.h"

#include "base/map.h"
#include "format/interpolate.h"

#include <ctype.h>

struct reader {
	const char *at, *end;
	unsigned line;
	const struct dotenv_rules *rules;
	struct pairs *out;
	struct map numbers; /* in `out`, from 1, by name: a file may have a hundred thousand */
	size_t total;	    /* bytes of values: each may hold all earlier ones */
	struct error *err;
};

/* ---- places ---- */

static bool is_over(const struct reader *reader)
{
	return reader->at == reader->end;
}

static char peek(const struct reader *reader)
{
	return is_over(reader) ? '\n' : *reader->at;
}

static void skip_blanks(struct reader *reader)
{
	while (!is_over(reader) && (peek(reader) == ' ' || peek(reader) == '\t'))
		reader->at++;
}

static void skip_line(struct reader *reader)
{
	const char *feed = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));

	reader->at = feed ? feed + 1 : reader->end;
	reader->line++;
}

#define fail(reader, ...)                                                                          \
	(error_set((reader)->err, ERROR_INVALID, __VA_ARGS__),                                     \
	 error_prefix((reader)->err, "line %u", (reader)->line))

/* ---- what is known ---- */

static void remember(struct reader *reader, const char *name, size_t number)
{
	map_put(&reader->numbers, name, (void *)(uintptr_t)number);
}

static struct pair *find(const struct reader *reader, const char *name)
{
	size_t number = (size_t)(uintptr_t)map_get(&reader->numbers, name);

	return number ? &reader->out->items[number - 1] : NULL;
}

static bool set(struct reader *reader, const char *name, const char *value)
{
	struct pair *pair = find(reader, name);

	reader->total += strlen(value);
	if (reader->total > DOTENV_VALUES_LIMIT)
		return fail(reader, "values of more than %d bytes in all", DOTENV_VALUES_LIMIT);
	if (pair) {
		str_replace(&pair->value, value);
		return true;
	}
	pairs_append(reader->out, name, value);
	remember(reader, name, reader->out->count);
	return true;
}

/* ---- interpolation: the shell, then earlier lines ---- */

static const char *get_variable(void *data, const char *name)
{
	const struct reader *reader = data;
	const char *value =
		reader->rules->get ? reader->rules->get(reader->rules->data, name) : NULL;

	if (value)
		return value;
	const struct pair *pair = find(reader, name);
	return pair ? pair->value : NULL;
}

static void tell_unset(void *data, const char *name)
{
	const struct reader *reader = data;

	if (reader->rules->unset)
		reader->rules->unset(reader->rules->data, name);
}

static char *with_variables(struct reader *reader, const char *text)
{
	struct interpolate_rules rules = {.get = get_variable, .unset = tell_unset, .data = reader};
	char *value = interpolate(text, &rules, reader->err);

	if (!value)
		error_prefix(reader->err, "line %u", reader->line);
	return value;
}

/* ---- values ---- */

/* Up to " #" or the line's end. */
static char *read_unquoted(struct reader *reader)
{
	const char *begin = reader->at, *end = begin;

	while (end < reader->end && *end != '\n' &&
	       !(*end == '#' && (end == begin || isblank((unsigned char)end[-1]))))
		end++;
	reader->at = end;
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	scoped_free char *text = str_dup_n(begin, (size_t)(end - begin));
	return with_variables(reader, text);
}

/* At a quote: to the one that closes it, which may stand some lines below. */
static bool find_quote(struct reader *reader, const char **begin, size_t *size)
{
	char quote = *reader->at;
	unsigned line = reader->line;

	*begin = ++reader->at;
	while (!is_over(reader) && *reader->at != quote) {
		bool escaped = *reader->at == '\\' && reader->at + 1 < reader->end;

		reader->at += escaped;
		reader->line += *reader->at == '\n';
		reader->at++;
	}
	if (is_over(reader)) {
		reader->line = line; /* where it stands */
		return fail(reader, "the quote %c is never closed", quote);
	}
	*size = (size_t)(reader->at - *begin);
	reader->at++;
	return true;
}

static char *literal_value(const char *text, size_t size)
{
	struct buffer value = {0};

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\' && i + 1 < size && text[i + 1] == '\'')
			i++;
		buffer_add_char(&value, text[i]);
	}
	return buffer_take(&value);
}

/* \0 and up to three digits of base 8; *used of them. */
static char octal(const char *text, size_t size, size_t *used)
{
	unsigned value = 0;

	for (*used = 0; *used < 3 && *used < size && strchr("01234567", text[*used]); (*used)++)
		value = 8 * value + (unsigned)(text[*used] - '0');
	return (char)value;
}

/* An escape, at what follows the backslash: how many bytes it takes.  A dollar must outlive the interpolation
 * that follows; unknown ones stay as they are. */
static size_t add_escape(const char *text, size_t size, struct buffer *out)
{
	static const char names[] = "nrt\\\"abfv", values[] = "\n\r\t\\\"\a\b\f\v";
	const char *name = strchr(names, *text);
	size_t used;

	if (*text == '$') {
		buffer_add_text(out, "$$");
		return 1;
	}
	if (*text == '0') {
		char value = octal(text + 1, size - 1, &used);

		if (value)
			buffer_add_char(out, value);
		return used + 1;
	}
	if (!name || !*text)
		buffer_add_char(out, '\\');
	buffer_add_char(out, name && *text ? values[name - names] : *text);
	return 1;
}

static char *double_value(struct reader *reader, const char *text, size_t size)
{
	scoped_buffer struct buffer value = {0};

	for (size_t i = 0; i < size;) {
		if (text[i] == '\\' && i + 1 < size) {
			i += 1 + add_escape(text + i + 1, size - i - 1, &value);
			continue;
		}
		buffer_add_char(&value, text[i++]);
	}
	return with_variables(reader, value.data ? value.data : "");
}

/* Behind a quoted value only a comment may stand. */
static bool ends_well(struct reader *reader)
{
	skip_blanks(reader);
	if (peek(reader) == '\r')
		reader->at++;
	return peek(reader) == '\n' || peek(reader) == '#' ||
	       fail(reader, "'%c' stands behind the quote that closes the value", peek(reader));
}

static char *read_quoted(struct reader *reader)
{
	char quote = *reader->at;
	const char *begin;
	size_t size;

	if (!find_quote(reader, &begin, &size))
		return NULL;
	scoped_free char *value =
		quote == '\'' ? literal_value(begin, size) : double_value(reader, begin, size);
	return value && ends_well(reader) ? take(value) : NULL;
}

static char *read_raw(struct reader *reader)
{
	const char *begin = reader->at, *end = begin;

	while (end < reader->end && *end != '\n')
		end++;
	reader->at = end;
	if (end > begin && end[-1] == '\r')
		end--;
	return str_dup_n(begin, (size_t)(end - begin));
}

static char *read_value(struct reader *reader)
{
	if (reader->rules->raw)
		return read_raw(reader);
	skip_blanks(reader);
	if (peek(reader) == '\'' || peek(reader) == '"')
		return read_quoted(reader);
	return read_unquoted(reader);
}

/* ---- lines ---- */

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || strchr("_.-[]", c);
}

/* "export " before a name. */
static void skip_export(struct reader *reader)
{
	static const char word[] = "export";
	size_t size = sizeof(word) - 1;

	if ((size_t)(reader->end - reader->at) <= size || memcmp(reader->at, word, size) != 0 ||
	    !isblank((unsigned char)reader->at[size]))
		return;
	reader->at += size;
	skip_blanks(reader);
}

/* KEY alone: the value that is there already, if any. */
static bool inherit(struct reader *reader, const char *name)
{
	const struct dotenv_rules *rules = reader->rules;
	const char *value = rules->get ? rules->get(rules->data, name) : NULL;

	return value ? set(reader, name, value) : true;
}

static bool read_assignment(struct reader *reader)
{
	const char *begin = reader->at;

	while (!is_over(reader) && is_name(*reader->at) && *reader->at)
		reader->at++;
	scoped_free char *name = str_dup_n(begin, (size_t)(reader->at - begin));
	skip_blanks(reader);
	char separator = peek(reader);
	if (!*name || (!strchr("=:\n\r#", separator) || !separator))
		return fail(reader, "'%c' cannot stand in the name of a variable", separator);
	if (separator != '=' && separator != ':')
		return inherit(reader, name);
	reader->at++;
	scoped_free char *value = read_value(reader);
	return value && set(reader, name, value);
}

static bool read_line(struct reader *reader)
{
	skip_blanks(reader);
	if (peek(reader) == '\r' || peek(reader) == '\n' || peek(reader) == '#')
		return true;
	skip_export(reader);
	return read_assignment(reader);
}

static bool read_lines(struct reader *reader)
{
	while (!is_over(reader)) {
		if (!read_line(reader))
			return false;
		skip_line(reader);
	}
	return true;
}

bool dotenv_parse(const char *text, size_t size, const struct dotenv_rules *rules,
		  struct pairs *out, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct reader reader = {
		.at = text, .end = text + size, .line = 1, .rules = rules, .out = out, .err = err};

	if (size > DOTENV_SIZE_LIMIT)
		return error_set(err, ERROR_INVALID, "larger than %d bytes", DOTENV_SIZE_LIMIT);
	if (memchr(text, '\0', size))
		return error_set(err, ERROR_INVALID, "this is no text: it holds a NUL");
	if (size >= 3 && memcmp(text, mark, 3) == 0)
		reader.at += 3;
	for (size_t i = 0; i < out->count; i++)
		remember(&reader, out->items[i].name, i + 1);
	bool good = read_lines(&reader);
	map_fini(&reader.numbers);
	return good;
}
