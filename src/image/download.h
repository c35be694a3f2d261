/* The layers of one image, fetched side by side into files that the daemon gave.
 *
 * A file may hold a beginning already: it is hashed and the rest asked for.  What breaks off is asked
 * for again from there, after a pause that grows; tries that bring nothing are counted.  Every byte is
 * hashed and counted as it comes: a blob that is too long ends at once, one whose digest is wrong is
 * fetched once more from its first byte if it was put together from pieces, and fails otherwise. */
#pragma once

#include "image/manifest.h"
#include "image/registry.h"
#include "image/worker.h"

struct download_settings {
	struct transfer_settings transfer;
	int32_t at_once, attempts;
	int64_t retry_ms;
};

/* Serve FETCH_LAYER messages for `layers` (struct descriptor) until FETCH_NEXT. */
bool download_layers(struct worker *worker, struct registry *registry,
		     const struct record_list *layers, const struct download_settings *settings,
		     struct error *err);
