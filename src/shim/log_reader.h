/* Reading a log back, over its rotated files, as it is sent to a client: text, or frames of 8 bytes
 * and payload.  Also while it is being written and rotated, by this process or another. */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct log_reader;

/* A place between two lines. */
struct log_place {
	uint64_t inode; /* of the file; 0: nowhere */
	int64_t offset;
};

struct log_query {
	bool out, err, timestamps, multiplexed;
	int64_t tail;		      /* so many lines; -1: all */
	struct log_place since_place; /* with tail 0: this was the end, when the client asked */
	int64_t since, until;	      /* ns; 0: not given */
	const char *worker;	      /* reads what is compressed; NULL: that is passed by */
	const char *details;	      /* stands before each line; NULL: nothing does */
};

/* NULL: there is no log.  `query` is copied. */
struct log_reader *log_reader_open(int folder, const char *name, const struct log_query *query);
void log_reader_close(struct log_reader *reader); /* NULL is fine */

enum log_progress {
	LOG_MORE,
	LOG_AT_END,	/* nothing was added; there may be more later */
	LOG_PAST_UNTIL, /* nothing was added, and nothing will be */
};

/* Append lines to `out` until it grew by `limit` bytes or the end is reached.  Lines of one stream
 * share a frame, but for log_reader_frame_lines(). */
enum log_progress log_reader_read(struct log_reader *reader, size_t limit, struct buffer *out);

/* The newest file was emptied: what it holds now is new. */
void log_reader_begin_again(struct log_reader *reader);

/* From now on a frame for each line: who follows takes a frame for a message. */
void log_reader_frame_lines(struct log_reader *reader);
