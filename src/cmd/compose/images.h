/* Images of services: pulled, built, pushed.
 *
 * Each of these requests is one long stream of messages with a connection of its own, and a build
 * reads a folder meanwhile; so they run in threads, as `wherry rm` of many does, before anything
 * else of a plan: their outcome decides what is made anew.  What they show goes through the
 * progress, from one thread at a time. */
#pragma once

#include "cmd/compose/compose.h"
#include "cmd/compose/progress.h"

/* What people ask for on the line beyond the file; all zero: as `up` does it. */
struct image_wishes {
	bool quiet;		       /* --quiet-pull, --quiet-build: no details */
	bool no_cache, pull, compress; /* of builds */
	bool force_remove, keep; /* containers of failed steps go too; those of all steps stay */
	const struct strings *build_args; /* NAME=VALUE, NAME; NULL */
	const struct strings *ssh;	  /* ID[=SOCKET]; NULL */
	const char *memory;		  /* bytes as text; NULL */
	bool ignore_pull_failures, ignore_push_failures;
	bool asked_for;	    /* builds: no warning of version 1 that one was built since it was not there */
	bool one_at_a_time; /* --no-parallel */
	bool builds_side_by_side; /* of version 1, which builds one after the other */
	/* Why a plan of several steps goes on: false ends it at the first failure (no others are begun). */
	bool go_on;
};

/* Carry out the STEP_PULL, STEP_BUILD and STEP_PUSH of a plan in the order of their `after`, several at once; other
 * steps are none of its business.  A failed pull of a service that can be built (STEP_BUILD comes after it with
 * STEP_WHEN_FAILED) is no failure.  Every failure was shown through the progress; err has the first of them, and
 * `failed` (may be NULL) their count. */
bool images_carry_out(struct compose *compose, const struct plan *plan,
		      const struct image_wishes *wishes, struct progress *progress, size_t *failed,
		      struct error *err);

/* ---- one image ---- */

/* What to do with each message of the daemon's stream; errors in it are found by the callers of this. */
typedef void image_tell(void *data, const json_t *message);

struct image_job {
	struct compose *compose;
	const struct service *service;
	const struct image_wishes *wishes;
	image_tell *tell; /* NULL: nobody listens */
	void *data;
};

/* On a connection of its own, until it is done; callable from threads once api_open was called. */
bool image_pull_service(const struct image_job *job, struct error *err);
bool image_push_service(const struct image_job *job, struct error *err);
/* The image has the service's name (service->image), those of build.tags, and the labels of compose. */
bool image_build_service(const struct image_job *job, struct error *err);

/* What the service is pulled and built for: "" is the daemon's own. */
const char *image_platform(const struct service *service);

/* What cannot be asked of this daemon is an error that names the key with its place: build.secrets on dockerd ... */
bool image_check_build(const struct compose *compose, const struct service *service,
		       struct error *err);
