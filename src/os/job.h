/* A child process that does one job for an event loop: it reads one record from its standard input (a
 * file in memory that nobody can change), writes one to its standard output, and ends with status 0.
 * What it says on stderr goes to ours. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <uv.h>

#define JOB_KEPT  3 /* the descriptor that the child has of what is kept for it */
#define JOB_AGAIN "again"

struct job;

struct job_request {
	const char *program; /* absolute */
	char *const *args;   /* with argv[0] */
	const void *input;
	size_t size;
	const int
		*kept; /* borrowed until the start: the child gets it as JOB_KEPT; NULL: nothing */
	uint64_t timeout_ms; /* then it is killed and has failed; 0: never */

	/* Called when the child has closed its output with something in it, and may be at work still:
	 * `done` follows, when it has ended.  False: this is no answer (of a child that was killed while it
	 * wrote, say), and what `done` is told counts.  NULL: nobody asks. */
	bool (*answered)(void *data, const struct buffer *answer);

	/* A child that was killed (SIGKILL: by a person, by the kernel that is short of memory) before it
	 * answered is started anew, with one more argument, JOB_AGAIN: whatever the one before it was killed in,
	 * it has to carry out.  At once, and then some more times, each a little later.  Only then it has
	 * failed. */
	bool repeated;
};

/* `answer` is the child's output, borrowed for the call; `err` is NULL when the child ended with 0.  Of one that
 * was killed, or took too long, it is ERROR_UNAVAILABLE: nobody knows how far it came. */
typedef void job_done(void *data, const struct buffer *answer, const struct error *err);

/* NULL on failure; `done` is not called then.  Else it is called once, from the loop, and the job is
 * freed after it. */
struct job *job_start(uv_loop_t *loop, const struct job_request *request, job_done *done,
		      void *data, struct error *err);

/* Kill it; `done` is not called any more.  NULL is fine. */
void job_cancel(struct job *job);

/* In the child: what the loop has sent. */
bool job_read_input(struct buffer *out, struct error *err);
