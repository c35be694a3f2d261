/* The progress of pull, load and import: a line for each layer that moves on a terminal, plain lines
 * elsewhere. */
#pragma once

#include "base/error.h"

#include <jansson.h>

struct progress;

/* fd -1: nothing is shown, only errors count. */
struct progress *progress_new(int fd);
void progress_free(struct progress *progress);

/* One message of the stream.  False: the message is an error, which is told in *err. */
bool progress_show(struct progress *progress, const json_t *message, struct error *err);

static inline void progress_free_at(struct progress **progress)
{
	progress_free(*progress);
}
