/* Limits of the control group: systemd.resource-control. */
#include "format/time_span.h"
#include "unit/key_value.h"
#include "unit/name_pool.h"

#include <unistd.h>

/* ---- numbers ---- */

/* "20%", "12.5%": in hundredths of a percent. */
static bool parse_percent(const char *value, int64_t *hundredths)
{
	scoped_free char *number = str_dup(value);
	size_t length = strlen(number);
	int64_t whole, part = 0;

	if (!length || number[length - 1] != '%')
		return false;
	number[length - 1] = '\0';
	char *dot = strchr(number, '.');
	if (dot) {
		size_t digits = strlen(dot + 1);

		*dot = '\0';
		if (digits < 1 || digits > 2 || !parse_i64(dot + 1, &part) || part < 0)
			return false;
		part *= digits == 1 ? 10 : 1;
	}
	if (!parse_i64(number, &whole) || whole < 0 || whole > INT32_MAX)
		return false;
	*hundredths = whole * 100 + part;
	return true;
}

/* "512M", "1.5G", "2G 512M": K M G T P E of `base`. */
static bool parse_size(const char *text, double base, int64_t *bytes)
{
	static const char suffixes[] = "BKMGTPE";
	double sum = 0;

	if (!*text)
		return false;
	while (*text) {
		char *end;
		double value = strtod(text, &end), factor = 1;
		const char *suffix = *end ? strchr(suffixes, *end) : NULL;

		if (end == text || strspn(text, "0123456789.") != (size_t)(end - text))
			return false;
		if (suffix)
			end++;
		for (; suffix && suffix > suffixes; suffix--)
			factor *= base;
		sum += value * factor;
		text = end + strspn(end, " \t");
		if (!suffix && *text)
			return false;
	}
	if (!(sum < 9e18))
		return false;
	*bytes = (int64_t)sum;
	return true;
}

static int64_t physical_memory(void)
{
	return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

/* MemoryMax=: bytes, "infinity", "20%" of the machine's memory. */
static void key_memory(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t number;

	if (!*value)
		*field = (struct optional_i64){0};
	else if (str_equal(value, "infinity"))
		*field = (struct optional_i64){true, -1};
	else if (parse_percent(value, &number) && number <= 10000)
		*field = (struct optional_i64){true, physical_memory() / 10000 * number};
	else if (parse_size(value, 1024, &number))
		*field = (struct optional_i64){true, number};
	else
		key_reject(draft, key, value);
}

/* The default is 15 % of what the kernel allows, so that other shares follow from it. */
static void key_tasks_max(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t number;

	if (!*value)
		*field = (struct optional_i64){0};
	else if (str_equal(value, "infinity"))
		*field = (struct optional_i64){true, -1};
	else if (parse_percent(value, &number) && number <= 10000)
		*field = (struct optional_i64){true,
					       draft->context->tasks_max_default * number / 1500};
	else if (parse_size(value, 1000, &number) && number > 0)
		*field = (struct optional_i64){true, number};
	else
		key_reject(draft, key, value);
}

static void key_cpu_quota(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t hundredths;

	if (!*value || str_equal(value, "infinity"))
		*field = (struct optional_i64){0};
	else if (parse_percent(value, &hundredths) && hundredths > 0)
		*field = (struct optional_i64){true, hundredths * 100};
	else
		key_reject(draft, key, value);
}

/* "idle": only what nobody else wants, as near as a weight comes to it. */
static void key_cpu_weight(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	key_optional_number(draft, key, str_equal(value, "idle") ? "1" : value);
}

/* CPUShares= and BlockIOWeight=, of old: 1024 and `number` are what 100 is now. */
static void key_old_weight(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t number;

	if (!*value)
		*field = (struct optional_i64){0};
	else if (parse_i64(value, &number) && number >= 2 && number <= 262144)
		*field = (struct optional_i64){
			true, number * 100 < key->number ? 1 : number * 100 / key->number};
	else
		key_reject(draft, key, value);
	if (field->value > 10000)
		field->value = 10000;
}

/* ---- CPUs and nodes ---- */

static bool parse_cpu_range(const char *word, struct buffer *out)
{
	scoped_free char *first = str_dup(word);
	char *dash = strchr(first, '-');
	uint64_t low, high;

	if (dash)
		*dash++ = '\0';
	if (!parse_u64(first, &low) || !parse_u64(dash ? dash : first, &high) || high < low ||
	    high > 8191)
		return false;
	buffer_format(out, high > low ? "%s%lu-%lu" : "%s%lu", out->size ? "," : "",
		      (unsigned long)low, (unsigned long)high);
	return true;
}

/* Sets separated by blanks or commas; a further line adds. */
void key_cpus(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};
	scoped_buffer struct buffer list = {0};
	char **field = unit_key_field(draft, key);
	scoped_free char *blanks = str_dup(value);

	for (char *comma = blanks; (comma = strchr(comma, ','));)
		*comma = ' ';
	if (!*value)
		str_replace(field, NULL);
	if (!*value || !key_split(draft, key, blanks, &words))
		return;
	if (*field)
		buffer_add_text(&list, *field);
	for (size_t i = 0; i < words.count; i++) {
		if (parse_cpu_range(words.items[i], &list))
			continue;
		key_reject(draft, key, value);
		return;
	}
	str_replace(field, list.data);
}

/* ---- devices ---- */

