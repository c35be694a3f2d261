/* Samples for stats.  One table per kind of file; a missing file or key leaves its value at 0. */
#include "os/cgroup.h"

#include "os/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define NS_PER_US   1000
#define NS_PER_TICK 10000000 /* USER_HZ is 100 on every Linux that we build for */

static char *read_text(const struct cgroup *cgroup, enum cgroup_controller c, const char *file)
{
	struct buffer text = {0};
	struct error ignored;

	if (!cgroup_read(cgroup, c, file, &text, &ignored)) {
		buffer_fini(&text);
		return NULL;
	}
	return buffer_take(&text);
}

/* "max" is no limit, and so is the page-rounded largest number of v1. */
static uint64_t read_number(const struct cgroup *cgroup, enum cgroup_controller c, const char *file)
{
	scoped_free char *text = read_text(cgroup, c, file);
	uint64_t value = 0;

	if (!text)
		return 0;
	if (str_starts_with(text, "max"))
		return UINT64_MAX;
	sscanf(text, "%" SCNu64, &value);
	return value >= INT64_MAX - 0xffff ? UINT64_MAX : value;
}

/* "name value" lines to where the table says, times a factor. */
struct key {
	const char *name;
	size_t offset;
	uint64_t factor;
};

static void read_keys(struct cgroup_usage *out, char *text, const struct key *keys, size_t count)
{
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');
		uint64_t value;

		if (!blank || sscanf(blank, " %" SCNu64, &value) != 1)
			continue;
		*blank = '\0';
		for (size_t i = 0; i < count; i++)
			if (str_equal(line, keys[i].name))
				*(uint64_t *)(void *)((char *)out + keys[i].offset) =
					value * keys[i].factor;
	}
}

#define KEY(name, field, factor)                                                                   \
	{                                                                                          \
		name, offsetof(struct cgroup_usage, field), factor                                 \
	}

static const struct key cpu_v2[] = {
	KEY("usage_usec", cpu_total_ns, NS_PER_US),
	KEY("user_usec", cpu_user_ns, NS_PER_US),
	KEY("system_usec", cpu_system_ns, NS_PER_US),
	KEY("nr_periods", cpu_periods, 1),
	KEY("nr_throttled", cpu_throttled_periods, 1),
	KEY("throttled_usec", cpu_throttled_ns, NS_PER_US),
};

static const struct key cpu_v1[] = {
	KEY("nr_periods", cpu_periods, 1),
	KEY("nr_throttled", cpu_throttled_periods, 1),
	KEY("throttled_time", cpu_throttled_ns, 1),
};

static const struct key cpuacct_v1[] = {
	KEY("user", cpu_user_ns, NS_PER_TICK),
	KEY("system", cpu_system_ns, NS_PER_TICK),
};

static const struct key memory_events[] = {
	KEY("max", memory_failcnt, 1),
};

#define read_keys_of(out, cgroup, controller, file, keys)                                          \
	do {                                                                                       \
		scoped_free char *text_ = read_text(cgroup, controller, file);                     \
		read_keys(out, text_, keys, array_length(keys));                                   \
	} while (0)

static void read_per_cpu(const struct cgroup *cgroup, struct cgroup_usage *out)
{
	scoped_free char *text = read_text(cgroup, CGROUP_CPUACCT, "cpuacct.usage_percpu");
	struct {
		uint64_t *items;
		size_t count, capacity;
	} values = {0};
	char *save = NULL;

	for (char *word = text ? strtok_r(text, " \n", &save) : NULL; word;
	     word = strtok_r(NULL, " \n", &save))
		vector_add(&values, strtoull(word, NULL, 10));
	out->per_cpu_ns = values.items;
	out->per_cpu_count = values.count;
}

static void read_cpu(const struct cgroup *cgroup, struct cgroup_usage *out)
{
	if (cgroup->dir[CGROUP_CPUACCT] < 0) {
		read_keys_of(out, cgroup, CGROUP_UNIFIED, "cpu.stat", cpu_v2);
		return;
	}
	out->cpu_total_ns = read_number(cgroup, CGROUP_CPUACCT, "cpuacct.usage");
	read_keys_of(out, cgroup, CGROUP_CPUACCT, "cpuacct.stat", cpuacct_v1);
	read_keys_of(out, cgroup, CGROUP_CPU, "cpu.stat", cpu_v1);
	read_per_cpu(cgroup, out);
}

uint64_t cgroup_cpu_ns(const struct cgroup *cgroup)
{
	struct cgroup_usage usage = {0};

	if (cgroup->dir[CGROUP_CPUACCT] >= 0)
		return read_number(cgroup, CGROUP_CPUACCT, "cpuacct.usage");
	read_keys_of(&usage, cgroup, CGROUP_UNIFIED, "cpu.stat", cpu_v2);
	return usage.cpu_total_ns;
}

