/* The parts of the worker. */
#pragma once

#include "archive/archive_root.h"
#include "image/worker.h"

struct archive_work {
	struct worker worker;
	struct archive_request request;
	struct archive_root root;
	struct archive_stream stream; /* after archive_wait_stream, */
	int connection;		      /* as this */
};

/* Say that it is there (`found` may be NULL: nothing to tell of it), and wait for the connection. */
bool archive_wait_stream(struct archive_work *work, const struct archive_found *found,
			 struct error *err);

/* NOT_FOUND, in Docker's words. */
bool archive_not_found(const struct archive_work *work, struct error *err);

/* One kind of job each, from the root that was entered to the last byte. */
bool archive_stat(struct archive_work *work, struct error *err);
bool archive_get(struct archive_work *work, struct error *err);
bool archive_put(struct archive_work *work, struct error *err);
bool archive_export(struct archive_work *work, struct error *err);
bool archive_changes(struct archive_work *work, struct error *err);

/* ---- archive_sink.c: the body of an answer ---- */

struct archive_sink {
	int connection; /* borrowed */
	bool chunked;
	struct buffer held; /* small pieces, until they make a large one */
};

bool archive_sink_write(struct archive_sink *sink, const void *data, size_t size,
			struct error *err);
/* What is held, and the end of the body. */
bool archive_sink_finish(struct archive_sink *sink, struct error *err);
void archive_sink_fini(struct archive_sink *sink);