/* "PATH NUMBER" items; `number`: whether it is a weight, else a size in thousands. */
static void key_io_limit(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct record_list *list = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};
	int64_t number;

	if (!*value) {
		record_list_fini(&execution_io_limit_type, list);
		return;
	}
	if (!key_split(draft, key, value, &words))
		return;
	if (words.count != 2 || words.items[0][0] != '/' ||
	    !(str_equal(words.items[1], "infinity") ? (number = -1)
						    : parse_size(words.items[1], 1000, &number)) ||
	    (key->number && (number < 1 || number > 10000))) {
		key_reject(draft, key, value);
		return;
	}
	struct execution_io_limit *limit = record_list_add(&execution_io_limit_type, list);
	limit->path = str_dup(words.items[0]);
	limit->value = number;
}

static void key_device_policy(struct unit_draft *draft, const struct unit_key *key,
			      const char *value)
{
	char **field = unit_key_field(draft, key);

	if (!*value || str_equal(value, "auto"))
		str_replace(field, NULL);
	else if (str_equal(value, "closed") || str_equal(value, "strict"))
		str_replace(field, value);
	else
		key_reject(draft, key, value);
}

static bool is_device(const char *path)
{
	return *path == '/' || str_starts_with(path, "char-") || str_starts_with(path, "block-");
}

static void key_device_allow(struct unit_draft *draft, const struct unit_key *key,
			     const char *value)
{
	struct record_list *list = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};

	if (!*value) {
		record_list_fini(&execution_device_type, list);
		return;
	}
	if (!key_split(draft, key, value, &words))
		return;
	const char *access = words.count == 2 ? words.items[1] : "rwm";
	if (words.count < 1 || words.count > 2 || !is_device(words.items[0]) || !*access ||
	    access[strspn(access, "rwm")]) {
		key_reject(draft, key, value);
		return;
	}
	struct execution_device *device = record_list_add(&execution_device_type, list);
	device->path = str_dup(words.items[0]);
	device->access = str_dup(access);
}

/* Yes, no, or the controllers that are meant: all are given. */
static void key_delegate(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};
	bool *field = unit_key_field(draft, key);

	if (!*value || !key_parse_bool(value, field))
		*field = !*value || key_split(draft, key, value, &words);
	draft->delegate_given = true;
}

static const struct key_range weight = {1, 10000};

#define LIMIT(name, parse, member, ...)                                                            \
	UNIT_KEY(name, IN_LIMITS, parse, plan.limits.member, __VA_ARGS__)
#define ALWAYS(name)                                                                               \
	{                                                                                          \
		name, IN_LIMITS, key_silent                                                        \
	}

static void key_slice(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	if (*text && !str_ends_with(text, ".slice"))
		unit_draft_warn(draft, "'%s' of %s= is no slice, ignored", text, key->name);
	else
		draft->config.slice = *text ? name_pool_get(text) : NULL;
}

static const struct unit_key keys[] = {
	UNIT_KEY("Slice", IN_EXECUTION | IN_SCOPE, key_slice, config.slice),
	LIMIT("CPUWeight", key_cpu_weight, cpu_weight, 0, &weight),
	LIMIT("CPUShares", key_old_weight, cpu_weight, 1024),
	LIMIT("CPUQuota", key_cpu_quota, cpu_quota_us, 0),
	LIMIT("CPUQuotaPeriodSec", key_optional_span, cpu_period_us, 0),
	LIMIT("IOWeight", key_optional_number, io_weight, 0, &weight),
	LIMIT("BlockIOWeight", key_old_weight, io_weight, 500),
	LIMIT("MemoryMin", key_memory, memory_min, 0),
	LIMIT("MemoryLow", key_memory, memory_low, 0),
	LIMIT("MemoryHigh", key_memory, memory_high, 0),
	LIMIT("MemoryMax", key_memory, memory_max, 0),
	LIMIT("MemoryLimit", key_memory, memory_max, 0),
	LIMIT("MemorySwapMax", key_memory, memory_swap_max, 0),
	LIMIT("TasksMax", key_tasks_max, tasks_max, 0),
	LIMIT("AllowedCPUs", key_cpus, allowed_cpus, 0),
	LIMIT("AllowedMemoryNodes", key_cpus, allowed_memory_nodes, 0),
	LIMIT("IOReadBandwidthMax", key_io_limit, io_read_bps, 0),
	LIMIT("IOWriteBandwidthMax", key_io_limit, io_write_bps, 0),
	LIMIT("BlockIOReadBandwidth", key_io_limit, io_read_bps, 0),
	LIMIT("BlockIOWriteBandwidth", key_io_limit, io_write_bps, 0),
	LIMIT("IOReadIOPSMax", key_io_limit, io_read_iops, 0),
	LIMIT("IOWriteIOPSMax", key_io_limit, io_write_iops, 0),
	LIMIT("IODeviceWeight", key_io_limit, io_device_weight, 1),
	LIMIT("DevicePolicy", key_device_policy, device_policy, 0),
	LIMIT("DeviceAllow", key_device_allow, devices, 0),
	LIMIT("Delegate", key_delegate, delegate, 0),

	/* all is counted always */
	ALWAYS("CPUAccounting"),
	ALWAYS("MemoryAccounting"),
	ALWAYS("TasksAccounting"),
	ALWAYS("IOAccounting"),
	ALWAYS("BlockIOAccounting"),
};
const struct unit_key_table unit_keys_of_limits = {keys, array_length(keys)};
