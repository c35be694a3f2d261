/* What differs between a wanted body and a container that is there.
 *
 * The container may have been made by another compose, so only what it is counts, and not how it
 * was asked for: members are brought into one form, what the image brings is added to what is
 * wanted, and what daemons fill in by themselves is no difference. */
#include "cmd/compose/body_compare.h"

#include "format/base64.h"
#include "format/json.h"
#include "format/sha256.h"
#include "format/units.h"

#include <ctype.h>
#include <strings.h>

#define SHOWN_LIMIT 200

/* ---- one form ---- */

static json_t *pruned_object(const json_t *value)
{
	json_t *out = json_object();
	const char *name;
	json_t *member;

	json_object_foreach ((json_t *)value, name, member) {
		json_t *inner = compare_pruned(member);

		if (inner)
			json_object_set_new(out, name, inner);
	}
	return out;
}

static json_t *pruned_array(const json_t *value)
{
	json_t *out = json_array();
	size_t i;
	json_t *item;

	json_array_foreach (value, i, item) {
		json_t *inner = compare_pruned(item);

		json_array_append_new(out, inner ? inner : json_null());
	}
	return out;
}

json_t *compare_pruned(const json_t *value)
{
	json_t *out;

	if (!value)
		return NULL;
	out = json_is_object(value)  ? pruned_object(value)
	      : json_is_array(value) ? pruned_array(value)
				     : json_incref((json_t *)value);
	if (!json_is_nothing(out))
		return out;
	json_decref(out);
	return NULL;
}

const char *compare_item(const json_t *item)
{
	const char *text = json_string_value(item);

	return text ? text : "";
}

json_t *compare_sorted(const json_t *list)
{
	scoped_strings struct strings texts = {0};
	json_t *out = json_array(), *item;
	size_t i;

	json_array_foreach (list, i, item)
		strings_take(&texts,
			     json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS));
	strings_sort(&texts);
	for (i = 0; i < texts.count; i++)
		json_array_append_new(out, json_loads(texts.items[i], JSON_DECODE_ANY, NULL));
	return out;
}

