/* RUN --mount: what is mounted into a step's container besides its root. */
#pragma once

#include "builder/builder_private.h"

struct run_mounts {
	struct strings targets; /* that may have been made for mounts: nothing of them stays */
	struct strings caches;	/* names of cache folders that are taken */
	char *secrets;		/* owned: the folder of secrets, in the exec root; NULL: none */
	unsigned files;		/* in it so far */
	unsigned agents;	/* so far */
	struct strings variables; /* "NAME=value" of secrets */
	char *agent;		/* owned: where the step finds the first of them; NULL: none */
};

/* Take the cache folders.  *busy: not all can be had now, and none is taken; try again when a step has
 * ended. */
bool run_mounts_take(struct run_mounts *mounts, struct build *build,
		     const struct build_run_request *request, bool *busy, struct error *err);

/* Adds to `host` what the step asks for. */
bool run_mounts_plan(struct run_mounts *mounts, struct build *build,
		     const struct build_run_request *request, struct host_config *host,
		     struct error *err);

/* Takes away what mounts have left in the container's upper folder: empty places that the image does not
 * have. */
void run_mounts_clean(const struct run_mounts *mounts, struct builder *builder,
		      const char *container, const struct image *base);

/* Gives everything back. */
void run_mounts_end(struct run_mounts *mounts, struct builder *builder);
