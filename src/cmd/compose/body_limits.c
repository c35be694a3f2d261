/* What a container may use: the attributes of version 2 beside `deploy`, whose values win where
 * both stand (they are checked to be the same); how it is restarted, and what of `deploy` this
 * daemon cannot do. */
#include "cmd/compose/body_part.h"
#include "format/json.h"

#define SHARES_OF_A_CPU 1024

static const struct body_row rows[] = {
	{"cpu_period", "CpuPeriod", BODY_NUMBER, NULL},
	{"cpu_quota", "CpuQuota", BODY_NUMBER, NULL},
	{"cpu_rt_period", "CpuRealtimePeriod", BODY_NUMBER, NULL},
	{"cpu_rt_runtime", "CpuRealtimeRuntime", BODY_NUMBER, NULL},
	{"cpu_shares", "CpuShares", BODY_NUMBER, NULL},
	{"cpus", "NanoCpus", BODY_BILLIONTHS, NULL},
	{"cpuset", "CpusetCpus", BODY_TEXT, NULL},
	{"mem_limit", "Memory", BODY_NUMBER, NULL},
	{"mem_reservation", "MemoryReservation", BODY_NUMBER, NULL},
	{"mem_swappiness", "MemorySwappiness", BODY_NUMBER, NULL},
	{"memswap_limit", "MemorySwap", BODY_NUMBER, NULL},
	{"oom_kill_disable", "OomKillDisable", BODY_FLAG, NULL},
	{"oom_score_adj", "OomScoreAdj", BODY_NUMBER, NULL},
	{"pids_limit", "PidsLimit", BODY_NUMBER, NULL},
	{"shm_size", "ShmSize", BODY_NUMBER, NULL},
};

static const struct body_row limit_rows[] = {
	{"cpus", "NanoCpus", BODY_BILLIONTHS, NULL},
	{"memory", "Memory", BODY_NUMBER, NULL},
	{"pids", "PidsLimit", BODY_NUMBER, NULL},
};

static const struct body_row reservation_rows[] = {
	{"memory", "MemoryReservation", BODY_NUMBER, NULL},
};

/* ---- block devices ---- */

static bool set_device_list(struct body *body, const struct node *list, const char *member,
			    const struct body_row *value, struct error *err)
{
	static const struct body_row path = {"path", "Path", BODY_TEXT, NULL};
	json_t *out = json_array();
	bool good = true;

	node_each (item, list) {
		json_t *device = json_object();

		json_array_append_new(out, device);
		good = good && body_set_rows(body, device, item->value, &path, 1, err) &&
		       body_set_rows(body, device, item->value, value, 1, err);
	}
	body_set_given(body->host, member, out);
	return good;
}

static bool set_block_devices(struct body *body, struct error *err)
{
	static const struct body_row weight = {"weight", "Weight", BODY_NUMBER, NULL};
	static const struct body_row rate = {"rate", "Rate", BODY_NUMBER, NULL};
	static const struct body_row common = {"weight", "BlkioWeight", BODY_NUMBER, NULL};
	static const struct {
		const char *attribute, *member;
		const struct body_row *value;
	} lists[] = {
		{"weight_device", "BlkioWeightDevice", &weight},
		{"device_read_bps", "BlkioDeviceReadBps", &rate},
		{"device_write_bps", "BlkioDeviceWriteBps", &rate},
		{"device_read_iops", "BlkioDeviceReadIOps", &rate},
		{"device_write_iops", "BlkioDeviceWriteIOps", &rate},
	};
	const struct node *blkio = node_get(body->node, "blkio_config");

	if (!body_set_rows(body, body->host, blkio, &common, 1, err))
		return false;
	for (size_t i = 0; i < array_length(lists); i++)
		if (!set_device_list(body, node_get(blkio, lists[i].attribute), lists[i].member,
				     lists[i].value, err))
			return false;
	return true;
}

/* ---- ulimits ---- */

static bool add_ulimit(struct body *body, const struct node_member *limit, json_t *list,
		       struct error *err)
{
	const struct node *soft = node_get(limit->value, "soft");
	const struct node *hard = node_get(limit->value, "hard");
	int64_t least, most;

	if (limit->value->kind != NODE_MAP)
		soft = hard = limit->value;
	if (!soft || !hard || !body_number(soft, &least) || !body_number(hard, &most))
		return body_refuse(body, limit->value, err, "ulimits",
				   "%s needs a number, or soft and hard", limit->key);
	json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "Name", limit->key, "Soft",
					      (json_int_t)least, "Hard", (json_int_t)most));
	return true;
}

static bool set_ulimits(struct body *body, struct error *err)
{
	json_t *list = json_array();
	bool good = true;

	node_each (limit, node_get(body->node, "ulimits"))
		good = good && add_ulimit(body, limit, list, err);
	body_set_given(body->host, "Ulimits", list);
	return good;
}

/* ---- deploy.resources ---- */

