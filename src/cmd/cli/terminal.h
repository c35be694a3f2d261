/* The terminal we are on: its size, raw mode, and what may be drawn on it. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/* Columns of the terminal behind `fd`, or `otherwise` where it is none. */
size_t terminal_width(int fd, size_t otherwise);

/* Rows and columns; false: no terminal. */
bool terminal_size(int fd, unsigned *rows, unsigned *columns);

/* Hand every key to the container as it is.  The mode before comes back with terminal_restore, and
 * when the program ends, also by a signal that is not blocked. */
bool terminal_raw(int fd, struct error *err);
void terminal_restore(void);

/* A line that is not shown while it is typed, without its end; NULL: end of input. */
char *terminal_secret(const char *prompt);
