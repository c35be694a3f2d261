/* What the fetcher is asked besides images (image/worker_protocol.h): what a name stands for in its
 * registry, and what a registry's old index knows. */
#pragma once

#include "image/registry.h"
#include "image/worker_protocol.h"

/* The manifest of a name, with the platforms that it is for. */
bool question_look(struct registry *registry, const char *tag_or_digest, struct look_found *out,
		   struct error *err);

/* Docker's first API, which few registries have: NOT_FOUND in words that say so. */
bool question_search(struct registry *registry, const char *host, const struct fetch_start *start,
		     struct search_found *out, struct error *err);
