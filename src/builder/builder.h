/* Builds of images, as the daemon sees them: a worker reads the context, the Dockerfile and the client's
 * connection (build/driver.h); here is what it asks for, done with the engine's own functions.
 *
 * A build owns a folder below <data root>/builds, its containers (marked in their records, so that a daemon
 * that comes back finds and removes them) and what they have written. All of it goes when the build ends,
 * however that is; images of steps that were done stay, as cache. Nothing is promised before the answer says
 * "Successfully built": then the image and its names survive a power cut. */
#pragma once

#include "engine/engine.h"

struct builder;

struct builder_settings {
	const char *data_root; /* absolute; exists */
	const char *exec_root;
	const char *worker; /* path of wherry-worker */
};

/* Removes what builds of an earlier daemon have left, once the engine is ready. */
struct builder *builder_open(struct engine *engine, const struct builder_settings *settings,
			     struct error *err);
void builder_close(struct builder *builder);

/* What a request asks for.  All owned. */
struct build_request {
	char *id; /* the client's own, to cancel it by; NULL: none */
	char *dockerfile, *remote, *target, *platform;
	struct strings names; /* repo[:tag] */
	bool quiet, no_cache, pull;
	bool remove, force_remove; /* containers of steps: those that went well, all */
	struct pairs build_args, labels;
	struct pairs contexts; /* names in FROM and --from, to what docs/compose-api.md says */
	struct strings cache_from;
	struct pairs credentials; /* by registry: the JSON of X-Registry-Auth */
	struct pairs secrets;	  /* by id: base64 of their bytes */
	struct pairs agents;	  /* by id: the socket of an agent for SSH, on this host */
	struct strings extra_hosts;
	char *network, *cgroup_parent, *cpuset_cpus, *cpuset_mems;
	int64_t memory, memory_swap, cpu_shares, cpu_period, cpu_quota, shm_size;
	struct record_list ulimits; /* struct ulimit */
	int api_minor;
};
void build_request_fini(struct build_request *request);

/* Whether it can be, while the client can still be told by status. */
bool build_request_check(const struct build_request *request, struct error *err);

/* Takes both.  The worker answers. */
void builder_start(struct builder *builder, struct build_request *request,
		   struct image_upload *upload);

/* End the build that the client has named so.  NOT_FOUND when there is none. */
bool builder_cancel(struct builder *builder, const char *id, struct error *err);

/* ---- folders of RUN --mount=type=cache ---- */

struct builder_cache {
	char *id;    /* its folder's name */
	char *about; /* "cached mount ID" */
	int64_t size, created_ns, used_ns;
	bool in_use;
};

struct builder_job; /* lives until its callback, or builder_job_cancel */
void builder_job_cancel(struct builder_job *job); /* NULL is fine */

typedef void builder_measured(void *data, const struct builder_cache *caches, size_t count,
			      const struct error *err);
struct builder_job *builder_measure(struct builder *builder, builder_measured *done, void *data,
				    struct error *err);

/* Removes those that no step has, and that were last used before `until_ns` (0: whenever), of `ids` where
 * some are named; of these, beginning with who was not used for longest, only as many as make all of them
 * fit into `keep_bytes`. */
struct builder_prune_wish {
	int64_t until_ns, keep_bytes;
	const struct strings *ids; /* for the call; NULL or none: all */
	bool nothing;
};
typedef void builder_pruned(void *data, const struct strings *ids, int64_t reclaimed,
			    const struct error *err);
struct builder_job *builder_prune(struct builder *builder, const struct builder_prune_wish *wish,
				  builder_pruned *done, void *data, struct error *err);
