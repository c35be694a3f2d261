/* The append-only half of JSON, without jansson, so that the static shim can have it. */
#include "format/json_write.h"

#include "format/json_escape.h"
#include "format/utf8.h"

/* ---- escaping ---- */

/* Controls, quote, backslash, everything beyond ASCII; with html also <, > and &. */
static json_vector special_lanes(json_vector bytes, bool html)
{
	json_vector special =
		(json_vector)((bytes < 0x20) | (bytes == '"') | (bytes == '\\') | (bytes >= 0x80));

	if (html)
		special |= (json_vector)((bytes == '<') | (bytes == '>') | (bytes == '&'));
	return special;
}

static bool is_special(uint8_t c, bool html)
{
	return c < 0x20 || c == '"' || c == '\\' || c >= 0x80 ||
	       (html && (c == '<' || c == '>' || c == '&'));
}

/* Copy what stands for itself at the front; returns how much that is. */
static inline size_t copy_plain(char *to, const char *text, size_t size, bool html)
{
	size_t done = 0;

	for (; size - done >= JSON_LANES; done += JSON_LANES) {
		json_vector bytes = json_load(text + done);
		memcpy(to + done, &bytes, sizeof(bytes));
		size_t plain = json_first_lane(special_lanes(bytes, html));
		if (plain < JSON_LANES)
			return done + plain;
	}
	if (done < size &&
	    size >= JSON_LANES) { /* the last ones, with some that were plain before */
		json_vector bytes = json_load(text + size - JSON_LANES);
		memcpy(to + size - JSON_LANES, &bytes, sizeof(bytes));
		return size - JSON_LANES + json_first_lane(special_lanes(bytes, html));
	}
	for (; done < size && !is_special((uint8_t)text[done], html); done++)
		to[done] = text[done];
	return done;
}

/* U+2028 and U+2029 end lines in JavaScript; Go escapes them always. */
static bool is_line_separator(const uint8_t *text, size_t length)
{
	return length == 3 && text[0] == 0xe2 && text[1] == 0x80 && (text[2] & 0xfe) == 0xa8;
}

static char *put(char *to, const char *text, size_t size)
{
	memcpy(to, text, size);
	return to + size;
}

/* What stands at the front and is not ASCII, up to the first that is: such characters come in rows.
 */
static inline char *escape_beyond_ascii(char *to, const char *text, size_t size, size_t limit,
					size_t *used)
{
	size_t done = 0;

	while (done < size && (uint8_t)text[done] >= 0x80) {
		const uint8_t *at = (const uint8_t *)text + done;
		size_t length = utf8_length(at, limit - done);

		if (length == 0)
			to = put(to, "\\ufffd", 6);
		else if (is_line_separator(at, length))
			to = put(to, at[2] & 1 ? "\\u2029" : "\\u2028", 6);
		else
			for (size_t i = 0; i < length; i++)
				*to++ = text[done + i];
		done += length ? length : 1;
	}
	*used = done;
	return to;
}

static char *escape_ascii(char *to, char c)
{
	static const char names[128] = {
		['"'] = '"',  ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r',
		['\t'] = 't', ['\b'] = 'b',  ['\f'] = 'f',
	};
	static const char digits[] = "0123456789abcdef";

	if (names[(uint8_t)c])
		return put(to, (char[]){'\\', names[(uint8_t)c]}, 2);
	to = put(to, "\\u00", 4);
	*to++ = digits[(uint8_t)c >> 4];
	*to++ = digits[(uint8_t)c & 15];
	return to;
}

enum extent { ALL, ONE_LINE };

/* Inlined for each value of html and extent, so that the loops know them. */
static inline char *escape(char *to, const char *text, size_t size, size_t limit, bool html,
			   enum extent extent, size_t *used)
{
	size_t done = 0, step = 0;

	while (done < size) {
		step = copy_plain(to, text + done, size - done, html);
		to += step;
		done += step;
		if (done == size)
			break;
		if (extent == ONE_LINE && text[done] == '\n') {
			*used = done + 1;
			return put(to, "\\n", 2);
		}
		if ((uint8_t)text[done] >= 0x80)
			to = escape_beyond_ascii(to, text + done, size - done, limit - done, &step);
		else
			to = escape_ascii(to, text[done]), step = 1;
		done += step;
	}
	*used = done;
	return to;
}

char *json_escape(char *to, const char *text, size_t size, size_t limit, bool html, size_t *used)
{
	return html ? escape(to, text, size, limit, true, ALL, used)
		    : escape(to, text, size, limit, false, ALL, used);
}

char *json_escape_line(char *to, const char *text, size_t size, size_t *used)
{
	return escape(to, text, size, size, false, ONE_LINE, used);
}

/* ---- strings ---- */

/* In blocks, so that the worst case that is reserved for stays small. */
#define BLOCK 1024

void json_write_escaped(struct buffer *out, const char *text, size_t size, bool html)
{
	while (size) {
		size_t block = size < BLOCK ? size : BLOCK, used;
		char *room = buffer_reserve(out, JSON_ESCAPED_ROOM(block));
		char *end = json_escape(room, text, block, size, html, &used);

		buffer_wrote(out, (size_t)(end - room));
		text += used;
		size -= used;
	}
}

void json_write_bytes(struct buffer *out, const char *text, size_t size, bool html)
{
	buffer_add_char(out, '"');
	json_write_escaped(out, text, size, html);
	buffer_add_char(out, '"');
}

void json_write_string(struct buffer *out, const char *text)
{
	json_write_bytes(out, text, strlen(text), false);
}

void json_write_name(struct buffer *out, const char *name)
{
	char last = out->size ? out->data[out->size - 1] : '{';

	if (last != '{' && last != '[')
		buffer_add_char(out, ',');
	json_write_string(out, name);
	buffer_add_char(out, ':');
}

void json_write_strings(struct buffer *out, const struct strings *strings)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < strings->count; i++) {
		if (i)
			buffer_add_char(out, ',');
		json_write_string(out, strings->items[i]);
	}
	buffer_add_char(out, ']');
}

/* ---- numbers ---- */

void json_write_i64(struct buffer *out, int64_t value)
{
	char digits[24];
	char *start = digits + sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		*--start = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--start = '-';
	buffer_add(out, start, (size_t)(digits + sizeof(digits) - start));
}

/* The fewest digits that read back as the same number; JSON has no NaN and no infinity. */
void json_write_f64(struct buffer *out, double value)
{
	char digits[32];

	if (value != value || value - value != 0) {
		buffer_add(out, "0", 1);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	buffer_add_text(out, digits);
}
