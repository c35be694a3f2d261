/* A container's use of the host, as the documents of the stats stream show it. */
#pragma once

#include "base/text.h"
#include "os/cgroup.h"

/* What is needed twice: now, and as precpu_stats of the next document.  Zero is "never". */
struct cpu_sample {
	int64_t read_ns; /* since 1970 */
	uint64_t total_ns, user_ns, system_ns;
	uint64_t host_ns; /* of all processors of the host, idle or not */
	uint32_t online;
	uint64_t periods, throttled_periods, throttled_ns;
	uint64_t *per_cpu_ns; /* owned; v1 only */
	size_t per_cpu_count;
};

struct network_sample {
	char name[16];
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

struct stats_sample {
	struct cpu_sample cpu;
	struct cgroup_usage usage;
	uint64_t host_memory;		 /* the limit of those that have none */
	struct network_sample *networks; /* owned */
	size_t network_count;
	bool v1; /* names and fields of its kind */
};

/* Read all of it now.  `pid`: whose network is meant; 0: not the container's own. */
bool stats_read(const char *cgroup_path, pid_t pid, struct stats_sample *out, struct error *err);
void stats_sample_fini(struct stats_sample *sample);
void cpu_sample_fini(struct cpu_sample *sample);

/* One document and a newline. */
void stats_write(const struct stats_sample *sample, const struct cpu_sample *before,
		 const char *name, const char *id, struct buffer *out);

/* ---- reading of /proc, for tests ---- */

void stats_parse_cpu(const char *proc_stat, struct cpu_sample *out);
void stats_parse_networks(const char *net_dev, struct stats_sample *out);
