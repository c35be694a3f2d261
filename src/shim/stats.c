#include "shim/stats.h"

#include "base/time.h"
#include "format/json_write.h"
#include "os/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { PROC_LIMIT = 1 << 20 };

/* ---- reading ---- */

/* The first line sums up all processors (user, nice, system, idle, iowait, irq, softirq, steal; guests
 * are in user); each line after it is one. */
void stats_parse_cpu(const char *proc_stat, struct cpu_sample *out)
{
	enum { COLUMNS = 8 };
	uint64_t ticks = 0;
	const char *at = proc_stat + strcspn(proc_stat, " ");

	for (int i = 0; i < COLUMNS; i++) {
		char *end;

		ticks += strtoull(at, &end, 10);
		at = end;
	}
	out->host_ns = ticks * (uint64_t)(NS_PER_SECOND / sysconf(_SC_CLK_TCK));
	out->online = 0;
	for (const char *line = strstr(proc_stat, "\ncpu"); line; line = strstr(line + 1, "\ncpu"))
		out->online++;
}

static bool parse_network(const char *line, struct network_sample *out)
{
	uint64_t *const receive[] = {&out->rx_bytes, &out->rx_packets, &out->rx_errors,
				     &out->rx_dropped};
	uint64_t *const transmit[] = {&out->tx_bytes, &out->tx_packets, &out->tx_errors,
				      &out->tx_dropped};
	const char *name = line + strspn(line, " "), *colon = strchr(name, ':'), *at;

	if (!colon || (size_t)(colon - name) >= sizeof(out->name))
		return false;
	at = colon + 1;
	memcpy(out->name, name, (size_t)(colon - name));
	for (size_t column = 0; column < 12; column++) {
		char *end;
		uint64_t value = strtoull(at, &end, 10);

		if (column < 4)
			*receive[column] = value;
		else if (column >= 8)
			*transmit[column - 8] = value;
		at = end;
	}
	return strcmp(out->name, "lo") != 0;
}

void stats_parse_networks(const char *net_dev, struct stats_sample *out)
{
	scoped_strings struct strings lines = strings_split(net_dev, '\n');

	out->networks = mem_zeroed(lines.count, sizeof(*out->networks));
	for (size_t i = 2; i < lines.count; i++) { /* two lines of headings */
		struct network_sample network = {0};

		if (parse_network(lines.items[i], &network))
			out->networks[out->network_count++] = network;
	}
}

static void read_networks(pid_t pid, struct stats_sample *out)
{
	scoped_buffer struct buffer text = {0};
	char path[40];
	struct error ignored;

	snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
	if (pid && file_read(AT_FDCWD, path, PROC_LIMIT, &text, &ignored))
		stats_parse_networks(text.data, out);
}

static uint64_t host_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
}

static void fill_cpu(struct stats_sample *s)
{
	struct cgroup_usage *u = &s->usage;

	s->cpu.read_ns = time_now_ns();
	s->cpu.total_ns = u->cpu_total_ns;
	s->cpu.user_ns = u->cpu_user_ns;
	s->cpu.system_ns = u->cpu_system_ns;
	s->cpu.periods = u->cpu_periods;
	s->cpu.throttled_periods = u->cpu_throttled_periods;
	s->cpu.throttled_ns = u->cpu_throttled_ns;
	s->cpu.per_cpu_ns = take(u->per_cpu_ns);
	s->cpu.per_cpu_count = u->per_cpu_count;
}

bool stats_read(const char *cgroup_path, pid_t pid, struct stats_sample *out, struct error *err)
{
	scoped_buffer struct buffer proc_stat = {0};
	struct cgroup cgroup;
	bool ok;

	*out = (struct stats_sample){0};
	if (!file_read(AT_FDCWD, "/proc/stat", PROC_LIMIT, &proc_stat, err) ||
	    !cgroup_open(cgroup_path, &cgroup, err))
		return false;
	ok = cgroup_read_usage(&cgroup, &out->usage, err);
	cgroup_fini(&cgroup);
	if (!ok)
		return false;
	fill_cpu(out);
	stats_parse_cpu(proc_stat.data, &out->cpu);
	out->host_memory = host_memory();
	out->v1 = cgroup_host()->layout != CGROUP_V2;
	read_networks(pid, out);
	return true;
}

void cpu_sample_fini(struct cpu_sample *sample)
{
	free(sample->per_cpu_ns);
	*sample = (struct cpu_sample){0};
}

void stats_sample_fini(struct stats_sample *sample)
{
	cpu_sample_fini(&sample->cpu);
	cgroup_usage_fini(&sample->usage);
	free(sample->networks);
	*sample = (struct stats_sample){0};
}

/* ---- writing ---- */

static void write_u64(struct buffer *out, const char *name, uint64_t value)
{
	json_write_name(out, name);
	buffer_format(out, "%" PRIu64, value);
}

static void write_time(struct buffer *out, const char *name, int64_t ns)
{
	char text[TIME_TEXT_SIZE];

	json_write_name(out, name);
	buffer_format(out, "\"%s\"", time_to_text(ns, text));
}

static void begin(struct buffer *out, const char *name)
{
	json_write_name(out, name);
	buffer_add_char(out, '{');
}

static void end(struct buffer *out)
{
	buffer_add_char(out, '}');
}

