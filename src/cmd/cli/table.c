/* Widths are found from the bottom up: the width of column c in line i is the widest cell of the
 * run of lines that share it, so for each line and column the run is walked once, when it begins.
 */
#include "cmd/cli/table.h"

const struct table_shape table_listing = {10, 3};
const struct table_shape table_processes = {20, 3};

struct line {
	struct strings cells;
	size_t *widths; /* owned; one for each cell but the last */
};

struct lines {
	struct line *items;
	size_t count, capacity;
};

size_t text_width(const char *text, size_t size)
{
	size_t width = 0;

	for (size_t i = 0; i < size; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static bool has_column(const struct lines *lines, size_t line, size_t column)
{
	return line < lines->count && column + 1 < lines->items[line].cells.count;
}

/* The run of lines from `first` on that have the column gets its width. */
static void measure_run(struct lines *lines, size_t first, size_t column,
			const struct table_shape *shape)
{
	size_t width = shape->least, end = first;

	for (; has_column(lines, end, column); end++) {
		const char *cell = lines->items[end].cells.items[column];
		size_t wanted = text_width(cell, strlen(cell)) + shape->padding;

		if (wanted > width)
			width = wanted;
	}
	for (size_t i = first; i < end; i++)
		lines->items[i].widths[column] = width;
}

static void measure(struct lines *lines, const struct table_shape *shape)
{
	for (size_t i = 0; i < lines->count; i++)
		for (size_t column = 0; has_column(lines, i, column); column++)
			if (!i || !has_column(lines, i - 1, column))
				measure_run(lines, i, column, shape);
}

static void write_line(const struct line *line, struct buffer *out)
{
	for (size_t i = 0; i < line->cells.count; i++) {
		const char *cell = line->cells.items[i];

		buffer_add_text(out, cell);
		if (i + 1 < line->cells.count)
			buffer_format(out, "%*s",
				      (int)(line->widths[i] - text_width(cell, strlen(cell))), "");
	}
}

static struct lines split_lines(const char *text)
{
	scoped_strings struct strings rows = strings_split(text, '\n');
	struct lines lines = {0};

	for (size_t i = 0; i < rows.count; i++) {
		struct line line = {.cells = strings_split(rows.items[i], '\t')};

		line.widths = mem_zeroed(line.cells.count, sizeof(size_t));
		vector_add(&lines, line);
	}
	return lines;
}

void table_align(const char *cells, const struct table_shape *shape, struct buffer *out)
{
	struct lines lines = split_lines(cells);

	measure(&lines, shape);
	for (size_t i = 0; i < lines.count; i++) {
		write_line(&lines.items[i], out);
		if (i + 1 < lines.count)
			buffer_add_char(out, '\n');
		strings_fini(&lines.items[i].cells);
		free(lines.items[i].widths);
	}
	vector_fini(&lines);
}
