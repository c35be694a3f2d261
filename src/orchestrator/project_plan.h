/* What is to be done so that what runs is what a project wants: pure.
 *
 * A plan is a list of steps, each with its reason, and the steps that must be over before.  Who carries a plan
 * out starts every step whose `after` are over, as many side by side as it likes, and knows nothing of compose.  It
 * is also what `plan` and `--dry-run` print, and what `up --plan FILE` is given.
 *
 * A plan may be cut at any step: what is there then tells the next plan what was begun.  A container that is to
 * replace another is called `<first 12 of its id>_<name>` until that is gone, and has the label
 * com.docker.compose.replace.  To remove, stop or disconnect what is not there is to have done it. */
#pragma once

#include "compose/compose.h"

/* ---- what is seen ---- */

enum seen_state {
	SEEN_CREATED,
	SEEN_RUNNING,
	SEEN_PAUSED,
	SEEN_RESTARTING,
	SEEN_EXITED,
	SEEN_DEAD,
};

enum seen_health { SEEN_NO_CHECK, SEEN_STARTING, SEEN_HEALTHY, SEEN_UNHEALTHY };

/* One field that differs: "environment.DEBUG"; secrets and their like as digests. */
struct change {
	char *field;
	char *old_value, *new_value; /* NULL: absent */
};

struct changes {
	struct change *items;
	size_t count, capacity;
};

struct seen_container {
	char *id, *name;
	char *service;	 /* by label */
	unsigned number; /* by label; 0: a one-off container */
	bool one_off;
	enum seen_state state;
	enum seen_health health;
	int exit_code;
	int64_t created; /* seconds since 1970 */
	char *image;	 /* id */
	char *image_name;
	char *hash;	 /* wherry.compose.hash; NULL: made by somebody else's compose */
	char *replaces;	 /* com.docker.compose.replace: name or id of the one it is to replace; NULL */
	char *depends_on; /* label of v2; NULL */
	char *network_of; /* id of the container whose network it shares; NULL */
	struct strings networks;     /* names on the daemon */
	struct strings volumes;	     /* names of named volumes */
	bool held;		     /* its ports and names wait for a takeover */
	bool compared;		     /* `changes` were looked for by comparing fields */
	struct changes changes;
};

struct seen_network {
	char *id, *name, *key; /* key by label */
	char *hash;	       /* NULL: not known */
	bool ours;	       /* has the project's label */
	struct strings containers; /* ids of those on it, where it is to be made anew; else empty */
};

struct seen_volume {
	char *name, *key;
	char *hash;
	bool ours;
};

struct seen_image {
	char *name; /* as services name it */
	char *id;   /* NULL: it is not there */
	int64_t age_s; /* since it was tagged here; 0: not known */
};

struct seen {
	struct { struct seen_container *items; size_t count, capacity; } containers;
	struct { struct seen_network *items; size_t count, capacity; } networks;
	struct { struct seen_volume *items; size_t count, capacity; } volumes;
	struct { struct seen_image *items; size_t count, capacity; } images;
};

void seen_fini(struct seen *seen);
void changes_add(struct changes *changes, const char *field, const char *old_value,
		 const char *new_value);
void changes_fini(struct changes *changes);

#define scoped_seen scoped_with(seen_fini)

/* ---- the plan ---- */

enum step_kind {
	STEP_CREATE_NETWORK,
	STEP_REMOVE_NETWORK,
	STEP_CONNECT,	  /* container to network */
	STEP_DISCONNECT,
	STEP_CREATE_VOLUME,
	STEP_REMOVE_VOLUME,
	STEP_PULL,	  /* image of a service */
	STEP_BUILD,
	STEP_PUSH,
	STEP_REMOVE_IMAGE,
	STEP_CREATE,	  /* container; `replaces` names the one whose volumes it takes over */
	STEP_START,
	STEP_STOP,
	STEP_KILL,
	STEP_RESTART,
	STEP_PAUSE,
	STEP_UNPAUSE,
	STEP_REMOVE,	  /* container */
	STEP_RENAME,	  /* container to `name` */
	STEP_POST_START,  /* hooks */
	STEP_PRE_STOP,
	STEP_WAIT,	  /* until `condition` holds for this container; STARTED here: it runs, and is healthy
			   * where it has a check */
	STEP_TAKE_OVER,	  /* it gets ports and names of `replaces` */
	STEP_DRAIN,	  /* until no connection leads to it, or `timeout_ms` */
	STEP_DELAY,	  /* `timeout_ms` between two batches of an update */
	STEP_MONITOR,	  /* must run, and not be unhealthy, for `timeout_ms` */
	STEP_JOIN,	  /* nothing: where many come together that others wait for */
	STEP_KEEP,	  /* nothing: it is as wanted; so that it can be said */
	STEP_KINDS
};

/* A step begins when all of `after` are over: done, failed, or left out because of failures before them.  One that is
 * optional and fails counts as done for STEP_WHEN_DONE and as failed for STEP_WHEN_FAILED.  One that is not needed
 * (STEP_WHEN_FAILED, and nothing failed) is done. */
enum step_when {
	STEP_WHEN_DONE,	  /* no more than `tolerated` of `after` failed or were left out; else it is left out too */
	STEP_WHEN_FAILED, /* more than `tolerated` did: puts right what that leaves.  With `undoes`: and that
			   * step was carried out */
};

