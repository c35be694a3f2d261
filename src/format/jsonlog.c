#include "format/jsonlog.h"

#include "base/byte.h"
#include "format/json_escape.h"
#include "format/utf8.h"

#include <stdio.h>

/* ---- writing ----
 *
 * All that follows the text of a line is the same for all lines of one read, so it is kept ready
 * and only the digits of the time are changed in place. */

#define HEAD		"{\"log\":\""
#define HEAD_LENGTH	8
#define TIME_LENGTH	30 /* 2023-01-02T03:04:05.678901234Z */
#define OWN_TAIL_LENGTH 27 /* ,"stream":"stdout","time":" */
#define AFTER_TIME	"\"}\n"
#define AFTER_LENGTH	3

void jsonlog_encoder_init(struct jsonlog_encoder *encoder, const char *attrs)
{
	static const char *const names[] = {"stdout", "stderr"};

	*encoder = (struct jsonlog_encoder){.time_ns = -1};
	for (size_t i = 0; i < array_length(names); i++) {
		buffer_format(&encoder->tails[i],
			      "\",\"stream\":\"%s\",%s%s\"time\":\"1970-01-01T00:00:00."
			      "000000000Z" AFTER_TIME,
			      names[i], attrs ? attrs : "", attrs ? "," : "");
		memset(buffer_reserve(&encoder->tails[i], JSON_LANES), 0, JSON_LANES);
	}
	jsonlog_set_time(encoder, 0);
}

void jsonlog_encoder_fini(struct jsonlog_encoder *encoder)
{
	buffer_fini(&encoder->tails[0]);
	buffer_fini(&encoder->tails[1]);
}

static void put_time(struct buffer *tail, size_t offset, const char *text, size_t size)
{
	memcpy(tail->data + tail->size - AFTER_LENGTH - TIME_LENGTH + offset, text, size);
}

static void set_whole_time(struct jsonlog_encoder *encoder, int64_t ns)
{
	char text[TIME_TEXT_SIZE];

	time_to_text_fixed(ns, text);
	put_time(&encoder->tails[0], 0, text, TIME_LENGTH);
	put_time(&encoder->tails[1], 0, text, TIME_LENGTH);
}

/* The nine digits behind the point. */
static void set_fraction(struct jsonlog_encoder *encoder, uint32_t fraction)
{
	char digits[9];

	for (size_t i = sizeof(digits); i-- > 0; fraction /= 10)
		digits[i] = (char)('0' + fraction % 10);
	put_time(&encoder->tails[0], TIME_LENGTH - 10, digits, sizeof(digits));
	put_time(&encoder->tails[1], TIME_LENGTH - 10, digits, sizeof(digits));
}

void jsonlog_set_time(struct jsonlog_encoder *encoder, int64_t ns)
{
	if (ns / NS_PER_SECOND != encoder->time_ns / NS_PER_SECOND || ns <= 0)
		set_whole_time(encoder, ns);
	else if (ns != encoder->time_ns)
		set_fraction(encoder, (uint32_t)(ns % NS_PER_SECOND));
	encoder->time_ns = ns;
}

/* In whole vectors: some bytes behind the tail are read, and written. */
static char *put_tail(char *to, const struct buffer *tail)
{
	for (size_t done = 0; done < tail->size; done += JSON_LANES) {
		json_vector bytes = json_load(tail->data + done);

		memcpy(to + done, &bytes, sizeof(bytes));
	}
	return to + tail->size;
}

/* The object of the first line, or of all of `size` bytes when no line ends in them; with `whole` only
 * that of a line.  How many bytes that took. */
static size_t encode_piece(struct jsonlog_encoder *encoder, enum stream_kind stream,
			   const char *text, size_t size, bool whole, struct buffer *out)
{
	const struct buffer *tail = &encoder->tails[stream == STREAM_STDERR];
	char *room = buffer_reserve(out, HEAD_LENGTH + JSON_ESCAPED_ROOM(size) + tail->size +
						 JSON_LANES);
	size_t used;

	memcpy(room, HEAD, HEAD_LENGTH);
	char *end = json_escape_line(room + HEAD_LENGTH, text, size, &used);
	if (whole && text[used - 1] != '\n')
		used = 0;
	buffer_wrote(out, used ? (size_t)(put_tail(end, tail) - room) : 0);
	return used;
}

/* How much of `size` bytes to take so that no sequence of UTF-8 is cut in two: an incomplete one at
 * the end is left for the next piece. */
static size_t whole_characters(const char *data, size_t size)
{
	size_t back = 1;

	while (back < 4 && ((uint8_t)data[size - back] & 0xc0) == 0x80)
		back++;
	uint8_t first = (uint8_t)data[size - back];
	size_t needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	return needed > back ? size - back : size;
}

