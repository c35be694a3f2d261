/* The inside of struct builder, for the files of this folder. */
#pragma once

#include "base/id.h"
#include "base/list.h"
#include "build/build_protocol.h"
#include "build/mount_job.h"
#include "builder/builder.h"
#include "image/worker_process.h"

#define BUILD_MARK "wherry.build" /* the annotation of a step's container: the build's id */

/* A cache folder that steps have. */
struct cache_use {
	char *name; /* owned */
	unsigned users;
	bool alone; /* locked by its user */
};

struct builder {
	struct engine *engine;	    /* borrowed */
	struct image_store *images; /* borrowed */
	uv_loop_t *loop;	    /* borrowed */
	char *data_root, *exec_root, *worker;
	int folder; /* <data root>/builds */
	int cache;  /* <data root>/build-cache */
	struct {
		struct cache_use *items;
		size_t count, capacity;
	} caches;
	struct link builds, runs;
	struct event_subscription *events;
};

typedef void build_committed(void *data, struct image *image, const struct error *err);

/* What a number of the worker's is about; one request of each at a time. */
struct build_slot {
	struct build *build;
	int32_t number;
	struct image_job *job;	    /* a pull or commit that is under way; NULL: none */
	build_committed *committed; /* of that commit */
	void *committed_data;
	struct step_run *run; /* a container that is under way */
	bool mounting;	      /* the mounter is asked */
	char *layer;	 /* owned: folder of the writable layer, below the build's; NULL: none */
	char *reference; /* owned: that is being pulled */
	struct strings names;		/* that are still to be given */
	struct image *image;		/* borrowed, leased: that gets them */
	struct worker_process *fetcher; /* NULL: none */
	char *fetched;			/* owned: the digest, when it is there */
};

struct build {
	struct link link;
	struct builder *builder;
	char id[ID_SIZE];
	struct build_request request;
	int folder; /* the build's */
	int inside; /* what is the worker's root, in it */
	struct worker_process *worker, *mounter;
	struct {
		struct build_slot **items; /* by number */
		size_t count, capacity;
	} slots;
	struct {
		struct image **items;
		size_t count, capacity;
	} leased;
	unsigned folders; /* made so far, for their names */
	bool ended;	  /* the worker has said END */
};

/* ---- answers ---- */

void slot_answer(struct build_slot *slot, enum build_message type,
		 const struct record_type *record_type, const void *record, const int *fds,
		 size_t fd_count);
void slot_fail(struct build_slot *slot, const struct error *err);

/* `with_config`: what is in it, too.  NULL: none. */
void slot_answer_image(struct build_slot *slot, const struct image *image, bool with_config);

/* ---- images that the build needs until its end ---- */

/* By full id, leased once for the build. */
struct image *build_image(struct build *build, const char *id, struct error *err);
bool build_lease(struct build *build, struct image *image, struct error *err);

/* The absolute path of a name in the build's folder. */
char *build_path(const struct build *build, const char *name);

/* ---- requests (builder_images.c, builder_layers.c, builder_fetch.c, builder_run.c) ---- */

typedef bool build_service(struct build_slot *slot, const struct message *message,
			   struct error *err);
build_service build_serve_resolve, build_serve_find, build_serve_commit, build_serve_tag,
	build_serve_tree, build_serve_layer, build_serve_fetch, build_serve_run;

/* Where a new image's layer comes from; both NULL: it has none. */
struct slot_commit {
	const char *changes; /* an upper folder below the data root */
	bool take;	     /* which is given up */
	const char *layer;   /* a layer that is there */
};
bool slot_commit(struct build_slot *slot, const struct build_commit *asked,
		 const struct slot_commit *how, build_committed *done, void *data,
		 struct error *err);

/* ---- mounts (builder_layers.c) ---- */

void mounter_stop(struct build *build);

/* ---- containers (builder_run.c) ---- */

/* The build is over: its container goes. */
void step_run_cancel(struct step_run *run);
void step_runs_hear(void *data, const struct engine_event *event);
void step_runs_sweep(struct builder *builder);
