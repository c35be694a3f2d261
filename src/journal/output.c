#include "journal/output.h"

#include "base/time.h"
#include "format/json_write.h"
#include "format/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

typedef void print_entry(struct journal_printer *p, const struct journal_view *view,
			 struct buffer *out);
static print_entry print_short, print_cat, print_verbose, print_export, print_json,
	print_json_pretty, print_json_sse, print_json_seq;
static print_entry add_wall_moment, add_unix_moment, add_monotonic_moment;

/* All outputs: how an entry is printed, and in what words the moment stands in it. */
static const struct form {
	const char *name;
	print_entry *print, *add_moment;
	const char *moment; /* for strftime() */
	const char
		*fraction; /* for what stands behind the microseconds; NULL: these are not shown */
	bool markers;
} forms[JOURNAL_OUTPUTS] = {
#define SHORT(moment, fraction) print_short, add_wall_moment, moment, fraction, true
	[JOURNAL_SHORT] = {"short", SHORT("%b %d %H:%M:%S", NULL)},
	[JOURNAL_SHORT_PRECISE] = {"short-precise", SHORT("%b %d %H:%M:%S", "")},
	[JOURNAL_SHORT_ISO] = {"short-iso", SHORT("%Y-%m-%dT%H:%M:%S%z", NULL)},
	[JOURNAL_SHORT_ISO_PRECISE] = {"short-iso-precise", SHORT("%Y-%m-%dT%H:%M:%S", "%z")},
	[JOURNAL_SHORT_FULL] = {"short-full", SHORT("%a %Y-%m-%d %H:%M:%S %Z", NULL)},
	[JOURNAL_SHORT_UNIX] = {"short-unix", print_short, add_unix_moment, .markers = true},
	[JOURNAL_SHORT_MONOTONIC] = {"short-monotonic", print_short, add_monotonic_moment,
				     .markers = true},
	[JOURNAL_SHORT_DELTA] = {"short-delta", print_short, add_monotonic_moment, .markers = true},
	[JOURNAL_WITH_UNIT] = {"with-unit", SHORT("%a %Y-%m-%d %H:%M:%S %Z", NULL)},
	[JOURNAL_VERBOSE] = {"verbose", print_verbose, add_wall_moment, "%a %Y-%m-%d %H:%M:%S",
			     " %Z", true},
	[JOURNAL_EXPORT] = {"export", print_export},
	[JOURNAL_JSON] = {"json", print_json},
	[JOURNAL_JSON_PRETTY] = {"json-pretty", print_json_pretty},
	[JOURNAL_JSON_SSE] = {"json-sse", print_json_sse},
	[JOURNAL_JSON_SEQ] = {"json-seq", print_json_seq},
	[JOURNAL_CAT] = {"cat", print_cat},
};

/* ---- names ---- */

const char *journal_output_name(enum journal_output output)
{
	return forms[output].name;
}

bool journal_output_from_name(const char *name, enum journal_output *output)
{
	for (size_t i = 0; i < JOURNAL_OUTPUTS; i++) {
		if (!str_equal(forms[i].name, name))
			continue;
		*output = (enum journal_output)i;
		return true;
	}
	return false;
}

bool journal_output_has_markers(enum journal_output output)
{
	return forms[output].markers;
}

/* ---- moments ---- */

static void break_down(const struct journal_printer *p, int64_t second, struct tm *out)
{
	time_t time = (time_t)second;

	if (p->utc)
		gmtime_r(&time, out);
	else
		localtime_r(&time, out);
	if (p->utc)
		out->tm_zone = "UTC";
}

static void put_into_words(const char *format, const struct tm *parts, char *out, size_t size)
{
	if (!*format || !strftime(out, size, format, parts))
		*out = '\0';
}

/* The last second's words are kept: most entries share theirs with the one before. */
static void know_second(struct journal_printer *p, int64_t second)
{
	const struct form *form = &forms[p->output];
	struct tm parts = {0};

	if (p->has_moment && second == p->second)
		return;
	break_down(p, second, &parts);
	put_into_words(form->moment, &parts, p->moment, sizeof(p->moment));
	put_into_words(form->fraction ? form->fraction : "", &parts, p->zone, sizeof(p->zone));
	p->second = second;
	p->has_moment = true;
}

static void add_wall_moment(struct journal_printer *p, const struct journal_view *view,
			    struct buffer *out)
{
	int64_t realtime_ns = view->stored.head.realtime_ns;

