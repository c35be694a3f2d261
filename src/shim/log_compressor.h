/* Compressing what a log has rotated: NAME.1 becomes NAME.1.gz, by a worker, one file at a time, while
 * the log is written and rotated on.
 *
 * The worker writes a file of its own, which takes the place of its input when it is whole: a crash
 * leaves either, or for a moment both, never none. */
#pragma once

#include "shim/children.h"
#include "shim/loop.h"

#include <stdint.h>

struct log_compressor {
	struct loop *loop;
	struct children *children;
	char *worker, *name; /* owned; worker NULL: nothing is compressed */
	int folder;	     /* borrowed */
	int64_t max_files;
	struct source done; /* a pipe that ends with the worker; -1: none runs */
	int in, out;	    /* owned, while one does */
};

void log_compressor_none(struct log_compressor *c);
/* `worker` and `name` are copied. */
void log_compressor_open(struct log_compressor *c, const char *worker, int folder, const char *name,
			 int64_t max_files);

/* A file was rotated: begin, unless a worker is at it already. */
void log_compressor_begin(struct log_compressor *c);
bool log_compressor_is_busy(const struct log_compressor *c);