size_t jsonlog_encode(struct jsonlog_encoder *encoder, enum stream_kind stream, const char *data,
		      size_t size, struct buffer *out)
{
	size_t done = 0;

	while (done < size) {
		bool fills_piece = size - done >= JSONLOG_PIECE;
		size_t length =
			fills_piece ? whole_characters(data + done, JSONLOG_PIECE) : size - done;
		size_t used = encode_piece(encoder, stream, data + done, length, !fills_piece, out);

		if (used == 0)
			break;
		done += used;
	}
	return done;
}

void jsonlog_encode_rest(struct jsonlog_encoder *encoder, enum stream_kind stream, const char *data,
			 size_t size, struct buffer *out)
{
	if (size)
		encode_piece(encoder, stream, data, size, false, out);
}

/* ---- reading ----
 *
 * The members of one object in any order.  The text is unescaped straight into the caller's buffer,
 * sixteen bytes at a time like json_escape does it the other way. */

struct cursor {
	const char *at, *end;
};

static bool skip(struct cursor *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

/* Four digits behind \u; -1: there are none. */
static int32_t read_code_unit(struct cursor *c)
{
	int32_t unit = 0;

	if (c->end - c->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = byte_hex_value(*c->at++);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* The low half of a surrogate pair, when it follows. */
static bool read_low_surrogate(struct cursor *c, int32_t *low)
{
	struct cursor ahead = *c;

	if (!skip(&ahead, '\\') || !skip(&ahead, 'u'))
		return false;
	*low = read_code_unit(&ahead);
	if (*low < 0xdc00 || *low > 0xdfff)
		return false;
	*c = ahead;
	return true;
}

/* Behind \u; half a surrogate pair is U+FFFD. */
static bool read_unicode(struct cursor *c, char **to)
{
	int32_t unit = read_code_unit(c), low;

	if (unit < 0)
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff && read_low_surrogate(c, &low))
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	else if (unit >= 0xd800 && unit <= 0xdfff)
		unit = 0xfffd;
	*to = utf8_put(*to, (uint32_t)unit);
	return true;
}

/* Behind a backslash. */
static bool read_escape(struct cursor *c, char **to)
{
	static const char meanings[128] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['n'] = '\n',
		['r'] = '\r', ['t'] = '\t',  ['b'] = '\b', ['f'] = '\f',
	};

	if (c->at == c->end)
		return false;
	uint8_t name = (uint8_t)*c->at++;
	if (name == 'u')
		return read_unicode(c, to);
	if (name >= sizeof(meanings) || !meanings[name])
		return false;
	*(*to)++ = meanings[name];
	return true;
}

static json_vector marked_lanes(json_vector bytes)
{
	return (json_vector)((bytes == '"') | (bytes == '\\'));
}

/* Copy up to the next quote or backslash. */
static void copy_plain(struct cursor *c, char **to)
{
	while (c->end - c->at >= (ptrdiff_t)JSON_LANES) {
		json_vector bytes = json_load(c->at);
		memcpy(*to, &bytes, sizeof(bytes));
		size_t plain = json_first_lane(marked_lanes(bytes));
		c->at += plain;
		*to += plain;
		if (plain < JSON_LANES)
			return;
	}
	while (c->at < c->end && *c->at != '"' && *c->at != '\\')
		*(*to)++ = *c->at++;
}

/* The same without copying. */
static void skip_plain(struct cursor *c)
{
	while (c->end - c->at >= (ptrdiff_t)JSON_LANES) {
		size_t plain = json_first_lane(marked_lanes(json_load(c->at)));
		c->at += plain;
		if (plain < JSON_LANES)
			return;
	}
	while (c->at < c->end && *c->at != '"' && *c->at != '\\')
		c->at++;
}

/* A string from its opening quote on, unescaped to *to. */
static bool read_string(struct cursor *c, char **to)
{
	if (!skip(c, '"'))
		return false;
	for (;;) {
		copy_plain(c, to);
		if (c->at == c->end)
			return false;
		if (*c->at++ == '"')
			return true;
		if (!read_escape(c, to))
			return false;
	}
}

/* A string that nobody unescapes: a name, a time. */
static bool read_span(struct cursor *c, const char **span, size_t *size)
{
	if (!skip(c, '"'))
		return false;
	*span = c->at;
	for (skip_plain(c); c->end - c->at > 1 && *c->at == '\\'; skip_plain(c))
		c->at += 2;
	*size = (size_t)(c->at - *span);
	return skip(c, '"');
}

/* An object, or any other value that we do not know: up to the comma or brace that ends it. */
static bool skip_value(struct cursor *c)
{
	const char *ignored;
	size_t size, depth = 0;

	while (c->at < c->end) {
		if (depth == 0 && (*c->at == ',' || *c->at == '}'))
			return true;
		if (*c->at == '"') {
			if (!read_span(c, &ignored, &size))
				return false;
			continue;
		}
		depth += *c->at == '{' || *c->at == '[';
		depth -= depth && (*c->at == '}' || *c->at == ']');
		c->at++;
	}
	return false;
}

static bool read_stream(struct cursor *c, struct jsonlog_entry *entry)
{
	const char *name;
	size_t size;

	if (!read_span(c, &name, &size))
		return false;
	bool is_err = size == 6 && memcmp(name, "stderr", 6) == 0;
	entry->stream = is_err ? STREAM_STDERR : STREAM_STDOUT;
	return true;
}

static bool read_attrs(struct cursor *c, struct jsonlog_entry *entry)
{
	entry->attrs = c->at;
	bool done = skip_value(c);
	entry->attrs_size = (size_t)(c->at - entry->attrs);
	return done;
}

static bool is_name(const char *name, size_t size, const char *expected)
{
	return size == strlen(expected) && memcmp(name, expected, size) == 0;
}

static bool read_member(struct cursor *c, struct jsonlog_entry *entry, char **to)
{
	const char *name;
	size_t size;

	if (!read_span(c, &name, &size) || !skip(c, ':'))
		return false;
	if (is_name(name, size, "log"))
		return read_string(c, to);
	if (is_name(name, size, "stream"))
		return read_stream(c, entry);
	if (is_name(name, size, "time"))
		return read_span(c, &entry->time, &entry->time_size);
	if (is_name(name, size, "attrs"))
		return read_attrs(c, entry);
	return skip_value(c);
}

/* What follows the text in a line of our own without attrs is the same bytes but for the time: one
 * look instead of four names and values. */
static bool read_own_tail(struct cursor *c, struct jsonlog_entry *entry)
{
	static const char tails[2][OWN_TAIL_LENGTH + 1] = {
		",\"stream\":\"stdout\",\"time\":\"",
		",\"stream\":\"stderr\",\"time\":\"",
	};
	const char *time = c->at + OWN_TAIL_LENGTH;

	if (c->end - c->at != OWN_TAIL_LENGTH + TIME_LENGTH + 2 || c->end[-2] != '"' ||
	    c->end[-1] != '}' || memchr(time, '"', TIME_LENGTH) || memchr(time, '\\', TIME_LENGTH))
		return false;
	for (size_t i = 0; i < array_length(tails); i++) {
		if (memcmp(c->at, tails[i], OWN_TAIL_LENGTH) != 0)
			continue;
		entry->stream = i ? STREAM_STDERR : STREAM_STDOUT;
		entry->time = time;
		entry->time_size = TIME_LENGTH;
		c->at = c->end;
		return true;
	}
	return false;
}

static bool read_members(struct cursor *c, struct jsonlog_entry *entry, char **to)
{
	do
		if (!read_member(c, entry, to))
			return false;
	while (skip(c, ','));
	return skip(c, '}') && c->at == c->end;
}

static bool read_object(struct cursor *c, struct jsonlog_entry *entry, char **to)
{
	if (c->end - c->at < HEAD_LENGTH || memcmp(c->at, HEAD, HEAD_LENGTH) != 0)
		return skip(c, '{') && read_members(c, entry, to);
	c->at += HEAD_LENGTH - 1; /* its quote */
	if (!read_string(c, to))
		return false;
	if (read_own_tail(c, entry))
		return true;
	if (skip(c, ','))
		return read_members(c, entry, to);
	return skip(c, '}') && c->at == c->end;
}

size_t jsonlog_decode(const char *data, size_t size, struct buffer *out,
		      struct jsonlog_entry *entry)
{
	const char *newline = size ? memchr(data, '\n', size) : NULL;

	if (!newline)
		return 0;
	size_t length = (size_t)(newline - data);
	struct cursor c = {data, newline};
	char *room = buffer_reserve(out, length + JSON_LANES), *to = room;
	*entry = (struct jsonlog_entry){.stream = STREAM_STDOUT};
	entry->valid = read_object(&c, entry, &to);
	entry->text_size = entry->valid ? (size_t)(to - room) : 0;
	buffer_wrote(out, entry->text_size);
	return length + 1;
}

bool jsonlog_entry_time(const struct jsonlog_entry *entry, int64_t *ns)
{
	char text[TIME_TEXT_SIZE] = "";

	if (entry->time_size == 0 || entry->time_size >= sizeof(text))
		return false;
	memcpy(text, entry->time, entry->time_size);
	return time_from_text(text, ns);
}

const char *jsonlog_entry_time_text(const struct jsonlog_entry *entry,
				    char out[static TIME_TEXT_SIZE])
{
	int64_t ns;

	*out = '\0';
	if (entry->time_size == TIME_LENGTH && entry->time[TIME_LENGTH - 1] == 'Z') {
		memcpy(out, entry->time, TIME_LENGTH);
		out[TIME_LENGTH] = '\0';
	} else if (jsonlog_entry_time(entry, &ns)) {
		time_to_text_fixed(ns, out);
	}
	return out;
}
