/* The progress of pull, load and import: a line for each layer that moves on a terminal, plain lines
 * elsewhere. */
#pragma once

#include "base/error.h"

#include <jansson.h>

struct stream_progress;

/* fd -1: nothing is shown, only errors count. */
struct stream_progress *stream_progress_new(int fd);
void stream_progress_free(struct stream_progress *progress);

/* One message of the stream.  False: the message is an error, which is told in *err. */
bool stream_progress_show(struct stream_progress *progress, const json_t *message, struct error *err);

static inline void stream_progress_free_at(struct stream_progress **progress)
{
	stream_progress_free(*progress);
}
