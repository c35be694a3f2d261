/* The output of several containers in one place: whole lines, each with the name of its container before it, in a
 * colour of its own. */
#pragma once

#include "cmd/compose/compose.h"

struct log_lines;
struct log_source;

struct log_wishes {
	bool no_colour, no_prefix;
};

struct log_lines *log_lines_new(const struct compose *compose, const struct log_wishes *wishes);
void log_lines_free(struct log_lines *lines);
scoped_define(log_lines)

	/* The names decide how wide the prefix is, so those that are known come before the first line.  `name` is the
 * container's, `service` its service's.  The source lives as long as `lines`. */
	struct log_source *log_lines_add(struct log_lines *lines, const char *name,
					 const char *service);

/* Bytes as the API sends them (logs, attach): `type` is the answer's content type (NULL: not told; then the bytes
 * themselves tell whether they are frames).  stderr's lines go to our stderr in style v2, to stdout in v1. */
void log_source_take(struct log_source *source, const char *type, const char *bytes, size_t size);

/* At the end of its output: a last line without an end. */
void log_source_flush(struct log_source *source);

/* A line of our own under its name: "exited with code 0". */
void log_source_say(struct log_source *source, const char *text);

/* A prefix with what follows it on the same line, as for the lines: "web-1  | ".  Owned. */
char *log_source_prefix(const struct log_source *source);

/* `since` of a request for lines, to the nanosecond of the daemon's clock: whole seconds would show lines twice. */
void log_add_since(struct target *target, int64_t ns);

/* The text in an answer of `logs` or of an exec, without its frames.  Owned. */
char *log_text(const struct buffer *bytes);