/* Without a limit its name is absent: 2^64 - 1 is more than many readers of JSON can hold. */
static void write_pids(const struct cgroup_usage *u, struct buffer *out)
{
	begin(out, "pids_stats");
	write_u64(out, "current", u->pids_current);
	if (u->pids_limit && u->pids_limit != UINT64_MAX)
		write_u64(out, "limit", u->pids_limit);
	end(out);
}

static void write_io(const struct stats_sample *s, size_t index, bool read, struct buffer *out)
{
	static const char *const names[2][2] = {{"write", "read"}, {"Write", "Read"}};

	if (out->data[out->size - 1] != '[')
		buffer_add_char(out, ',');
	buffer_add_char(out, '{');
	write_u64(out, "major", s->usage.io[index].major);
	write_u64(out, "minor", s->usage.io[index].minor);
	json_write_name(out, "op");
	json_write_string(out, names[s->v1][read]);
	write_u64(out, "value", read ? s->usage.io[index].read : s->usage.io[index].write);
	end(out);
}

static void write_blkio(const struct stats_sample *s, struct buffer *out)
{
	static const char *const absent[] = {"io_serviced_recursive",	  "io_queue_recursive",
					     "io_service_time_recursive", "io_wait_time_recursive",
					     "io_merged_recursive",	  "io_time_recursive",
					     "sectors_recursive"};

	begin(out, "blkio_stats");
	json_write_name(out, "io_service_bytes_recursive");
	buffer_add_char(out, '[');
	for (size_t i = 0; i < s->usage.io_count; i++) {
		write_io(s, i, true, out);
		write_io(s, i, false, out);
	}
	buffer_add_char(out, ']');
	for (size_t i = 0; i < array_length(absent); i++) {
		json_write_name(out, absent[i]);
		buffer_add_text(out, "null");
	}
	end(out);
}

static void write_per_cpu(const struct cpu_sample *cpu, struct buffer *out)
{
	if (!cpu->per_cpu_count)
		return;
	json_write_name(out, "percpu_usage");
	for (size_t i = 0; i < cpu->per_cpu_count; i++)
		buffer_format(out, "%c%" PRIu64, i ? ',' : '[', cpu->per_cpu_ns[i]);
	buffer_add_char(out, ']');
}

static void write_cpu(const char *name, const struct cpu_sample *cpu, struct buffer *out)
{
	begin(out, name);
	begin(out, "cpu_usage");
	write_u64(out, "total_usage", cpu->total_ns);
	write_per_cpu(cpu, out);
	write_u64(out, "usage_in_kernelmode", cpu->system_ns);
	write_u64(out, "usage_in_usermode", cpu->user_ns);
	end(out);
	if (cpu->read_ns) { /* a sample that was never taken says nothing of the host */
		write_u64(out, "system_cpu_usage", cpu->host_ns);
		write_u64(out, "online_cpus", cpu->online);
	}
	begin(out, "throttling_data");
	write_u64(out, "periods", cpu->periods);
	write_u64(out, "throttled_periods", cpu->throttled_periods);
	write_u64(out, "throttled_time", cpu->throttled_ns);
	end(out);
	end(out);
}

static void write_memory(const struct stats_sample *s, struct buffer *out)
{
	const struct cgroup_usage *u = &s->usage;
	bool limited = u->memory_limit && u->memory_limit < s->host_memory;

	begin(out, "memory_stats");
	write_u64(out, "usage", u->memory_usage);
	if (s->v1)
		write_u64(out, "max_usage", u->memory_max_usage);
	begin(out, "stats");
	for (size_t i = 0; i < u->memory_stat.count; i++) {
		json_write_name(out, u->memory_stat.items[i].name);
		buffer_add_text(out, u->memory_stat.items[i].value);
	}
	end(out);
	if (s->v1)
		write_u64(out, "failcnt", u->memory_failcnt);
	write_u64(out, "limit", limited ? u->memory_limit : s->host_memory);
	end(out);
}

static void write_network(const struct network_sample *n, struct buffer *out)
{
	begin(out, n->name);
	write_u64(out, "rx_bytes", n->rx_bytes);
	write_u64(out, "rx_packets", n->rx_packets);
	write_u64(out, "rx_errors", n->rx_errors);
	write_u64(out, "rx_dropped", n->rx_dropped);
	write_u64(out, "tx_bytes", n->tx_bytes);
	write_u64(out, "tx_packets", n->tx_packets);
	write_u64(out, "tx_errors", n->tx_errors);
	write_u64(out, "tx_dropped", n->tx_dropped);
	end(out);
}

static void write_networks(const struct stats_sample *s, struct buffer *out)
{
	if (!s->network_count)
		return;
	begin(out, "networks");
	for (size_t i = 0; i < s->network_count; i++)
		write_network(&s->networks[i], out);
	end(out);
}

void stats_write(const struct stats_sample *sample, const struct cpu_sample *before,
		 const char *name, const char *id, struct buffer *out)
{
	buffer_add_char(out, '{');
	write_time(out, "read", sample->cpu.read_ns);
	write_time(out, "preread", before->read_ns);
	write_pids(&sample->usage, out);
	write_blkio(sample, out);
	write_u64(out, "num_procs", 0);
	begin(out, "storage_stats");
	end(out);
	write_cpu("cpu_stats", &sample->cpu, out);
	write_cpu("precpu_stats", before, out);
	write_memory(sample, out);
	json_write_name(out, "name");
	json_write_string(out, name ? name : "");
	json_write_name(out, "id");
	json_write_string(out, id ? id : "");
	write_networks(sample, out);
	buffer_add_text(out, "}\n");
}
