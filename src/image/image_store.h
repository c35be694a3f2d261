/* The inside of struct image_store, for the files of this folder that run in the daemon. */
#pragma once

#include "base/map.h"
#include "image/image.h"
#include "image/image_record.h"
#include "image/worker_process.h"

struct layer_job;
struct pull_layer;

struct image_store {
	uv_loop_t *loop;
	struct store *store; /* borrowed */
	int data_root;	     /* borrowed */
	int layers, recipes, blobs,
		partial; /* owned: layers/, recipes/, blobs/sha256/, blobs/partial/ */
	struct strings mirrors, insecure;
	char *worker, *certificates, *user_agent;
	struct image_limits limits; /* none of them 0 */

	struct map images;     /* by id: struct image, owned */
	struct map tags;       /* by short name: struct image */
	struct map digests;    /* by short name@digest: struct image */
	struct map by_diff_id; /* struct layer, owned */
	struct image **sorted; /* owned; NULL: to be made again */
	size_t sorted_count;

	image_users *users;
	void *users_data;

	struct {
		struct image_job **items;
		size_t count, capacity;
	} jobs;
	unsigned serial; /* of the last job */

	struct {
		struct layer_job **items; /* waiting for their turn and running */
		size_t count, capacity;
	} unpacking;
	uv_timer_t *kick; /* owned by the loop once closed */

	struct {
		struct packer **items; /* that run: at work, or idle for a moment */
		size_t count, capacity;
	} packers;
	struct {
		struct pack_job **items; /* waiting for their turn and at work */
		size_t count, capacity;
	} packing;
	uv_timer_t *pack_kick; /* NULL: not needed yet */
	struct map fetching;   /* by blob digest: struct pull_layer, the one that fetches it */
	struct {
		struct pull_layer **items; /* for one that is fetched by another */
		size_t count, capacity;
	} waiting;

	struct {
		struct image_commit **items; /* being written */
		size_t count, capacity;
	} commits;

	struct strings doomed; /* layers' folders to be removed, when the remover is free */
	struct strings going;  /* that the remover is at */
	struct worker_process *remover;
	bool closing; /* nothing more is begun */
};

/* ---- writing (image_commit.c) ---- */

/* Write a batch, to survive a power cut, and empty it.  Then its folders are removed and `done`, which
 * may be NULL, is called. */
void images_commit(struct image_store *images, struct image_batch *batch, image_done *done,
		   void *data);
void commits_forget(struct image_store *images,
		    const void *data); /* `done` is not called any more */
void commits_free(struct image_store *images);

/* ---- layers (image_layers.c) ---- */

#define LAYER_FOLDER_SIZE 6 /* five letters */

/* NULL for one that is not there, or whose folder is missing. */
struct layer *layer_find(const struct image_store *images, const char *diff_id);

/* A new empty folder below layers/, open; no record names it yet. */
bool layer_folder_make(struct image_store *images, char name[static LAYER_FOLDER_SIZE], int *folder,
		       struct error *err);
/* The same for a folder that is there, below the data root: moved, so that it is gone from its place. */
bool layer_folder_move(struct image_store *images, const char *from,
		       char name[static LAYER_FOLDER_SIZE], int *folder, struct error *err);

/* A new empty recipe for such a folder, open for writing; and the recipe of a layer, for reading: NOT_FOUND
 * by name when the layer has none. */
bool layer_recipe_make(struct image_store *images, const char *folder, int *recipe,
		       struct error *err);
bool layer_recipe_open(const struct image_store *images, const struct layer *layer, int *recipe,
		       struct error *err);
void layer_recipe_remove(struct image_store *images, const char *folder);

/* There is none, and never will be: an empty file, so that nobody fetches the layer for its sake again. */
void layer_recipe_deny(struct image_store *images, const char *folder);

/* Whether that was settled, either way; layers of an older version's have nothing. */
bool layer_recipe_is_settled(const struct image_store *images, const struct layer *layer);

/* Remove such folders with their recipes, by a worker; takes the names out of the list. */
void layer_folders_remove(struct image_store *images, struct strings *names);

/* A finished folder becomes a layer, in memory at once; it has no user yet.  When the layer is there
 * already the folder is given up. */
struct layer *layer_add(struct image_store *images, const struct layer_record *record,
			const char *diff_id, struct image_batch *batch);

/* A registry has the layer as this blob. */
void layer_note_blob(struct layer *layer, const struct layer_blob *blob, struct image_batch *batch);

/* The last user's leaving takes the record away, and the folder after it. */
void layer_use(struct layer *layer);
void layer_release(struct image_store *images, struct layer *layer, struct image_batch *batch);

void layer_free(struct layer *layer);
void layers_settle(struct image_store *images, struct image_batch *batch);

/* ---- images (image_lookup.c, image_change.c) ---- */

/* Into memory only: read from its record, or about to be recorded.  Takes `config` and `documents`. */
struct image *image_make(struct image_store *images, const char *id, struct image_config *config,
			 struct strings *documents);
void image_free(struct image *image);

/* All its layers are there.  `config` and `documents` are taken; names come by image_name.  One that is
 * there already, hidden or not, is returned, no longer hidden. */
struct image *image_add(struct image_store *images, const char *id, struct image_config *config,
			struct strings *documents, struct image_batch *batch);

/* One child more or less (+1, -1), unless it has no parent or is hidden. */
void image_tell_parent(struct image_store *images, const struct image *image, int by);

/* Give it a tag ("bb:latest") or a repo digest ("bb@sha256:..."), taking it from the image that has it,
 * which is returned; NULL when none had, or this one.  Without a batch it is not written. */
struct image *image_name(struct image_store *images, struct image *image, const char *name,
			 struct image_batch *batch);
void image_unname(struct image_store *images, struct image *image, const char *name,
		  struct image_batch *batch);

/* Out of all lists; its layers go with its last lease, what went is added to `changes`. */
void image_drop(struct image_store *images, struct image *image, struct image_changes *changes,
		struct image_batch *batch);

void images_settle(struct image_store *images, struct image_batch *batch);

/* ---- documents (image_documents.c) ---- */

bool document_is_there(const struct image_store *images, const char *digest);
int document_create(struct image_job *job, const char *digest, struct error *err);
bool document_keep(struct image_job *job, const char *digest, struct error *err);
void documents_release(struct image_store *images, const struct image *image);

/* At the end of a job: what it had not made whole, and what no image came to need, goes. */
void documents_drop(struct image_job *job);
void documents_settle(struct image_store *images);

/* ---- jobs (image_job.c) ---- */

/* The first member of every kind of job. */
struct image_job {
	struct image_store *images;
	struct image_job_handlers handlers;
	void *data;
	unsigned serial;
	struct strings documents;	     /* that its images will need */
	void (*free)(struct image_job *job); /* ends and frees whatever is going on */
};

void image_job_init(struct image_job *job, struct image_store *images,
		    const struct image_job_handlers *handlers, void *data);
void image_job_progress(struct image_job *job, const struct buffer *lines);

/* Call on_done, then free the job. */
void image_job_end(struct image_job *job, const struct image_result *result,
		   const struct error *err);