char *compare_text(const json_t *value)
{
	scoped_json json_t *pruned = compare_pruned(value);
	char digest[DIGEST_TEXT_SIZE], *text;

	if (!pruned)
		return NULL;
	text = json_is_string(pruned)
		       ? str_dup(json_string_value(pruned))
		       : json_dumps(pruned, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	if (strlen(text) <= SHOWN_LIMIT)
		return text;
	sha256_digest(text, strlen(text), digest);
	free(text);
	return str_dup(digest);
}

/* Links stand once on each network. */
static bool is_told(const struct changes *changes, const char *field)
{
	for (size_t i = 0; i < changes->count; i++)
		if (strcmp(changes->items[i].field, field) == 0)
			return true;
	return false;
}

void compare_values(const struct comparison *comparison, const char *field, const json_t *old_value,
		    const json_t *new_value)
{
	scoped_free char *before = compare_text(old_value), *after = compare_text(new_value);

	if (!str_equal(before, after) && !is_told(comparison->changes, field))
		changes_add(comparison->changes, field, before, after);
}

void compare_maps(const struct comparison *comparison, const char *field, const json_t *old_map,
		  const json_t *new_map)
{
	scoped_json json_t *all = old_map ? json_copy((json_t *)old_map) : json_object();
	const char *key;
	json_t *ignored;

	json_object_update(all, (json_t *)new_map);
	json_object_foreach (all, key, ignored) {
		scoped_free char *name = str_format("%s.%s", field, key);

		if (!json_equal(json_object_get(old_map, key), json_object_get(new_map, key)))
			changes_add(comparison->changes, name,
				    json_string_value(json_object_get(old_map, key)),
				    json_string_value(json_object_get(new_map, key)));
	}
}

/* ---- members ---- */

enum order { ORDERED, UNORDERED, CAPABILITIES };

struct row {
	const char *field, *member;
	const char *
		filled; /* what the daemon says where nothing is wanted: words; "*": anything; NULL: nothing */
	enum order order;
	char *(*write)(int64_t number); /* a number as the file has it; NULL: as it is */
};

static char *cpus_text(int64_t billionths)
{
	char *text = str_format("%.9f", (double)billionths / 1e9), *end = text + strlen(text);

	while (end > text && end[-1] == '0')
		*--end = '\0';
	if (end > text && end[-1] == '.')
		end[-1] = '\0';
	return text;
}

static const struct row config_rows[] = {
	{"hostname", "Hostname", "*", ORDERED},
	{"domainname", "Domainname", NULL, ORDERED},
	{"tty", "Tty", NULL, ORDERED},
	{"stdin_open", "OpenStdin", NULL, ORDERED},
};

/* What the image says where the container does not. */
static const struct row image_rows[] = {
	{"user", "User", NULL, ORDERED},
	{"working_dir", "WorkingDir", "/", ORDERED},
	{"stop_signal", "StopSignal", "SIGTERM 15", ORDERED},
};

static const struct row host_rows[] = {
	{"annotations", "Annotations", "*", ORDERED},
	{"blkio_config.weight", "BlkioWeight", NULL, ORDERED},
	{"blkio_config.weight_device", "BlkioWeightDevice", NULL, UNORDERED},
	{"blkio_config.device_read_bps", "BlkioDeviceReadBps", NULL, UNORDERED},
	{"blkio_config.device_write_bps", "BlkioDeviceWriteBps", NULL, UNORDERED},
	{"blkio_config.device_read_iops", "BlkioDeviceReadIOps", NULL, UNORDERED},
	{"blkio_config.device_write_iops", "BlkioDeviceWriteIOps", NULL, UNORDERED},
	{"cap_add", "CapAdd", NULL, CAPABILITIES},
	{"cap_drop", "CapDrop", NULL, CAPABILITIES},
	{"cgroup", "CgroupnsMode", "*", ORDERED},
	{"cgroup_parent", "CgroupParent", NULL, ORDERED},
	{"cpu_period", "CpuPeriod", NULL, ORDERED},
	{"cpu_quota", "CpuQuota", NULL, ORDERED},
	{"cpu_rt_period", "CpuRealtimePeriod", NULL, ORDERED},
	{"cpu_rt_runtime", "CpuRealtimeRuntime", NULL, ORDERED},
	{"cpu_shares", "CpuShares", NULL, ORDERED},
	{"cpus", "NanoCpus", NULL, ORDERED, cpus_text},
	{"cpuset", "CpusetCpus", NULL, ORDERED},
	{"device_cgroup_rules", "DeviceCgroupRules", NULL, UNORDERED},
	{"devices", "Devices", NULL, UNORDERED},
	{"gpus", "DeviceRequests", NULL, UNORDERED},
	{"dns", "Dns", NULL, ORDERED},
	{"dns_opt", "DnsOptions", NULL, ORDERED},
	{"dns_search", "DnsSearch", NULL, ORDERED},
	{"extra_hosts", "ExtraHosts", NULL, UNORDERED},
	{"group_add", "GroupAdd", NULL, UNORDERED},
	{"init", "Init", NULL, ORDERED},
	{"ipc", "IpcMode", "private shareable", ORDERED},
	{"logging", "LogConfig", "*", ORDERED},
	{"mem_limit", "Memory", NULL, ORDERED},
	{"mem_reservation", "MemoryReservation", NULL, ORDERED},
	{"mem_swappiness", "MemorySwappiness", "-1", ORDERED},
	{"memswap_limit", "MemorySwap", "*", ORDERED},
	{"oom_kill_disable", "OomKillDisable", NULL, ORDERED},
	{"oom_score_adj", "OomScoreAdj", NULL, ORDERED},
	{"pid", "PidMode", NULL, ORDERED},
	{"pids_limit", "PidsLimit", "-1", ORDERED},
	{"privileged", "Privileged", NULL, ORDERED},
	{"read_only", "ReadonlyRootfs", NULL, ORDERED},
	{"runtime", "Runtime", "*", ORDERED},
	{"shm_size", "ShmSize", "*", ORDERED},
	{"storage_opt", "StorageOpt", NULL, ORDERED},
	{"sysctls", "Sysctls", NULL, ORDERED},
	{"ulimits", "Ulimits", NULL, UNORDERED},
	{"userns_mode", "UsernsMode", NULL, ORDERED},
	{"uts", "UTSMode", NULL, ORDERED},
	{"volumes_from", "VolumesFrom", NULL, ORDERED},
};

/* "net_admin" and "CAP_NET_ADMIN" are one. */
static json_t *capabilities(const json_t *list)
{
	scoped_json json_t *spelled = json_array();
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		scoped_free char *text = str_dup(compare_item(item));

		for (char *at = text; *at; at++)
			*at = (char)toupper((unsigned char)*at);
		json_array_append_new(spelled,
				      json_string(str_starts_with(text, "CAP_") ? text + 4 : text));
	}
	return compare_sorted(spelled);
}

