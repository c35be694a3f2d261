#include "format/diagnostic.h"

#include <stdio.h>

/* ---- collecting ---- */

enum { DIAGNOSTIC_TEXT_LIMIT = 2000 };

static char *short_path(const char *path)
{
	return path ? str_dup_n(path, strnlen(path, DIAGNOSTIC_TEXT_LIMIT)) : NULL;
}

static bool is_same(const struct diagnostic *a, const struct diagnostic *b)
{
	return a->level == b->level && a->place.line == b->place.line &&
	       a->place.column == b->place.column && str_equal(a->place.file, b->place.file) &&
	       str_equal(a->path, b->path) && strcmp(a->text, b->text) == 0;
}

static void drop(struct diagnostic *diagnostic)
{
	free(diagnostic->path);
	free(diagnostic->text);
}

static const char *keep_file(struct diagnostics *diagnostics, const char *file)
{
	struct strings *files = &diagnostics->files;

	if (!file)
		return NULL;
	for (size_t i = files->count; i > 0; i--)
		if (strcmp(files->items[i - 1], file) == 0)
			return files->items[i - 1];
	strings_add(files, file);
	return files->items[files->count - 1];
}

/* An error is worth more than a warning: one of those goes. */
static bool make_room(struct diagnostics *diagnostics, enum diagnostic_level level)
{
	if (diagnostics->count < DIAGNOSTICS_LIMIT)
		return true;
	diagnostics->dropped++;
	for (size_t i = diagnostics->count; i > 0 && level == DIAGNOSTIC_ERROR; i--) {
		if (diagnostics->items[i - 1].level == DIAGNOSTIC_ERROR)
			continue;
		drop(&diagnostics->items[i - 1]);
		vector_remove(diagnostics, i - 1);
		return true;
	}
	return false;
}

static void add(struct diagnostics *diagnostics, struct diagnostic item)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		if (is_same(&diagnostics->items[i], &item)) {
			drop(&item);
			return;
		}
	}
	diagnostics->errors += item.level == DIAGNOSTIC_ERROR;
	if (!make_room(diagnostics, item.level)) {
		drop(&item);
		return;
	}
	item.place.file = keep_file(diagnostics, item.place.file);
	vector_add(diagnostics, item);
}

static char *format_text(const char *format, va_list args)
{
	struct buffer text = {0};

	buffer_format_v(&text, format, args);
	if (text.size > DIAGNOSTIC_TEXT_LIMIT) { /* a value of a megabyte is quoted */
		text.size = DIAGNOSTIC_TEXT_LIMIT;
		buffer_add_text(&text, " ...");
	}
	return buffer_take(&text);
}

bool diagnostics_error(struct diagnostics *diagnostics, struct place place, const char *path,
		       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diagnostics, (struct diagnostic){DIAGNOSTIC_ERROR, place, short_path(path),
					     format_text(format, args)});
	va_end(args);
	return false;
}

void diagnostics_warn(struct diagnostics *diagnostics, struct place place, const char *path,
		      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diagnostics, (struct diagnostic){DIAGNOSTIC_WARNING, place, short_path(path),
					     format_text(format, args)});
	va_end(args);
}

void diagnostics_fini(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		drop(&diagnostics->items[i]);
	free(diagnostics->items);
	strings_fini(&diagnostics->files);
	*diagnostics = (struct diagnostics){0};
}

/* ---- showing ---- */

enum { SHOWN = 200, SHOWN_BEFORE = 120 }; /* bytes of a line */

struct line {
	const char *text;
	size_t size;
};

static bool find_line(const char *source, size_t size, uint32_t number, struct line *line)
{
	const char *end = source + size;

	for (uint32_t i = 1; i < number; i++) {
		const char *feed = memchr(source, '\n', (size_t)(end - source));

		if (!feed)
			return false;
		source = feed + 1;
	}
	const char *feed = memchr(source, '\n', (size_t)(end - source));
	line->text = source;
	line->size = (size_t)((feed ? feed : end) - source);
	if (line->size && line->text[line->size - 1] == '\r')
		line->size--;
	return true;
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Where a column begins, in bytes. */
static size_t column_offset(const struct line *line, uint32_t column)
{
	size_t at = 0;

	for (uint32_t i = 1; i < column && at < line->size; i++)
		for (at++; at < line->size && continues(line->text[at]);)
			at++;
	return at;
}

/* What a terminal might obey becomes a question mark; tabs stay, so that the caret stands right. */
static void add_shown(const char *text, size_t size, struct buffer *out)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		buffer_add_char(out, (byte < 0x20 && byte != '\t') || byte == 0x7f ? '?' : text[i]);
	}
}

static void add_caret(const struct line *line, size_t from, size_t at, struct buffer *out)
{
	buffer_add_text(out, "  ");
	for (size_t i = from; i < at; i++)
		if (!continues(line->text[i]))
			buffer_add_char(out, line->text[i] == '\t' ? '\t' : ' ');
	buffer_add_text(out, "^\n");
}

static void add_line(const struct line *line, uint32_t column, struct buffer *out)
{
	size_t at = column_offset(line, column), from = 0, to = line->size;

	if (line->size > SHOWN) {
		from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
		to = from + SHOWN < line->size ? from + SHOWN : line->size;
		while (from < at && continues(line->text[from]))
			from++;
		while (to > at && to < line->size && continues(line->text[to]))
			to--;
	}
	buffer_add_text(out, "  ");
	add_shown(line->text + from, to - from, out);
	buffer_add_char(out, '\n');
	add_caret(line, from, at, out);
}

void diagnostic_write(const struct diagnostic *diagnostic, const char *source, size_t size,
		      struct buffer *out)
{
	const struct place *place = &diagnostic->place;
	struct line line;

	if (place->file && place->line)
		buffer_format(out, "%s:%u:%u: ", place->file, place->line, place->column);
	else if (place->file)
		buffer_format(out, "%s: ", place->file);
	if (diagnostic->path)
		buffer_format(out, "%s: ", diagnostic->path);
	buffer_format(out, "%s\n", diagnostic->text);
	if (source && place->line && find_line(source, size, place->line, &line) && line.size)
		add_line(&line, place->column, out);
}
