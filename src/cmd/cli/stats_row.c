#include "cmd/cli/stats_row.h"

#include "cmd/cli/api.h"
#include "cmd/cli/show.h"
#include "format/units.h"

#include <ctype.h>

/* Numbers that may be beyond 2^53 are whole in the documents, and differences are small. */
static double number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static const json_t *usage_of(const json_t *cpu)
{
	return json_object_get(cpu, "cpu_usage");
}

/* The share of one CPU: of the time that all CPUs had since the sample before, times their number. */
static double cpu_percent(const json_t *sample)
{
	const json_t *now = json_object_get(sample, "cpu_stats");
	const json_t *before = json_object_get(sample, "precpu_stats");
	double used =
		number(usage_of(now), "total_usage") - number(usage_of(before), "total_usage");
	double passed = number(now, "system_cpu_usage") - number(before, "system_cpu_usage");
	double cpus = number(now, "online_cpus");

	if (!cpus)
		cpus = (double)json_array_size(json_object_get(usage_of(now), "percpu_usage"));
	return used > 0 && passed > 0 ? used / passed * cpus * 100 : 0;
}

/* Without pages that the kernel would give back at once: named after the cgroup's version. */
static double memory_used(const json_t *memory)
{
	const json_t *details = json_object_get(memory, "stats");
	double usage = number(memory, "usage");
	double v1 = number(details, "total_inactive_file"), v2 = number(details, "inactive_file");

	if (json_object_get(details, "total_inactive_file") && v1 < usage)
		return usage - v1;
	return v2 < usage ? usage - v2 : usage;
}

static void set_pair(json_t *row, const char *name, char *first, char *second)
{
	doc_set_format(row, name, "%s / %s", first, second);
	free(first);
	free(second);
}

static void set_memory(json_t *row, const json_t *memory)
{
	double used = memory_used(memory), limit = number(memory, "limit");

	set_pair(row, "MemUsage", size_to_text_binary(used), size_to_text_binary(limit));
	doc_set_format(row, "MemPerc", "%.2f%%", limit > 0 ? used / limit * 100 : 0.0);
}

static void set_network(json_t *row, const json_t *networks)
{
	double received = 0, sent = 0;
	const char *name;
	json_t *network;

	json_object_foreach ((json_t *)networks, name, network) {
		received += number(network, "rx_bytes");
		sent += number(network, "tx_bytes");
	}
	set_pair(row, "NetIO", size_to_text(received), size_to_text(sent));
}

static void set_block(json_t *row, const json_t *blkio)
{
	double read_bytes = 0, written = 0;
	size_t i;
	json_t *entry;

	json_array_foreach (json_object_get(blkio, "io_service_bytes_recursive"), i, entry) {
		char op = (char)tolower((unsigned char)doc_text(entry, "op")[0]);

		read_bytes += op == 'r' ? number(entry, "value") : 0;
		written += op == 'w' ? number(entry, "value") : 0;
	}
	set_pair(row, "BlockIO", size_to_text(read_bytes), size_to_text(written));
}

/* Before the first sample, and after the end. */
static json_t *blank_row(const char *name)
{
	static const char *const members[] = {"Name",  "CPUPerc", "MemPerc",
					      "NetIO", "BlockIO", "PIDs"};
	json_t *row = json_object();

	doc_set_text(row, "Container", name);
	doc_set_text(row, "ID", "");
	doc_set_text(row, "MemUsage", "-- / --");
	for (size_t i = 0; i < array_length(members); i++)
		doc_set_text(row, members[i], "--");
	return row;
}

json_t *stats_row(const char *name, const json_t *sample, bool truncate)
{
	const char *id = doc_text(sample, "id"), *full_name = doc_text(sample, "name");
	const json_t *pids = json_object_get(sample, "pids_stats");
	scoped_free char *short_id = truncate ? show_short_id(id) : str_dup(id);

	if (!sample || !*id)
		return blank_row(name);
	json_t *row = json_object();
	doc_set_text(row, "Container", name);
	doc_set_text(row, "ID", short_id);
	doc_set_text(row, "Name", full_name + (*full_name == '/'));
	doc_set_format(row, "CPUPerc", "%.2f%%", cpu_percent(sample));
	set_memory(row, json_object_get(sample, "memory_stats"));
	set_network(row, json_object_get(sample, "networks"));
	set_block(row, json_object_get(sample, "blkio_stats"));
	doc_set_format(row, "PIDs", "%lld", (long long)doc_number(pids, "current"));
	return row;
}

static const struct listing_column columns[] = {
	{"Container", "CONTAINER"},
	{"ID", "CONTAINER ID"},
	{"Name", "NAME"},
	{"CPUPerc", "CPU %"},
	{"MemUsage", "MEM USAGE / LIMIT"},
	{"MemPerc", "MEM %"},
	{"NetIO", "NET I/O"},
	{"BlockIO", "BLOCK I/O"},
	{"PIDs", "PIDS"},
};

const struct listing stats_listing = {
	.row_type = "*container.statsContext",
	LISTING_COLUMNS(columns),
};
