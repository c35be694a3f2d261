/* A value is made of pieces: quoted ones one behind the other, then perhaps a plain one up to the end of the
 * line.  A quote within the plain piece is a byte like others. */
#include "format/environment_file.h"

#include "base/byte.h"
#include "base/map.h"
#include "format/unit_variable.h"
#include "format/utf8.h"

struct parser {
	const char *at, *end;
	struct pairs *out;
	struct map places; /* of the names in `out`, from 1 */
	struct strings *warnings;
};

/* ---- values ---- */

static void read_single_quoted(struct parser *p, struct buffer *value)
{
	const char *quote = memchr(p->at, '\'', (size_t)(p->end - p->at));
	const char *end = quote ? quote : p->end;

	buffer_add(value, p->at, (size_t)(end - p->at));
	p->at = quote ? quote + 1 : p->end;
}

/* Behind a backslash in double quotes.  Of the escapes of a shell only these; another backslash stays. */
static void read_quoted_escape(struct parser *p, struct buffer *value)
{
	if (p->at == p->end)
		return;
	char c = *p->at++;
	if (c == '\n')
		return;
	if (!c || !strchr("\"\\`$", c))
		buffer_add_char(value, '\\');
	buffer_add_char(value, c);
}

static void read_double_quoted(struct parser *p, struct buffer *value)
{
	while (p->at < p->end) {
		char c = *p->at++;

		if (c == '"')
			break;
		if (c == '\\')
			read_quoted_escape(p, value);
		else
			buffer_add_char(value, c);
	}
}

/* Behind a backslash outside of quotes: a line end is joined, anything else is taken as it is. */
static void read_escaped(struct parser *p, struct buffer *value)
{
	if (p->end - p->at >= 2 && p->at[0] == '\r' && p->at[1] == '\n')
		p->at += 2;
	else if (p->at < p->end && byte_is_line_end(*p->at))
		p->at++;
	else if (p->at < p->end)
		buffer_add_char(value, *p->at++);
}

/* Up to the end of the line, without blanks at the end. */
static void read_plain(struct parser *p, struct buffer *value)
{
	size_t solid = value->size;

	while (p->at < p->end && !byte_is_line_end(*p->at)) {
		char c = *p->at++;

		if (c == '\\')
			read_escaped(p, value);
		else
			buffer_add_char(value, c);
		if (c == '\\' || !byte_is_blank(c))
			solid = value->size;
	}
	value->size = solid;
}

static void read_value(struct parser *p, struct buffer *value)
{
	buffer_reserve(value, 0);
	while (p->at < p->end && !byte_is_line_end(*p->at)) {
		if (byte_is_blank(*p->at)) {
			p->at++;
		} else if (*p->at == '\'') {
			p->at++;
			read_single_quoted(p, value);
		} else if (*p->at == '"') {
			p->at++;
			read_double_quoted(p, value);
		} else {
			read_plain(p, value);
		}
	}
	value->data[value->size] = '\0';
}

/* ---- lines ---- */

/* A backslash at its end continues a comment, too. */
static void skip_comment(struct parser *p)
{
	while (p->at < p->end && !byte_is_line_end(*p->at))
		p->at += *p->at == '\\' && p->end - p->at > 1 ? 2 : 1;
}

static void set(struct parser *p, const char *name, const char *value)
{
	uintptr_t place = (uintptr_t)map_get(&p->places, name);

	if (place) {
		str_replace(&p->out->items[place - 1].value, value);
		return;
	}
	pairs_append(p->out, name, value);
	map_put(&p->places, name, (void *)(uintptr_t)p->out->count); /* not NULL */
}

static void skip(struct parser *p, const char *why, const char *key, size_t length)
{
	if (p->warnings)
		strings_format(p->warnings, "%s: '%.*s'", why, (int)(length < 80 ? length : 80),
			       key);
}

static void read_assignment(struct parser *p)
{
	const char *key = p->at, *key_end;
	scoped_buffer struct buffer value = {0};

	while (p->at < p->end && *p->at != '=' && !byte_is_line_end(*p->at))
		p->at++;
	for (key_end = p->at; key_end > key && byte_is_blank(key_end[-1]); key_end--)
		;
	size_t length = (size_t)(key_end - key);
	if (p->at == p->end || *p->at != '=') {
		skip(p, "a line without '='", key, length);
		return;
	}
	p->at++;
	read_value(p, &value);
	if (!unit_variable_is_valid_name(key, length)) {
		skip(p, "no name of a variable", key, length);
	} else if (strlen(value.data) != value.size || !utf8_is_valid(value.data)) {
		skip(p, "the value is no text", key, length);
	} else {
		scoped_free char *name = str_dup_n(key, length);
		set(p, name, value.data);
	}
}

void environment_file_parse(const char *data, size_t size, struct pairs *out,
			    struct strings *warnings)
{
	struct parser p = {.at = data, .end = data + size, .out = out, .warnings = warnings};

	for (size_t i = 0; i < out->count; i++)
		map_put(&p.places, out->items[i].name, (void *)(uintptr_t)(i + 1));
	while (p.at < p.end) {
		if (byte_is_blank(*p.at))
			p.at++;
		else if (*p.at == '#' || *p.at == ';')
			skip_comment(&p);
		else
			read_assignment(&p);
	}
	map_fini(&p.places);
}
