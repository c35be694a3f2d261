/* The append-only half of json.h, without jansson, so that the static shim can have it. */
#include "format/json_write.h"

#include "format/json_scan.h"

/* Length of the well-formed UTF-8 sequence at the front, 0 when there is none (RFC 3629: no
 * overlong forms, no surrogates, nothing past U+10FFFF). */
static size_t utf8_length(const uint8_t *text, size_t size)
{
	static const struct {
		uint8_t first, last;		/* leading byte */
		uint8_t second_min, second_max; /* the byte behind it */
		uint8_t length;
	} forms[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < array_length(forms); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (size < forms[i].length || text[1] < forms[i].second_min ||
		    text[1] > forms[i].second_max)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* U+2028 and U+2029 end lines in JavaScript; Go escapes them always. */
static bool is_line_separator(const uint8_t *text, size_t length)
{
	return length == 3 && text[0] == 0xe2 && text[1] == 0x80 && (text[2] & 0xfe) == 0xa8;
}

/* Append what stands at the front and is not ASCII; returns how many bytes it took. */
static size_t write_beyond_ascii(struct buffer *out, const char *text, size_t size)
{
	size_t length = utf8_length((const uint8_t *)text, size);

	if (length == 0) {
		buffer_add(out, "\\ufffd", 6);
		return 1;
	}
	if (is_line_separator((const uint8_t *)text, length))
		buffer_add(out, text[2] & 1 ? "\\u2029" : "\\u2028", 6);
	else
		buffer_add(out, text, length);
	return length;
}

static void write_escape(struct buffer *out, char c)
{
	static const char named[] = "\"\"\\\\\nn\rr\tt\bb\ff";

	for (const char *n = named; *n; n += 2) {
		if (*n == c) {
			buffer_add(out, (char[]){'\\', n[1]}, 2);
			return;
		}
	}
	buffer_format(out, "\\u%04x", (unsigned)(unsigned char)c);
}

void json_write_escaped(struct buffer *out, const char *text, size_t size, bool html)
{
	while (size) {
		size_t used = json_plain_length(text, size, html);

		if (used)
			buffer_add(out, text, used);
		else if ((uint8_t)*text >= 0x80)
			used = write_beyond_ascii(out, text, size);
		else
			write_escape(out, text[used++]);
		text += used;
		size -= used;
	}
}

void json_write_bytes(struct buffer *out, const char *text, size_t size, bool html)
{
	size_t plain = json_plain_length(text, size, html);
	char *room = buffer_reserve(out, plain + 2);

	*room = '"';
	memcpy(room + 1, text, plain);
	if (plain == size) { /* nearly always: one reserve, one copy */
		room[plain + 1] = '"';
		buffer_wrote(out, plain + 2);
		return;
	}
	buffer_wrote(out, plain + 1);
	json_write_escaped(out, text + plain, size - plain, html);
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