static json_t *in_order(const json_t *value, enum order order)
{
	scoped_json json_t *pruned = compare_pruned(value);

	if (order == ORDERED || !json_is_array(pruned))
		return take(pruned);
	return order == UNORDERED ? compare_sorted(pruned) : capabilities(pruned);
}

static bool is_filled(const struct row *row, const json_t *value)
{
	scoped_free char *text = compare_text(value);
	scoped_strings struct strings words =
		row->filled ? strings_split(row->filled, ' ') : (struct strings){0};

	return !text || str_equal(row->filled, "*") || strings_contain(&words, text);
}

/* A number as the file has it; NULL and what is none as it is. */
static json_t *in_words(const json_t *value, char *(*write)(int64_t number))
{
	scoped_free char *text =
		write && json_integer_value(value) ? write(json_integer_value(value)) : NULL;

	return text ? json_string(text) : json_incref((json_t *)value);
}

static void compare_row(const struct comparison *comparison, const struct row *row,
			const json_t *old_value, const json_t *new_value)
{
	scoped_json json_t *before = in_order(old_value, row->order);
	scoped_json json_t *after = in_order(new_value, row->order);

	scoped_json json_t *old_words = in_words(before, row->write);
	scoped_json json_t *new_words = in_words(after, row->write);
	if (after || !is_filled(row, before))
		compare_values(comparison, row->field, old_words, new_words);
}

static void compare_rows(const struct comparison *c)
{
	for (size_t i = 0; i < array_length(config_rows); i++)
		compare_row(c, &config_rows[i], json_object_get(c->config, config_rows[i].member),
			    json_object_get(c->body, config_rows[i].member));
	for (size_t i = 0; i < array_length(host_rows); i++)
		compare_row(c, &host_rows[i], json_object_get(c->seen_host, host_rows[i].member),
			    json_object_get(c->host, host_rows[i].member));
	for (size_t i = 0; i < array_length(image_rows); i++) {
		const char *member = image_rows[i].member;
		const json_t *wanted = json_object_get(c->body, member);

		if (!wanted && !c->image)
			continue;
		compare_row(c, &image_rows[i], json_object_get(c->config, member),
			    wanted ? wanted : json_object_get(c->image, member));
	}
}

/* ---- the image ---- */

/* Two names of one image are the same; another id under the same name is the planner's to see. */
static void compare_image(const struct comparison *c, const json_t *image)
{
	const char *id = doc_text(image, "Id");

	if (!*id || strcmp(id, doc_text(c->inspected, "Image")) != 0)
		compare_values(c, "image", json_object_get(c->config, "Image"),
			       json_object_get(c->body, "Image"));
}

/* ---- maps ---- */

static json_t *map_of_environment(const json_t *list)
{
	json_t *map = json_object(), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *text = json_string_value(item);
		size_t length = strcspn(text ? text : "", "=");
		scoped_free char *name = str_dup_n(text ? text : "", length);

		if (text && text[length])
			json_object_set_new(map, name, json_string(text + length + 1));
	}
	return map;
}

/*
 * Proxies come from the settings of the client that made the container; docker-compose 1.29.2 gives
 * each that it makes anew an `affinity:container`, for a scheduler that is long gone.
 */
static bool is_of_client(const char *name)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "ftp_proxy",
					    "no_proxy",	  "all_proxy",	 "affinity:container"};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static bool is_ours(const char *label)
{
	return str_starts_with(label, "com.docker.compose.") || str_starts_with(label, "wherry.");
}

/* Leave out what is not wanted but there for reasons of its own. */
static json_t *without(const json_t *map, const json_t *wanted, bool (*leave)(const char *name),
		       bool only_wanted)
{
	json_t *out = json_object();
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)map, name, value) {
		bool is_wanted = json_object_get(wanted, name) != NULL;

		if (is_wanted || (!only_wanted && !leave(name)))
			json_object_set(out, name, value);
	}
	return out;
}

