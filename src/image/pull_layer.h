/* One layer of a pull: from a blob in a registry to a folder to a record.
 *
 * The blob grows in blobs/partial while its unpacker reads behind the fetcher's pen.  A blob that
 * another pull is fetching already is waited for; when that one fails, the next in line goes on where it
 * stopped.  A blob whose fetching broke off stays for the next pull, until the daemon ends or images are
 * pruned; on a full disk it goes at once. */
#pragma once

#include "image/layer_job.h"
#include "image/manifest.h"

#define PULL_LAYER_ID_LENGTH 12

enum pull_layer_state {
	LAYER_WAITS, /* another one fetches this blob */
	LAYER_FETCHING,
	LAYER_UNPACKING, /* the blob is whole */
	LAYER_DONE,
};

struct pull_layer_handlers {
	void (*on_done)(void *owner);
	/* May free the layer. */
	void (*on_failed)(void *owner, const struct error *err);
};

struct pull_layer {
	/* Set by the owner. */
	struct image_job *job; /* gets the progress */
	struct worker_process *fetcher;
	const struct pull_layer_handlers *handlers;
	void *owner;
	int32_t number;		       /* as the fetcher counts */
	const struct descriptor *blob; /* borrowed */
	const char *diff_id;	       /* borrowed */

	enum pull_layer_state state;
	struct layer_job *unpacking;
	struct layer *layer; /* LAYER_DONE: used once by us */
	int64_t told_at;
};

/* Take it as it is, wait for whoever fetches it, or have it fetched. */
bool pull_layer_claim(struct pull_layer *layer, struct error *err);

/* A step without numbers: "Pulling fs layer". */
void pull_layer_tell(const struct pull_layer *layer, const char *status);

/* What the fetcher says of it.  False for what makes no sense. */
bool pull_layer_advance(struct pull_layer *layer, const struct fetch_progress *progress);

/* Give it up.  A blob that was ours to fetch is added to `freed`; when all the layers of a pull are
 * stopped, pull_layers_wake lets others go on with it.  `keep`: what came of it stays. */
void pull_layer_stop(struct pull_layer *layer, bool keep, struct strings *freed);
void pull_layers_wake(struct image_store *images, const char *digest);

/* What pulls that broke off have left goes. */
void pull_blobs_prune(struct image_store *images);