	know_second(p, realtime_ns / NS_PER_SECOND);
	buffer_add_text(out, p->moment);
	if (forms[p->output].fraction)
		buffer_format(out, ".%06d%s", (int)(realtime_ns % NS_PER_SECOND / NS_PER_US),
			      p->zone);
}

static void add_seconds(struct buffer *out, int width, int64_t ns)
{
	buffer_format(out, "%*" PRId64 ".%06d", width, ns / NS_PER_SECOND,
		      (int)(ns % NS_PER_SECOND / NS_PER_US));
}

static void add_unix_moment(struct journal_printer *p, const struct journal_view *view,
			    struct buffer *out)
{
	(void)p;
	add_seconds(out, 10, view->stored.head.realtime_ns);
}

/* How long after the entry before it: of another boot that is not known. */
static void add_delta(struct journal_printer *p, const struct journal_view *view,
		      struct buffer *out)
{
	int64_t now = view->stored.head.monotonic_ns;

	if (p->has_before && memcmp(p->boot, view->file->name.boot, sizeof(p->boot)) == 0) {
		buffer_add_text(out, " <");
		add_seconds(out, 5, now > p->before_ns ? now - p->before_ns : 0);
		buffer_add_text(out, " >");
	} else {
		buffer_format(out, "%16s", "");
	}
	p->has_before = true;
	p->before_ns = now;
	memcpy(p->boot, view->file->name.boot, sizeof(p->boot));
}

static void add_monotonic_moment(struct journal_printer *p, const struct journal_view *view,
				 struct buffer *out)
{
	buffer_add_char(out, '[');
	add_seconds(out, 5, view->stored.head.monotonic_ns);
	if (p->output == JOURNAL_SHORT_DELTA)
		add_delta(p, view, out);
	buffer_add_char(out, ']');
}

/* ---- what a terminal may be shown ---- */

static bool is_control(const uint8_t *at, size_t length)
{
	if (length == 1)
		return (at[0] < ' ' && at[0] != '\t' && at[0] != '\n') || at[0] == 0x7f;
	return length == 2 && at[0] == 0xc2 && at[1] <= 0x9f;
}

/* U+FDD0 to U+FDEF, and the last two of each plane, which are no characters. */
static bool is_noncharacter(const uint8_t *at, size_t length)
{
	if (length == 3)
		return at[0] == 0xef && ((at[1] == 0xb7 && at[2] >= 0x90 && at[2] <= 0xaf) ||
					 (at[1] == 0xbf && at[2] >= 0xbe));
	return length == 4 && (at[1] & 15) == 15 && at[2] == 0xbf && at[3] >= 0xbe;
}

/* Most lines: letters of ASCII and nothing else.  Eight at a time: a byte is below 0x20, is 0x7f or has its high
 * bit when one of these sums or differences carries into its own. */
static bool is_plain(struct text_part text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t at = 0;
	uint64_t word;

	for (; text.size - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.text + at, sizeof(word));
		if ((word | (word - ones * 0x20) | (word + ones)) & high)
			return false;
	}
	for (; at < text.size; at++)
		if (text.text[at] < ' ' || text.text[at] == 0x7f)
			return false;
	return true;
}

static bool is_printable(struct text_part text)
{
	for (size_t at = 0, length; at < text.size; at += length) {
		const uint8_t *c = (const uint8_t *)text.text + at;

		length = *c < 0x80 ? 1 : utf8_length(c, text.size - at);
		if (!length || is_control(c, length) || is_noncharacter(c, length))
			return false;
	}
	return true;
}

/* The length of a sequence that only changes colours (ESC [ ... m) or a title (ESC ] ... BEL); 0: none. */
static size_t escape_length(const char *text, size_t size)
{
	size_t i = 2;

	if (size < 3 || text[0] != '\033')
		return 0;
	if (text[1] == '[') {
		while (i < size && text[i] && strchr("0123456789;", text[i]))
			i++;
		return i < size && text[i] == 'm' ? i + 1 : 0;
	}
	while (text[1] == ']' && i < size && text[i] >= ' ' && text[i] < 127)
		i++;
	return text[1] == ']' && i < size && text[i] == '\a' ? i + 1 : 0;
}

/* Carriage returns in front of a line's end. */
static size_t return_length(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && text[i] == '\r')
		i++;
	return i == size || text[i] == '\n' ? i : 0;
}