static void compare_environment(const struct comparison *c)
{
	scoped_json json_t *wanted = map_of_environment(json_object_get(c->image, "Env"));
	scoped_json json_t *own = map_of_environment(json_object_get(c->body, "Env"));
	scoped_json json_t *seen = map_of_environment(json_object_get(c->config, "Env"));

	json_object_update(wanted, own);
	scoped_json json_t *rest = without(seen, wanted, is_of_client, !c->image);
	compare_maps(c, "environment", rest, wanted);
}

static void compare_labels(const struct comparison *c)
{
	const json_t *of_image = json_object_get(c->image, "Labels");
	scoped_json json_t *all =
		json_is_object(of_image) ? json_copy((json_t *)of_image) : json_object();

	json_object_update(all, json_object_get(c->body, "Labels"));
	scoped_json json_t *wanted = without(all, NULL, is_ours, false);
	scoped_json json_t *seen =
		without(json_object_get(c->config, "Labels"), wanted, is_ours, !c->image);
	compare_maps(c, "labels", seen, wanted);
}

/* ---- what runs ---- */

static bool is_emptied(const json_t *list)
{
	const char *first = json_string_value(json_array_get(list, 0));

	return json_array_size(list) == 0 || (json_array_size(list) == 1 && str_is_empty(first));
}

static void compare_command(const struct comparison *c)
{
	const json_t *entrypoint = json_object_get(c->body, "Entrypoint");
	const json_t *command = json_object_get(c->body, "Cmd");
	bool own = entrypoint && !is_emptied(entrypoint);

	if (entrypoint || c->image)
		compare_values(c, "entrypoint", json_object_get(c->config, "Entrypoint"),
			       own	    ? entrypoint
			       : entrypoint ? NULL
					    : json_object_get(c->image, "Entrypoint"));
	if (json_array_size(command))
		compare_values(c, "command", json_object_get(c->config, "Cmd"), command);
	else if (own || c->image)
		compare_values(c, "command", json_object_get(c->config, "Cmd"),
			       own ? NULL : json_object_get(c->image, "Cmd"));
}

static bool checks_nothing(const json_t *check)
{
	const char *first = json_string_value(json_array_get(json_object_get(check, "Test"), 0));

	return str_equal(first, "NONE");
}

static void compare_health(const struct comparison *c)
{
	static const struct {
		const char *field, *member;
		char *(*write)(int64_t number);
	} fields[] = {
		{"healthcheck.test", "Test", NULL},
		{"healthcheck.interval", "Interval", duration_to_text},
		{"healthcheck.timeout", "Timeout", duration_to_text},
		{"healthcheck.start_period", "StartPeriod", duration_to_text},
		{"healthcheck.start_interval", "StartInterval", duration_to_text},
		{"healthcheck.retries", "Retries", NULL},
	};
	const json_t *own = json_object_get(c->body, "Healthcheck");
	const json_t *seen = json_object_get(c->config, "Healthcheck");
	scoped_json json_t *wanted = compare_pruned(json_object_get(c->image, "Healthcheck"));
	scoped_json json_t *ours = compare_pruned(own);

	if ((!own && !c->image) || (checks_nothing(own) && checks_nothing(seen)))
		return;
	wanted = wanted ? wanted : json_object();
	json_object_update(wanted, ours);
	for (size_t i = 0; i < array_length(fields); i++) {
		scoped_json json_t *before =
			in_words(json_object_get(seen, fields[i].member), fields[i].write);
		scoped_json json_t *after =
			in_words(json_object_get(wanted, fields[i].member), fields[i].write);

		compare_values(c, fields[i].field, before, after);
	}
}

static char *policy_text(const json_t *policy)
{
	const char *name = doc_text(policy, "Name");
	int64_t most = doc_number(policy, "MaximumRetryCount");

	if (!*name || strcmp(name, "no") == 0)
		return NULL;
	return most ? str_format("%s:%lld", name, (long long)most) : str_dup(name);
}

static void compare_restart(const struct comparison *c)
{
	scoped_free char *before = policy_text(json_object_get(c->seen_host, "RestartPolicy"));
	scoped_free char *after = policy_text(json_object_get(c->host, "RestartPolicy"));

	if (!str_equal(before, after))
		changes_add(c->changes, "restart", before, after);
}

