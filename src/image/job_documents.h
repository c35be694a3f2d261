/* What every worker asks for in the same words: documents (image/worker_protocol.h, WANT and HAVE). */
#pragma once

#include "image/image_store.h"

/* Carry out WORKER_WANT or WORKER_HAVE.  `known` says whether an image will do instead of its
 * configuration; it may be NULL.  False and err for what no good worker sends. */
bool job_document(struct image_job *job, struct worker_process *worker,
		  const struct message *message,
		  bool (*known)(struct image_job *job, const char *id), struct error *err);
