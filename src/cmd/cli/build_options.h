/* What `build` is told, and the request that it makes of it. */
#pragma once

#include "cmd/cli/api.h"
#include "format/option.h"

struct build {
	struct strings add_host, build_args, cache_from, labels, security_opt, tags, secrets, ssh,
		contexts, outputs;
	char *cgroup_parent, *cpuset_cpus, *cpuset_mems, *file, *iidfile, *isolation, *network,
		*platform, *target, *ignored;
	struct option_number cpu_period, cpu_quota, cpu_shares, memory, memory_swap, shm_size;
	bool compress, content_trust, force_remove, no_cache, pull, quiet, remove, squash;
	json_t *ulimits;
};

extern const struct option build_options[];
#define BUILD_OPTION_COUNT 37

/* An image whose layers may be reused, several with commas between, or "type=registry,ref=IMAGE".
 * UNSUPPORTED for caches that are no images. */
bool build_add_cache(const char *text, struct strings *images, struct error *err);

/* The request's parameters, but for those of the context. */
void build_add_parameters(const struct build *build, struct target *target);