/* Version 1 tells it to the daemon when it stops a container, and not before. */
static void compare_stop_timeout(const struct comparison *c)
{
	const json_t *seen = json_object_get(c->config, "StopTimeout");
	const json_t *wanted = json_object_get(c->body, "StopTimeout");

	if (json_is_integer(seen))
		compare_values(c, "stop_grace_period", seen, wanted);
}

/* ---- security ---- */

/* What daemons add by themselves to containers that have rights of the host. */
static void compare_security(const struct comparison *c)
{
	json_t *wanted = json_object_get(c->host, "SecurityOpt");
	scoped_json json_t *before = json_array(), *ordered = NULL, *after = compare_sorted(wanted);
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(c->seen_host, "SecurityOpt"), i, item)
		if (json_array_size(wanted) || strcmp(compare_item(item), "label=disable") != 0)
			json_array_append(before, item);
	ordered = compare_sorted(before);
	compare_values(c, "security_opt", ordered, after);
}

/* ---- files in memory ---- */

static json_t *digests_of(const json_t *files)
{
	json_t *map = json_object(), *file;
	size_t i;

	json_array_foreach (files, i, file) {
		const char *content = doc_text(file, "Content");
		char digest[DIGEST_TEXT_SIZE];

		if (!str_starts_with(content, "sha256:")) {
			scoped_buffer struct buffer bytes = {0};

			base64_decode(content, strlen(content), &bytes);
			sha256_digest(bytes.data ? bytes.data : "", bytes.size, digest);
			content = digest;
		}
		doc_set_format(map, doc_text(file, "Target"), "%s %lld:%lld %llo", content,
			       (long long)doc_number(file, "Uid"),
			       (long long)doc_number(file, "Gid"),
			       (unsigned long long)doc_number(file, "Mode"));
	}
	return map;
}

static void compare_files(const struct comparison *c)
{
	const json_t *seen = json_object_get(json_object_get(c->inspected, "Wherry"), "Files");
	const json_t *wanted = json_object_get(json_object_get(c->body, "Wherry"), "Files");
	scoped_json json_t *before = digests_of(seen), *after = digests_of(wanted);
	const char *target;
	json_t *ignored;
	void *next;

	json_object_foreach_safe(after, next, target,
				 ignored) if (!json_object_get(before, target) &&
					      compare_is_bound(c, target))
		json_object_del(after, target);
	compare_maps(c, "files", before, after);
}

/* "90s", as JSON; NULL where it is not given. */
static json_t *seconds_of(const json_t *holder, const char *name)
{
	const json_t *ns = json_object_get(
		json_object_get(json_object_get(holder, "Wherry"), "Restarts"), name);
	scoped_free char *text =
		ns ? str_format("%.12gs", (double)json_integer_value(ns) / 1e9) : NULL;

	return text ? json_string(text) : NULL;
}

/* Other composes cannot ask for them: that theirs are missing is no reason to make a container anew. */
static void compare_restarts(const struct comparison *c)
{
	static const char *const names[][2] = {{"Delay", "deploy.restart_policy.delay"},
					       {"Window", "deploy.restart_policy.window"}};

	if (!json_object_get(json_object_get(c->config, "Labels"), "wherry.compose.hash"))
		return;
	for (size_t i = 0; i < array_length(names); i++) {
		scoped_json json_t *before = seconds_of(c->inspected, names[i][0]);
		scoped_json json_t *after = seconds_of(c->body, names[i][0]);

		compare_values(c, names[i][1], before, after);
	}
}

void body_compare(const json_t *body, const json_t *inspected, const json_t *image,
		  struct changes *changes)
{
	struct comparison comparison = {
		.body = body,
		.host = json_object_get(body, "HostConfig"),
		.inspected = inspected,
		.config = json_object_get(inspected, "Config"),
		.seen_host = json_object_get(inspected, "HostConfig"),
		.image = json_object_get(image, "Config"),
		.changes = changes,
	};
	static void (*const parts[])(const struct comparison *comparison) = {
		compare_environment, compare_labels,   compare_command,	 compare_health,
		compare_rows,	     compare_restart,  compare_security, compare_stop_timeout,
		compare_mounts,	     compare_networks, compare_files,	 compare_restarts,
	};

	compare_image(&comparison, image);
	for (size_t i = 0; i < array_length(parts); i++)
		parts[i](&comparison);
}
