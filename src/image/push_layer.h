/* One blob on its way to a registry. */
#pragma once

#include "image/registry.h"
#include "image/worker.h"

struct push_line {
	struct worker *worker;
	struct registry *registry;
	const struct fetch_start *start; /* its limits */
};

/* Where the layer is there already, from where it could be mounted, or its bytes, asked from the daemon and
 * sent in parts of which each can be sent again.  `found` is what the registry has then. */
bool push_layer(const struct push_line *line, const struct push_layer *layer,
		struct descriptor *found, struct error *err);

/* A configuration: small, in one piece. */
bool push_document(const struct push_line *line, const char *digest, const struct buffer *bytes,
		   struct error *err);
