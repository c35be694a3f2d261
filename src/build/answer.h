/* The answer to a build, written by its driver: lines of JSON as Docker's clients parse them.
 *
 * An error before the first line is a status; after it, one more line.  A client that has gone is noticed
 * by whoever watches the connection; here its going is no error. */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct answer {
	int connection;	    /* borrowed */
	struct buffer head; /* borrowed: of a 200 */
	bool chunked, begun;
	bool quiet;	    /* lines are held back, and shown when the build fails */
	struct buffer held; /* owned */
};

void answer_fini(struct answer *answer);

/* Lines that are there as text already. */
void answer_lines(struct answer *answer, const struct buffer *lines);

/* Shown also when quiet. */
void answer_loud(struct answer *answer, const struct buffer *lines);

/* The end: well, or with an error; `code` is that of a command, 0: none. */
void answer_end(struct answer *answer);
void answer_fail(struct answer *answer, const struct error *err, int code);

/* ---- lines, appended to a buffer ---- */

void line_stream(struct buffer *out, const char *text, size_t size);
void line_stream_format(struct buffer *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void line_error_output(struct buffer *out, const char *text, size_t size); /* red */
void line_image(struct buffer *out, const char *id);			   /* {"aux":{"ID":...}} */
