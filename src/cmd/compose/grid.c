#include "cmd/compose/grid.h"

#include "cmd/cli/table.h"

enum { GAP = 3 };

void grid_fini(struct grid *grid)
{
	strings_fini(&grid->cells);
}

struct grid grid_of(const char *const *titles, size_t columns)
{
	struct grid grid = {.columns = columns};

	for (size_t i = 0; i < columns; i++)
		strings_add(&grid.cells, titles[i]);
	return grid;
}

void grid_add(struct grid *grid, const char *cell)
{
	strings_add(&grid->cells, cell);
}

static size_t width_of(const char *cell)
{
	return text_width(cell, strlen(cell));
}

static size_t *measure(const struct grid *grid)
{
	size_t *widths = mem_zeroed(grid->columns, sizeof(*widths));

	for (size_t i = 0; i < grid->cells.count; i++) {
		size_t width = width_of(grid->cells.items[i]);

		if (width > widths[i % grid->columns])
			widths[i % grid->columns] = width;
	}
	return widths;
}

static void add_blanks(struct buffer *out, char c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_add_char(out, c);
}

static void add_cell(struct buffer *out, const char *cell, size_t width, bool centred)
{
	size_t fill = width - width_of(cell), left = centred ? fill / 2 : 0;

	add_blanks(out, ' ', left);
	buffer_add_text(out, cell);
	add_blanks(out, ' ', fill - left);
}

void grid_write(const struct grid *grid, struct buffer *out)
{
	size_t *widths = measure(grid);
	size_t all = (grid->columns - 1) * GAP;

	for (size_t i = 0; i < grid->columns; i++)
		all += widths[i];
	for (size_t i = 0; i < grid->cells.count; i++) {
		size_t column = i % grid->columns;

		if (column)
			add_blanks(out, ' ', GAP);
		add_cell(out, grid->cells.items[i], widths[column], i < grid->columns);
		if (column + 1 < grid->columns)
			continue;
		buffer_add_char(out, '\n');
		if (i < grid->columns) {
			add_blanks(out, '-', all);
			buffer_add_char(out, '\n');
		}
	}
	free(widths);
}
