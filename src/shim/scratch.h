/* The large buffers that output passes through.  They exist only while there is something to do, so
 * that an idle shim is small. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	SCRATCH_INPUT_SIZE = 256 << 10,
	SCRATCH_OUTPUT_SIZE = 512 << 10,
};

char *scratch_input(void);  /* what was just read */
char *scratch_output(void); /* what is about to be written */

/* Give the memory back, unless it was used since the last call; whether there is still some. */
bool scratch_release(void);
bool scratch_in_use(void);