/* A reservation of processors is a share of them where that is known to be meant so. */
static void reserve_cpus(struct body *body, const struct node *reservations)
{
	static const struct body_row row = {"cpus", "NanoCpus", BODY_BILLIONTHS, NULL};
	const struct node *cpus = node_get(reservations, "cpus");
	scoped_json json_t *holder = json_object();
	struct error ignored;

	if (!cpus || cpus->kind == NODE_NULL)
		return;
	if (!body->request->features->is_wherry) {
		body_warn(body, cpus, "deploy.resources.reservations.cpus",
			  "is ignored: this daemon reserves no processors");
		return;
	}
	if (body_set_rows(body, holder, reservations, &row, 1, &ignored) &&
	    !json_object_get(body->host, "CpuShares"))
		json_object_set_new(body->host, "CpuShares",
				    json_integer(doc_number(holder, "NanoCpus") * SHARES_OF_A_CPU /
						 1000000000));
}

static bool set_deploy_resources(struct body *body, struct error *err)
{
	const struct node *resources = node_get(node_get(body->node, "deploy"), "resources");
	const struct node *reservations = node_get(resources, "reservations");
	const struct node *generic = node_get(reservations, "generic_resources");

	if (generic && generic->count)
		body_warn(body, generic, "deploy.resources.reservations.generic_resources",
			  "is ignored: one host has no generic resources");
	if (!body_set_rows(body, body->host, node_get(resources, "limits"), limit_rows,
			   array_length(limit_rows), err) ||
	    !body_set_rows(body, body->host, reservations, reservation_rows,
			   array_length(reservation_rows), err))
		return false;
	reserve_cpus(body, reservations);
	return true;
}

bool body_set_resources(struct body *body, struct error *err)
{
	return body_set_rows(body, body->host, body->node, rows, array_length(rows), err) &&
	       set_deploy_resources(body, err) && set_block_devices(body, err) &&
	       set_ulimits(body, err);
}

/* ---- restarts ---- */

static void set_policy(struct body *body, const char *name, int64_t most)
{
	json_object_set_new(
		body->host, "RestartPolicy",
		json_pack("{s:s, s:I}", "Name", name, "MaximumRetryCount", (json_int_t)most));
}

static void warn_of_policy(const struct body *body, const struct node *policy, bool counts)
{
	static const char *const names[] = {"delay", "window"};
	const struct node *most = node_get(policy, "max_attempts");

	for (size_t i = 0; i < array_length(names); i++) {
		const struct node *value = node_get(policy, names[i]);
		scoped_free char *path = str_format("deploy.restart_policy.%s", names[i]);

		if (value && value->kind != NODE_NULL && !body->request->features->restarts)
			body_warn(body, value, path,
				  "is ignored: this daemon has delays of its own");
	}
	if (most && most->kind != NODE_NULL && !counts)
		body_warn(body, most, "deploy.restart_policy.max_attempts",
			  "is ignored: only condition on-failure counts");
}

static bool set_deploy_policy(struct body *body, const struct node *policy, struct error *err)
{
	static const struct {
		const char *condition, *name;
	} words[] = {
		{"any", "always"},
		{"always", "always"},
		{"none", "no"},
		{"no", "no"},
		{"on-failure", "on-failure"},
		{"unless-stopped", "unless-stopped"},
	};
	const char *condition = node_get_text(policy, "condition", "any");

	for (size_t i = 0; i < array_length(words); i++) {
		bool counts = strcmp(words[i].name, "on-failure") == 0;

		if (strcmp(words[i].condition, condition) != 0)
			continue;
		warn_of_policy(body, policy, counts);
		set_policy(body, words[i].name,
			   counts ? node_get_int(policy, "max_attempts", 0) : 0);
		return true;
	}
	return body_refuse(body, node_get(policy, "condition"), err,
			   "deploy.restart_policy.condition",
			   "\"%s\" is none of none, on-failure, any", condition);
}

/* "on-failure:3" */
static bool set_own_policy(struct body *body, const struct node *restart, struct error *err)
{
	size_t length = strcspn(restart->text, ":");
	scoped_free char *name = str_dup_n(restart->text, length);
	int64_t most = 0;

	if (restart->text[length] && !parse_i64(restart->text + length + 1, &most))
		return body_refuse(body, restart, err, "restart", "\"%s\" is no number of attempts",
				   restart->text + length + 1);
	set_policy(body, name, most);
	return true;
}

static void warn_of_vip(const struct body *body)
{
	const struct node *mode = node_get(node_get(body->node, "deploy"), "endpoint_mode");

	if (mode && strcmp(mode->text, "vip") == 0 && !body->request->features->group)
		body_warn(body, mode, "deploy.endpoint_mode",
			  "vip is ignored: this daemon answers with the addresses of the replicas");
}

bool body_set_restart(struct body *body, struct error *err)
{
	const struct node *policy = node_get(node_get(body->node, "deploy"), "restart_policy");
	const struct node *restart = node_get(body->node, "restart");

	warn_of_vip(body);
	if (!body->request->number)
		return true; /* a one-off container runs once */
	if (policy && policy->kind == NODE_MAP)
		return set_deploy_policy(body, policy, err);
	if (restart && restart->kind != NODE_NULL && *restart->text)
		return set_own_policy(body, restart, err);
	return true;
}