struct step {
	enum step_kind kind;
	enum step_when when;
	char *service;	/* NULL: of none (an orphan's container has its name all the same) */
	unsigned number;
	char *name;	/* of the container, network, volume or image, as it is called when the step runs */
	char *id;	/* of what is there already; NULL: it is made by an earlier step under `name` */
	size_t made_by; /* 1 + index of the STEP_CREATE that makes this container; 0: none, `id` is there */
	char *new_name; /* STEP_RENAME; STEP_CONNECT and STEP_DISCONNECT: the network */
	char *replaces; /* STEP_CREATE, STEP_TAKE_OVER: id of the old container (the name of one that this plan
			 * makes, where an update is undone) */
	bool renew_volumes; /* STEP_CREATE: anonymous volumes of `replaces` are not taken over */
	bool held;	/* STEP_CREATE: with its ports and names held back */
	bool remove_volumes; /* STEP_REMOVE: anonymous ones too */
	bool optional;	/* a failure only warns: `required: false` */
	enum dependency_condition condition; /* STEP_WAIT; STEP_KEEP: COMPLETED: it has ended */
	int64_t timeout_ms; /* -1: none, or as the container says */
	char *signal;	/* STEP_KILL; NULL: KILL */
	char *reason;	/* "image changed", "environment.DEBUG added"; NULL: it says itself */
	struct changes changes;
	bool detail;	/* part of what another step tells: for people it is no change of its own */
	size_t tolerated; /* see step_when */
	size_t undoes;	/* 1 + index of an earlier step; 0: none */
	size_t *after;	/* indices of earlier steps */
	size_t after_count, after_capacity;
};

struct plan {
	struct step *items;
	size_t count, capacity;
	struct strings warnings; /* for people, in order: orphans and their like */
	char *failure;		 /* the plan cannot be made: why; NULL */
};

void plan_fini(struct plan *plan);
bool plan_changes_something(const struct plan *plan); /* more than keeping, waiting and joining */
const char *step_kind_name(enum step_kind kind);      /* "create_network", as in JSON */

#define scoped_plan scoped_with(plan_fini)

/* ---- making plans ---- */

struct plan_options {
	struct strings services; /* named on the line; empty: all enabled */
	const char *awaited;	 /* up --exit-code-from: it runs as if it were named; NULL */
	struct pairs scale;	 /* --scale web=3; already checked to be numbers */
	bool force_recreate, no_recreate, always_recreate_dependencies;
	bool no_dependencies, no_start, remove_orphans, ignore_orphans;
	bool renew_anonymous_volumes, remove_volumes, recreate_volumes; /* the last after a yes */
	bool one_offs;	      /* down, rm: one-off containers too */
	bool all_resources;   /* up: networks and volumes that no service uses, too */
	bool can_hold;	      /* the daemon knows `hold` and `takeover` */
	bool can_balance;     /* the daemon publishes one port over replicas */
	bool wait;	      /* up --wait: the plan ends when all run or are healthy */
	int64_t wait_timeout_ms;
	int64_t stop_timeout_s; /* -1: as each container says */
	const char *remove_images; /* down --rmi: NULL, "all", "local" */
	const char *signal;
};

/* Wanted identity, made by who reads configs and secrets: service name to service_hash(). */
struct wanted {
	const struct project *project;
	struct pairs hashes;
};

/* Images first, since their ids decide what is made anew: STEP_PULL and STEP_BUILD. */
enum image_wish { IMAGES_AS_POLICY, IMAGES_BUILD, IMAGES_NO_BUILD };
void plan_images(const struct project *project, const struct seen *seen,
		 const struct plan_options *options, enum image_wish wish, const char *pull_policy,
		 struct plan *plan);

/* A plan that has such steps already goes on from them: creates come after the images they need. */
void plan_up(const struct wanted *wanted, const struct seen *seen, const struct plan_options *options,
	     struct plan *plan); /* up, create (no_start), scale */
/* `wanted` NULL: as below. */
void plan_start(const struct wanted *wanted, const struct seen *seen,
		const struct plan_options *options, struct plan *plan);
/* Names of volumes whose settings are no longer those of the file: plan_up keeps them, unless recreate_volumes. */
void plan_changed_volumes(const struct wanted *wanted, const struct seen *seen,
			  const struct plan_options *options, struct strings *names);

/* These work from labels too: `project` may be NULL, then every container seen is meant and depends_on labels give
 * the order.  A plan without steps: there are no such containers. */
void plan_stop(const struct project *project, const struct seen *seen,
	       const struct plan_options *options, struct plan *plan);
void plan_restart(const struct project *project, const struct seen *seen,
		  const struct plan_options *options, struct plan *plan);
void plan_down(const struct project *project, const struct seen *seen,
	       const struct plan_options *options, struct plan *plan);
void plan_remove(const struct project *project, const struct seen *seen,
		 const struct plan_options *options, struct plan *plan); /* rm: stopped ones */
void plan_kill(const struct project *project, const struct seen *seen,
	       const struct plan_options *options, struct plan *plan);
void plan_pause(const struct project *project, const struct seen *seen,
		const struct plan_options *options, bool resume, struct plan *plan);

/* Nothing is done to the service's own containers any more: its networks, volumes, images and
 * dependencies stay, for who makes a container of it in another way (`run`). */
void plan_leave_out(struct plan *plan, const char *service);

/* ---- showing plans ---- */

/* "recreate web-1: image changed, environment.DEBUG added", one line a change. */
void plan_write_text(const struct plan *plan, struct buffer *out);
/* One document, which plan_read_json takes back.  `state` tells what the plan was made from: */
void plan_write_json(const struct plan *plan, const char *state, struct buffer *out);
bool plan_read_json(const char *text, size_t size, struct plan *plan, char **state,
		    struct error *err);
/* A digest of what was seen, so that a plan is carried out only on what it was made for.  Owned. */
char *seen_digest(const struct seen *seen);
