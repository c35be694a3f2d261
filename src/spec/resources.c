#include "spec/resources.h"

#include "spec/document.h"

#define NUMBER(member) offsetof(struct resource_options, member)

const struct option resources_options[] = {
	{0, "blkio-weight", &option_number16, NUMBER(blkio_weight),
	 .help = "Relative weight of block IO, 10 to 1000; 0 turns it off"},
	{0, "cpu-period", &option_number, NUMBER(cpu_period),
	 .help = "Period of the CPU quota, in microseconds"},
	{0, "cpu-quota", &option_number, NUMBER(cpu_quota),
	 .help = "CPU time in each period, in microseconds"},
	{0, "cpu-rt-period", &option_number, NUMBER(cpu_rt_period),
	 .help = "Period of the real-time CPU quota, in microseconds"},
	{0, "cpu-rt-runtime", &option_number, NUMBER(cpu_rt_runtime),
	 .help = "Real-time CPU time in each period, in microseconds"},
	{'c', "cpu-shares", &option_number, NUMBER(cpu_shares),
	 .help = "Relative weight of CPU time"},
	{0, "cpus", &option_decimal, NUMBER(cpus), .help = "Number of CPUs, such as 1.5"},
	{0, "cpuset-cpus", &option_string, offsetof(struct resource_options, cpuset_cpus),
	 .help = "CPUs to run on: 0-3, 0,1"},
	{0, "cpuset-mems", &option_string, offsetof(struct resource_options, cpuset_mems),
	 .help = "Memory nodes to use: 0-3, 0,1"},
	{0, "kernel-memory", &option_bytes, NUMBER(kernel_memory), .hidden = true,
	 .help = "Limit of the kernel's memory"},
	{'m', "memory", &option_bytes, NUMBER(memory), .help = "Limit of memory"},
	{0, "memory-reservation", &option_bytes, NUMBER(memory_reservation),
	 .help = "Memory to shrink to when the host runs short"},
	{0, "memory-swap", &option_swap, NUMBER(memory_swap),
	 .help = "Limit of memory and swap together; -1 for unlimited swap"},
	{0, "on-unhealthy", &option_string, offsetof(struct resource_options, on_unhealthy),
	 .help = "What to do when its health check fails: none, restart, stop, kill"},
	{0, "pids-limit", &option_number, NUMBER(pids_limit),
	 .help = "Limit of processes; -1 for none"},
	{0, "restart", &option_string, offsetof(struct resource_options, restart),
	 .help = "What to do when it exits: no, always, unless-stopped, on-failure[:TIMES]"},
};

_Static_assert(array_length(resources_options) == RESOURCES_OPTION_COUNT,
	       "the header says how many");

static const struct {
	const char *member;
	size_t offset;
} numbers[] = {
	{"CpuShares", NUMBER(cpu_shares)},
	{"Memory", NUMBER(memory)},
	{"NanoCpus", NUMBER(cpus)},
	{"BlkioWeight", NUMBER(blkio_weight)},
	{"CpuPeriod", NUMBER(cpu_period)},
	{"CpuQuota", NUMBER(cpu_quota)},
	{"CpuRealtimePeriod", NUMBER(cpu_rt_period)},
	{"CpuRealtimeRuntime", NUMBER(cpu_rt_runtime)},
	{"KernelMemory", NUMBER(kernel_memory)},
	{"MemoryReservation", NUMBER(memory_reservation)},
	{"MemorySwap", NUMBER(memory_swap)},
	{"PidsLimit", NUMBER(pids_limit)},
};

static const struct option_number *number_at(const struct resource_options *resources, size_t i)
{
	return (const void *)((const char *)resources + numbers[i].offset);
}

/* "on-failure:3" */
static bool set_restart(json_t *config, const char *text, struct error *err)
{
	size_t length = strcspn(text, ":");
	int64_t count = 0;

	if (length == 0 && text[length])
		return error_set(err, ERROR_INVALID,
				 "invalid restart policy format: no policy provided before colon");
	if (text[length] && !parse_i64(text + length + 1, &count))
		return error_set(err, ERROR_INVALID,
				 "invalid restart policy format: maximum retry "
				 "count must be an integer");
	json_object_set_new(config, "RestartPolicy",
			    json_pack("{s:s%, s:I}", "Name", text, length, "MaximumRetryCount",
				      (json_int_t)count));
	return true;
}

bool resources_to_json(const struct resource_options *resources, json_t *config, struct error *err)
{
	for (size_t i = 0; i < array_length(numbers); i++)
		if (number_at(resources, i)->given)
			json_object_set_new(config, numbers[i].member,
					    json_integer(number_at(resources, i)->value));
	if (resources->cpuset_cpus)
		doc_set_text(config, "CpusetCpus", resources->cpuset_cpus);
	if (resources->cpuset_mems)
		doc_set_text(config, "CpusetMems", resources->cpuset_mems);
	if (resources->on_unhealthy)
		doc_set_text(config, "OnUnhealthy", resources->on_unhealthy);
	return !resources->restart || set_restart(config, resources->restart, err);
}

bool resources_given(const struct resource_options *resources)
{
	for (size_t i = 0; i < array_length(numbers); i++)
		if (number_at(resources, i)->given)
			return true;
	return resources->cpuset_cpus || resources->cpuset_mems || resources->restart ||
	       resources->on_unhealthy;
}
