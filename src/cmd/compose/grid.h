/* Tables as docker-compose 1.29 prints them: titles in the middle of their columns, a rule, rows filled up to the
 * table's width; three blanks between columns. */
#pragma once

#include "base/text.h"

struct grid {
	size_t columns;
	struct strings cells; /* the titles first, row by row */
};

void grid_fini(struct grid *grid);
#define scoped_grid scoped_with(grid_fini)

struct grid grid_of(const char *const *titles, size_t columns);
/* A row's cells come one by one, from left to right. */
void grid_add(struct grid *grid, const char *cell);
void grid_write(const struct grid *grid, struct buffer *out);
