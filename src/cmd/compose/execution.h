/* For the execution of plans itself: a run, its steps' states, and what each kind of step does. */
#pragma once

#include "cmd/compose/body.h"
#include "cmd/compose/execute.h"

enum step_state { STEP_WAITS, STEP_RUNS, STEP_IS_DONE, STEP_HAS_FAILED, STEP_IS_LEFT_OUT };

struct run;

/* One step that runs: what its requests are called back with. */
struct work {
	struct run *run;
	const struct step *step;
	size_t index;
	enum step_state state;
	size_t missing;	 /* of its `after`, that are not over */
	size_t failures; /* among those that are */
	char *made;	 /* STEP_CREATE: the id; owned */
	struct request *timer;
	bool told; /* STEP_DRAIN: that it takes a while */
	void *state_of_kind; /* of a kind that takes several requests; freed by it */
};

struct gates;

struct run {
	struct execution *execution;
	struct compose *compose;
	struct progress *progress;
	struct requests *requests;
	struct work *works;		    /* as the plan's steps */
	size_t *followers, *first_follower; /* whose `after` name it */
	size_t left;			    /* steps that are not over */
	struct gates *gates;		    /* execute_gate.c; NULL: none was needed */
	struct request *tick;
	struct {
		size_t *items;
		size_t count, capacity;
	} starts; /* that wait for the allocator of ports */
	bool range_in_use;
	json_t *endpoints; /* by container and network: of containers that no service describes; owned */
	bool only_checks;   /* containers of others are taken to be there */
	struct error first; /* failure */
	int signals_fd;
	unsigned signals; /* that came */
};

/* ---- for the kinds of steps ---- */

/* The container of a step as the API may be asked for it. */
const char *work_container(const struct work *work);

/* The step is over.  What is to be said longer goes through progress_explain before. */
void work_done(struct work *work);
void work_pass(struct work *work); /* likewise, where what became of it was said already */
void work_fail(struct work *work, const struct error *err);
void work_leave(struct work *work); /* out: nobody waits for it any more */

/* Begin: a step of each kind.  NULL: nothing is to be done. */
typedef void work_begin(struct work *work);
extern work_begin *const step_begins[STEP_KINDS]; /* execute_step.c */

/* A start is over: the next may take from a range of ports (dockerd's allocator races). */
void work_start_next(struct work *over);

work_begin begin_create;		     /* execute_create.c */
work_begin begin_post_start, begin_pre_stop; /* execute_hook.c */
work_begin begin_wait, begin_monitor;	     /* execute_gate.c */
void gates_free(struct gates *gates);
void gates_interrupt(struct gates *gates); /* nobody waits any more */

/* Is it a container of a service of the file? */
bool work_has_service(const struct work *work);

/* The body that a service's container is made from; `connections` as body_of_connections.  False: err. */
bool make_body(struct work *work, const json_t *replaced, json_t **body, json_t **connections,
	       struct target *target, struct buffer *tar, struct error *err);
