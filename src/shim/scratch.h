/* The large buffer that input and output pass through.  It exists only while there is something to do,
 * so that an idle shim is small. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SCRATCH_SIZE = 256 << 10 };

/* Holds what was just read, until the next call. */
char *scratch_area(void);

/* Give the memory back, unless it was used since the last call; whether it is still there. */
bool scratch_release(void);
