/* Contexts beside the first, by name: --build-context of `build`, additional_contexts of compose. */
#pragma once

#include "cmd/cli/api.h"
#include "cmd/cli/build_context.h"

/* What the request's `contexts` says of it goes to `all`: of docker-image://REF the reference, of an address
 * itself; a folder is added to the opened `context`.  INVALID for others, which cannot be. */
bool build_named_add(struct build_context *context, const char *name, const char *value,
		     json_t *all, struct error *err);

/* The same of "NAME=VALUE" texts. */
bool build_named_add_all(struct build_context *context, const struct strings *texts, json_t *all,
			 struct error *err);

/* Whether this daemon's builder is ours.  UNSUPPORTED, with `otherwise`, when it is not. */
bool build_named_check(struct cli *cli, const char *otherwise, struct error *err);
