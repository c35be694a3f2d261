#include "journal/output.h"

#include "base/time.h"
#include "format/json_write.h"
#include "format/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* ---- names ---- */

static const char *const names[JOURNAL_OUTPUTS] = {
	[JOURNAL_SHORT] = "short",
	[JOURNAL_SHORT_ISO] = "short-iso",
	[JOURNAL_SHORT_FULL] = "short-full",
	[JOURNAL_JSON] = "json",
	[JOURNAL_CAT] = "cat",
	[JOURNAL_WITH_UNIT] = "with-unit",
	[JOURNAL_VERBOSE] = "verbose",
};

const char *journal_output_name(enum journal_output output)
{
	return names[output];
}

bool journal_output_from_name(const char *name, enum journal_output *output)
{
	for (size_t i = 0; i < JOURNAL_OUTPUTS; i++) {
		if (!str_equal(names[i], name))
			continue;
		*output = (enum journal_output)i;
		return true;
	}
	return false;
}

bool journal_output_has_markers(enum journal_output output)
{
	return output != JOURNAL_JSON && output != JOURNAL_CAT;
}

/* ---- moments ---- */

static const char *moment_format(enum journal_output output)
{
	switch (output) {
	case JOURNAL_SHORT_ISO:
		return "%Y-%m-%dT%H:%M:%S%z";
	case JOURNAL_SHORT_FULL:
	case JOURNAL_WITH_UNIT:
		return "%a %Y-%m-%d %H:%M:%S %Z";
	case JOURNAL_VERBOSE: /* the part of a second is put in between */
		return "%a %Y-%m-%d %H:%M:%S";
	case JOURNAL_SHORT:
	case JOURNAL_JSON:
	case JOURNAL_CAT:
	case JOURNAL_OUTPUTS:
	default:
		return "%b %d %H:%M:%S";
	}
}

static void break_down(const struct journal_printer *p, int64_t second, struct tm *out)
{
	time_t time = (time_t)second;

	if (p->utc)
		gmtime_r(&time, out);
	else
		localtime_r(&time, out);
}

static const char *moment_of(struct journal_printer *p, int64_t realtime_ns)
{
	int64_t second = realtime_ns / NS_PER_SECOND;
	struct tm parts = {0};

	if (p->has_moment && second == p->second)
		return p->moment;
	break_down(p, second, &parts);
	if (p->utc)
		parts.tm_zone = "UTC";
	if (!strftime(p->moment, sizeof(p->moment), moment_format(p->output), &parts))
		p->moment[0] = '\0';
	p->second = second;
	p->has_moment = true;
	return p->moment;
}

static void add_moment_with_us(struct journal_printer *p, int64_t realtime_ns, struct buffer *out)
{
	struct tm parts = {0};

	break_down(p, realtime_ns / NS_PER_SECOND, &parts);
	buffer_format(out, "%s.%06d %s", moment_of(p, realtime_ns),
		      (int)(realtime_ns % NS_PER_SECOND / 1000),
		      p->utc || !parts.tm_zone ? "UTC" : parts.tm_zone);
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

static void print_cat(struct journal_printer *p, const struct journal_view *view,
		      struct buffer *out)
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

	buffer_add_text(out, moment_of(p, view->stored.head.realtime_ns));
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
		print_cat(p, view, out);
	} else if (is_printable(clean(p, view->text))) {
		add_lines(out, (struct text_part){p->clean.data, p->clean.size}, out->size - start);
	} else {
		add_blob(out, view->text.size);
		buffer_add_char(out, '\n');
	}
}

/* ---- the forms of all fields ---- */

static void print_verbose(struct journal_printer *p, const struct journal_view *view,
			  struct buffer *out)
{
	journal_fields_of(view, &p->fields);
	add_moment_with_us(p, view->stored.head.realtime_ns, out);
	buffer_format(out, " [%s]\n", p->fields.cursor);
	for (size_t i = 0; i < p->fields.count; i++) {
		const struct journal_field *field = &p->fields.items[i];

		if (field->name_size > 2 && memcmp(field->name, "__", 2) == 0)
			continue;
		buffer_format(out, "    %.*s=", (int)field->name_size, field->name);
		if (is_printable(field->value)) {
			add_lines(out, field->value, field->name_size + 5);
		} else {
			add_blob(out, field->value.size);
			buffer_add_char(out, '\n');
		}
	}
}

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

static void print_json(struct journal_printer *p, const struct journal_view *view,
		       struct buffer *out)
{
	journal_fields_of(view, &p->fields);
	buffer_add_char(out, '{');
	for (size_t i = 0; i < p->fields.count; i++) {
		const struct journal_field *field = &p->fields.items[i];

		if (i)
			buffer_add_char(out, ',');
		json_write_bytes(out, field->name, field->name_size, false);
		buffer_add_char(out, ':');
		add_json_value(out, field->value);
	}
	buffer_add_text(out, "}\n");
}

void journal_print(struct journal_printer *p, const struct journal_view *view, struct buffer *out)
{
	static void (*const prints[JOURNAL_OUTPUTS])(
		struct journal_printer *, const struct journal_view *, struct buffer *) = {
		[JOURNAL_SHORT] = print_short,	    [JOURNAL_SHORT_ISO] = print_short,
		[JOURNAL_SHORT_FULL] = print_short, [JOURNAL_WITH_UNIT] = print_short,
		[JOURNAL_JSON] = print_json,	    [JOURNAL_CAT] = print_cat,
		[JOURNAL_VERBOSE] = print_verbose,
	};

	prints[p->output](p, view, out);
}

void journal_printer_fini(struct journal_printer *p)
{
	buffer_fini(&p->clean);
}