static struct text_part clean(struct journal_printer *p, struct text_part text)
{
	buffer_clear(&p->clean);
	for (size_t at = 0, skipped; at < text.size; at += skipped) {
		const char *c = text.text + at;

		skipped = *c == '\033' ? escape_length(c, text.size - at)
			  : *c == '\r' ? return_length(c, text.size - at)
				       : 0;
		if (skipped)
			continue;
		skipped = 1;
		if (*c == '\t')
			buffer_add(&p->clean, "        ", 8);
		else
			buffer_add_char(&p->clean, *c);
	}
	return (struct text_part){p->clean.data ? p->clean.data : "", p->clean.size};
}

static void add_blob(struct buffer *out, size_t size)
{
	static const char units[] = "BKMGT";
	double shown = (double)size;
	size_t unit = 0;

	for (; shown >= 1024 && unit + 1 < sizeof(units) - 1; unit++)
		shown /= 1024;
	if (unit == 0)
		buffer_format(out, "[%zuB blob data]", size);
	else
		buffer_format(out, "[%" PRIu64 ".%" PRIu64 "%c blob data]", (uint64_t)shown,
			      (uint64_t)(shown * 10) % 10, units[unit]);
}

/* Further lines begin below the first. */
static void add_lines(struct buffer *out, struct text_part text, size_t indent)
{
	const char *at = text.size ? text.text : "", *end = at + text.size;

	for (bool first = true; at < end; first = false) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		if (!first)
			buffer_format(out, "\n%*s", (int)indent, "");
		buffer_add(out, at, (size_t)(stop - at));
		at = newline ? newline + 1 : end;
	}
	buffer_add_char(out, '\n');
}

/* ---- the forms of one line ---- */

static void add_part(struct buffer *out, struct text_part part)
{
	buffer_add_char(out, ' ');
	buffer_add(out, part.text, part.size);
}

static struct text_part name_of(const struct journal_printer *p, const struct journal_view *view)
{
	struct text_part unit = {0};

	if (p->output == JOURNAL_WITH_UNIT && view->stored.head.head.transport != JOURNAL_DRIVER)
		unit = journal_origin_field(view, ORIGIN_UNIT);
	if (unit.text)
		return unit;
	if (view->stored.identifier.size)
		return view->stored.identifier;
	return view->stored.comm.size ? view->stored.comm : (struct text_part){"unknown", 7};
}

static void add_text_line(const struct journal_view *view, struct buffer *out)
{
	buffer_add(out, view->text.text, view->text.size);
	buffer_add_char(out, '\n');
}

static void print_short(struct journal_printer *p, const struct journal_view *view,
			struct buffer *out)
{
	size_t start = out->size;
	struct text_part host = p->no_hostname ? (struct text_part){0}
					       : journal_origin_field(view, ORIGIN_HOSTNAME);

	forms[p->output].add_moment(p, view, out);
	if (host.size)
		add_part(out, host);
	add_part(out, name_of(p, view));
	if (view->stored.head.pid) {
		buffer_add_char(out, '[');
		json_write_i64(out, view->stored.head.pid);
		buffer_add_char(out, ']');
	}
	buffer_add(out, ": ", 2);
	if (is_plain(view->text)) {
		add_text_line(view, out);
	} else if (is_printable(clean(p, view->text))) {
		add_lines(out, (struct text_part){p->clean.data, p->clean.size}, out->size - start);
	} else {
		add_blob(out, view->text.size);
		buffer_add_char(out, '\n');
	}
}

/* ---- the forms of all fields ---- */

static bool is_place(const struct journal_field *field)
{
	return field->name_size > 2 && memcmp(field->name, "__", 2) == 0;
}

/* What --output-fields= names; where an entry is stands everywhere. */
static bool is_asked(const struct journal_printer *p, const struct journal_field *field)
{
	const struct text_part name = {field->name, field->name_size};

	if (!p->only || !p->only->count || is_place(field) || text_part_equal(name, "_BOOT_ID"))
		return true;
	for (size_t i = 0; i < p->only->count; i++)
		if (text_part_equal(name, p->only->items[i]))
			return true;
	return false;
}

/* The message, or the fields that were asked for, a line each, in the order of the question. */
static void print_cat(struct journal_printer *p, const struct journal_view *view,
		      struct buffer *out)
{
	if (!p->only || !p->only->count) {
		add_text_line(view, out);
		return;
	}
	journal_fields_of(view, &p->fields);
	for (size_t i = 0; i < p->only->count; i++)
		for (size_t k = 0; k < p->fields.count; k++) {
			const struct journal_field *field = &p->fields.items[k];
			const struct text_part name = {field->name, field->name_size};

			if (!text_part_equal(name, p->only->items[i]))
				continue;
			buffer_add(out, field->value.text, field->value.size);
			buffer_add_char(out, '\n');
		}
}

