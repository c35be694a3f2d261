/* The limits that `run`, `create` and `update` set. */
#pragma once

#include "format/option.h"

#include <jansson.h>

struct resource_options {
	struct option_number blkio_weight, cpu_period, cpu_quota, cpu_rt_period, cpu_rt_runtime,
		cpu_shares, cpus, memory, memory_reservation, memory_swap, kernel_memory,
		pids_limit;
	char *cpuset_cpus, *cpuset_mems, *restart;
	char *on_unhealthy; /* our own */
};

extern const struct option resources_options[];
#define RESOURCES_OPTION_COUNT 16

/* What was given, as members of `config` (a HostConfig, or the body of update). */
bool resources_to_json(const struct resource_options *resources, json_t *config, struct error *err);

/* Whether any was given. */
bool resources_given(const struct resource_options *resources);
