/* The shim's event loop (and the daemon's, for what there are thousands of): epoll, callbacks and a
 * few deadlines.  No wake-up without an event. */
#pragma once

#include "base/error.h"

#include <stdint.h>
#include <sys/epoll.h>

struct loop;

/* A descriptor that is watched; lives in the struct of whoever watches it. */
struct source {
	int fd;		 /* borrowed */
	uint32_t events; /* what it is registered for; 0: not registered */
	void (*ready)(struct source *source, uint32_t events);
};

/* A moment (monotonic, ns); 0: not set. */
struct deadline {
	void (*passed)(struct deadline *deadline);
	int64_t at;
	struct deadline *next;
};

enum { LOOP_BATCH = 16 };

struct loop {
	int epoll;
	bool ended;
	struct epoll_event batch[LOOP_BATCH]; /* of the present round */
	int batch_size;
	struct deadline *deadlines; /* those that are set, in no order */
};

bool loop_init(struct loop *loop, struct error *err);

/* Watch source->fd for these events (0: not at all; HUP and ERR come by themselves, else).  A source
 * may be freed once it is watched for nothing, also inside a callback. */
void loop_watch(struct loop *loop, struct source *source, uint32_t events);

/* Call deadline->passed once at `at`; 0 takes it back.  May be freed then. */
void loop_set_deadline(struct loop *loop, struct deadline *deadline, int64_t at);

/* Until loop_end().  `round` is called when a round of events is done. */
void loop_run(struct loop *loop, void (*round)(void *), void *context);
void loop_end(struct loop *loop);

/* For a loop within another one, which watches `epoll`: tell what is there, wait for nothing. */
void loop_turn(struct loop *loop);
void loop_fini(struct loop *loop);