static void read_memory_stat(const struct cgroup *cgroup, struct cgroup_usage *out)
{
	scoped_free char *text = read_text(cgroup, CGROUP_MEMORY, "memory.stat");
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		pairs_set(&out->memory_stat, line, blank + 1);
	}
}

static void read_memory(const struct cgroup *cgroup, struct cgroup_usage *out)
{
	bool v1 = cgroup->dir[CGROUP_MEMORY] >= 0;

	out->memory_usage =
		read_number(cgroup, CGROUP_MEMORY, v1 ? "memory.usage_in_bytes" : "memory.current");
	out->memory_max_usage = read_number(cgroup, CGROUP_MEMORY,
					    v1 ? "memory.max_usage_in_bytes" : "memory.peak");
	out->memory_limit =
		read_number(cgroup, CGROUP_MEMORY, v1 ? "memory.limit_in_bytes" : "memory.max");
	if (v1)
		out->memory_failcnt = read_number(cgroup, CGROUP_MEMORY, "memory.failcnt");
	else
		read_keys_of(out, cgroup, CGROUP_MEMORY, "memory.events", memory_events);
	read_memory_stat(cgroup, out);
}

/* ---- blocks read and written, by device ---- */

static size_t io_slot(struct cgroup_usage *out, unsigned major, unsigned minor)
{
	for (size_t i = 0; i < out->io_count; i++)
		if (out->io[i].major == major && out->io[i].minor == minor)
			return i;
	if (out->io_count == array_length(out->io))
		return array_length(out->io);
	out->io[out->io_count].major = major;
	out->io[out->io_count].minor = minor;
	return out->io_count++;
}

/* v2: "254:0 rbytes=1 wbytes=2 rios=..."; v1: "254:0 Read 1", "254:0 Write 2" on lines of their
 * own. */
static void read_io_line(struct cgroup_usage *out, const char *line)
{
	uint64_t read = 0, write = 0;
	unsigned major, minor;
	char word[16];
	size_t slot;

	if (sscanf(line, "%u:%u %15[A-Za-z]", &major, &minor, word) != 3)
		return;
	if (sscanf(line, "%*u:%*u rbytes=%" SCNu64 " wbytes=%" SCNu64, &read, &write) != 2 &&
	    !(str_equal(word, "Read") && sscanf(line, "%*s %*s %" SCNu64, &read) == 1) &&
	    !(str_equal(word, "Write") && sscanf(line, "%*s %*s %" SCNu64, &write) == 1))
		return;
	slot = io_slot(out, major, minor);
	if (slot == array_length(out->io))
		return;
	out->io[slot].read += read;
	out->io[slot].write += write;
}

/* The BFQ scheduler counts in files of its own; without it the throttle's are the true ones. */
static char *io_text(const struct cgroup *cgroup)
{
	static const char *const files[] = {"blkio.bfq.io_service_bytes_recursive",
					    "blkio.throttle.io_service_bytes_recursive",
					    "blkio.throttle.io_service_bytes"};

	if (cgroup->dir[CGROUP_BLKIO] < 0)
		return read_text(cgroup, CGROUP_BLKIO, "io.stat");
	for (size_t i = 0; i < array_length(files); i++) {
		char *text = read_text(cgroup, CGROUP_BLKIO, files[i]);

		if (text && strstr(text, "Read"))
			return text;
		free(text);
	}
	return NULL;
}

static void read_io(const struct cgroup *cgroup, struct cgroup_usage *out)
{
	scoped_free char *text = io_text(cgroup);
	char *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		read_io_line(out, line);
}

static bool is_there(const struct cgroup *cgroup)
{
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (cgroup->dir[c] >= 0 && faccessat(cgroup->dir[c], "cgroup.procs", F_OK, 0) == 0)
			return true;
	return false;
}

bool cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *out, struct error *err)
{
	*out = (struct cgroup_usage){0};
	if (!is_there(cgroup))
		return error_set(err, ERROR_NOT_FOUND, "there is no cgroup '%s'", cgroup->path);
	read_cpu(cgroup, out);
	read_memory(cgroup, out);
	out->pids_current = read_number(cgroup, CGROUP_PIDS, "pids.current");
	out->pids_limit = read_number(cgroup, CGROUP_PIDS, "pids.max");
	read_io(cgroup, out);
	return true;
}

void cgroup_usage_fini(struct cgroup_usage *usage)
{
	pairs_fini(&usage->memory_stat);
	free(usage->per_cpu_ns);
	*usage = (struct cgroup_usage){0};
}