static void add_verbose_field(const struct journal_field *field, struct buffer *out)
{
	buffer_format(out, "    %.*s=", (int)field->name_size, field->name);
	if (is_printable(field->value)) {
		add_lines(out, field->value, field->name_size + 5);
	} else {
		add_blob(out, field->value.size);
		buffer_add_char(out, '\n');
	}
}

static void print_verbose(struct journal_printer *p, const struct journal_view *view,
			  struct buffer *out)
{
	journal_fields_of(view, &p->fields);
	add_wall_moment(p, view, out);
	buffer_format(out, " [%s]\n", p->fields.cursor);
	for (size_t i = 0; i < p->fields.count; i++)
		if (!is_place(&p->fields.items[i]) && is_asked(p, &p->fields.items[i]))
			add_verbose_field(&p->fields.items[i], out);
}

/* Values of several lines, or with bytes that are no text, have their size in front. */
static void add_export_field(const struct journal_field *field, struct buffer *out)
{
	const struct text_part value = field->value;

	buffer_add(out, field->name, field->name_size);
	if (is_printable(value) && !(value.size && memchr(value.text, '\n', value.size))) {
		buffer_add_char(out, '=');
	} else {
		uint64_t size = value.size; /* the file's order of bytes is the form's */

		buffer_add_char(out, '\n');
		buffer_add(out, (const char *)&size, sizeof(size));
	}
	buffer_add(out, value.text, value.size);
	buffer_add_char(out, '\n');
}

static void print_export(struct journal_printer *p, const struct journal_view *view,
			 struct buffer *out)
{
	journal_fields_of(view, &p->fields);
	for (size_t i = 0; i < p->fields.count; i++)
		if (is_asked(p, &p->fields.items[i]))
			add_export_field(&p->fields.items[i], out);
	buffer_add_char(out, '\n');
}

/* ---- JSON ---- */

static void add_json_value(struct buffer *out, struct text_part value)
{
	if (is_printable(value)) {
		json_write_bytes(out, value.text, value.size, false);
		return;
	}
	buffer_add_char(out, '[');
	for (size_t i = 0; i < value.size; i++)
		buffer_format(out, i ? ",%u" : "%u", (unsigned char)value.text[i]);
	buffer_add_char(out, ']');
}

static void add_json_fields(struct journal_printer *p, const struct journal_view *view,
			    const char *comma, const char *colon, struct buffer *out)
{
	bool first = true;

	journal_fields_of(view, &p->fields);
	for (size_t i = 0; i < p->fields.count; i++) {
		const struct journal_field *field = &p->fields.items[i];

		if (!is_asked(p, field))
			continue;
		buffer_add_text(out, first ? comma + 1 : comma);
		json_write_bytes(out, field->name, field->name_size, false);
		buffer_add_text(out, colon);
		add_json_value(out, field->value);
		first = false;
	}
}

static void print_json(struct journal_printer *p, const struct journal_view *view,
		       struct buffer *out)
{
	buffer_add_char(out, '{');
	add_json_fields(p, view, ",", ":", out);
	buffer_add_text(out, "}\n");
}

static void print_json_pretty(struct journal_printer *p, const struct journal_view *view,
			      struct buffer *out)
{
	buffer_add_char(out, '{');
	add_json_fields(p, view, ",\n\t", " : ", out);
	buffer_add_text(out, "\n}\n");
}

/* Server-sent events; a sequence of RFC 7464. */
static void print_json_sse(struct journal_printer *p, const struct journal_view *view,
			   struct buffer *out)
{
	buffer_add_text(out, "data: ");
	print_json(p, view, out);
	buffer_add_char(out, '\n');
}

static void print_json_seq(struct journal_printer *p, const struct journal_view *view,
			   struct buffer *out)
{
	buffer_add_char(out, '\x1e');
	print_json(p, view, out);
}

void journal_print(struct journal_printer *p, const struct journal_view *view, struct buffer *out)
{
	forms[p->output].print(p, view, out);
}

void journal_printer_fini(struct journal_printer *p)
{
	buffer_fini(&p->clean);
}
