/* Files of a container, in and out: what `cp`, `diff` and `export` ask for.
 *
 * A worker does it (`wherry-worker archive`).  First it enters what the container sees: the mount namespace
 * of a running one; the layers of a stopped one, with its volumes mounted on them, in a namespace of the
 * worker's own.  It gives up its rights there, finds what is asked for, and says so; only then is it given
 * the client's connection, and from there on the daemon has no part in it.
 *
 * Links lead where they lead for the container's own processes, never out of it: the worker's root is the
 * container's, every path is resolved by openat2 below it, and nothing that is in there is executed or
 * mapped as code. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/http_framing.h"
#include "sandbox/spec.h"

#include <uv.h>

enum archive_kind {
	ARCHIVE_STAT,	 /* of a path */
	ARCHIVE_GET,	 /* a path as a tar */
	ARCHIVE_PUT,	 /* a tar into a folder */
	ARCHIVE_EXPORT,	 /* the whole root as a tar, without what is mounted in it */
	ARCHIVE_CHANGES, /* what differs from the image, as JSON */
	ARCHIVE_FILL,	 /* empty volumes from the image: root.mounts with copy_up; no connection */
};

struct archive_request {
	int32_t kind;	 /* enum archive_kind */
	char *path;	 /* as the client wrote it, */
	char *container; /* and whose: for errors */

	/* What the container is: its first process, or (pid 0) what its root is made of.  CHANGES needs
	 * the latter always.  A process that has ended meanwhile is told as ESRCH. */
	int64_t pid, start_time;
	struct sandbox_spec root; /* layers and mounts; the rest is not looked at */

	bool keep_kinds; /* PUT: a folder is not replaced by something else, nor the other way round */
	bool own;	 /* PUT: everything belongs to `user` */
	char *user;

	int64_t daemon; /* PUT: ends with this process */
};
extern const struct record_type archive_request_type;

/* What STAT, GET and PUT have found. */
struct archive_found {
	char *name;
	int64_t size;
	int64_t mode; /* as Go's os.FileMode has it */
	int64_t modified_ns;
	char *link_target; /* "": no link; else where it leads in the end */
};
extern const struct record_type archive_found_type;

/* The connection's side: the head of the answer is out (GET, EXPORT, CHANGES), or the body of the request
 * and the answer are still to come (PUT). */
struct archive_stream {
	bool chunked; /* how the answer is framed */
	struct buffer early;
	int32_t framing; /* of the body: enum http_framing */
	int64_t length;
	bool expects_continue;
	struct buffer done, bad, failed; /* heads: 200, 400, 500 */
};
extern const struct record_type archive_stream_type;

/* ---- the daemon's side ---- */

struct archive_job;

struct archive_handlers {
	/* It is there; STAT is over with that.  The job now waits for archive_job_give. */
	void (*found)(void *data, const struct archive_found *found);
	/* All of it was sent, or (PUT) written; the worker may still have to tell its client. */
	void (*done)(void *data);
	/* The last call.  `err` NULL: done.  Before the connection was given the client is to be told of
	 * it; afterwards the worker has done that. */
	void (*ended)(void *data, const struct error *err);
};

/* NULL on failure.  `worker` is the path of wherry-worker. */
struct archive_job *archive_job_start(uv_loop_t *loop, const char *worker,
				      const struct archive_request *request,
				      const struct archive_handlers *handlers, void *data,
				      struct error *err);

/* Takes the descriptor and what the stream owns. */
void archive_job_give(struct archive_job *job, struct archive_stream *stream, int connection);

/* Kill it: no handler is called any more.  NULL is fine. */
void archive_job_kill(struct archive_job *job);

void archive_stream_fini(struct archive_stream *stream);

/* ---- the worker's side ---- */

void archive_main(int control);
