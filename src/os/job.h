/* A child process that does one job for an event loop: it reads one record from its standard input (a
 * file in memory that nobody can change), writes one to its standard output, and ends with status 0.
 * What it says on stderr goes to ours. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <uv.h>

#define JOB_KEPT 3 /* the descriptor that the child has of what is kept for it */

struct job;

struct job_request {
	const char *program; /* absolute */
	char *const *args;   /* with argv[0] */
	const void *input;
	size_t size;
	const int *kept;     /* borrowed until the start: the child gets it as JOB_KEPT; NULL: nothing */
	uint64_t timeout_ms; /* then it is killed and has failed; 0: never */

	/* Called when the child has closed its output with something in it, and may be at work still:
	 * `done` follows, when it has ended.  NULL: nobody asks. */
	void (*answered)(void *data, const struct buffer *answer);
};

/* `answer` is the child's output, borrowed for the call; `err` is NULL when the child ended with 0. */
typedef void job_done(void *data, const struct buffer *answer, const struct error *err);

/* NULL on failure; `done` is not called then.  Else it is called once, from the loop, and the job is
 * freed after it. */
struct job *job_start(uv_loop_t *loop, const struct job_request *request, job_done *done,
		      void *data, struct error *err);

/* Kill it; `done` is not called any more.  NULL is fine. */
void job_cancel(struct job *job);

/* In the child: what the loop has sent. */
bool job_read_input(struct buffer *out, struct error *err);
