/* deploy.update_config: how a service goes from old containers to new ones. */
#include "orchestrator/draft.h"

#include "format/units.h"

enum { MONITOR_DEFAULT_MS = 5000, GRACE_DEFAULT_MS = 10000 };

static int64_t duration_ms(const struct node *map, const char *key, int64_t otherwise)
{
	const char *text = node_get_text(map, key, NULL);
	struct error err;
	int64_t ns;

	return text && duration_from_text(text, &ns, &err) ? ns / 1000000 : otherwise;
}

static double ratio_of(const struct node *map)
{
	const struct node *value = node_get(map, "max_failure_ratio");

	if (value && value->kind == NODE_FLOAT)
		return value->real;
	return value && value->kind == NODE_INT ? (double)value->number : 0;
}

static enum update_action action_of(const struct node *map)
{
	const char *text = node_get_text(map, "failure_action", "pause");

	if (strcmp(text, "rollback") == 0)
		return UPDATE_ROLL_BACK;
	return strcmp(text, "continue") == 0 ? UPDATE_CONTINUE : UPDATE_PAUSE;
}

/* ---- why the new one cannot run beside the old one ---- */

static bool has_static_address(const struct node *node)
{
	static const char *const keys[] = {"ipv4_address", "ipv6_address", "mac_address"};

	node_each (network, node_get(node, "networks"))
		for (size_t i = 0; i < array_length(keys); i++)
			if (node_get_text(network->value, keys[i], NULL))
				return true;
	return node_get_text(node, "mac_address", NULL) != NULL;
}

static bool has_fixed_port(const struct node *node)
{
	node_each (port, node_get(node, "ports")) {
		const char *published = node_get_text(port->value, "published", "");

		if (*published && strcmp(published, "0") != 0 && !strchr(published, '-'))
			return true;
	}
	return false;
}

static const char *why_stop_first(const struct draft *draft, const struct draft_service *service)
{
	const struct node *node = service->service->node;
	const char *mode = node_get_text(node, "network_mode", "");

	if (service->service->container_name)
		return "it has container_name";
	if (has_static_address(node))
		return "it has a static address";
	if (strcmp(mode, "host") == 0)
		return "it is on the host's network";
	if (str_starts_with(mode, "service:") || str_starts_with(mode, "container:"))
		return "it is on another container's network";
	if (service->shared)
		return "other services share its namespaces or volumes";
	if (service->early)
		return "a service on which it depends is made anew";
	if (service->volume_renewed)
		return "a volume of it is made anew";
	if (!draft->options->can_hold && has_fixed_port(node))
		return "it publishes a fixed port, which this daemon cannot hand over";
	return NULL;
}

/* ---- reading ---- */

void update_read(struct draft *draft, struct draft_service *service)
{
	const struct node *node = service->service->node;
	const struct node *config = node_get(node_get(node, "deploy"), "update_config");
	int64_t grace_ms = duration_ms(node, "stop_grace_period", GRACE_DEFAULT_MS);
	struct update *update = &service->update;

	*update = (struct update){
		.given = config && config->kind == NODE_MAP,
		.drain_ms = duration_ms(config, "drain_timeout", grace_ms),
	};
	if (!update->given || draft->options->no_start) {
		update->given = false;
		return;
	}
	int64_t parallelism = node_get_int(config, "parallelism", 1);
	update->parallelism = parallelism > 0 ? (size_t)parallelism : 0;
	update->delay_ms = duration_ms(config, "delay", 0);
	update->monitor_ms = duration_ms(config, "monitor", MONITOR_DEFAULT_MS);
	update->action = action_of(config);
	update->failure_ratio = ratio_of(config);
	update->start_first =
		strcmp(node_get_text(config, "order", "stop-first"), "start-first") == 0;
	service->stop_first_reason = update->start_first ? why_stop_first(draft, service) : NULL;
	update->start_first &= !service->stop_first_reason;
	update->watched = update->start_first || update->action == UPDATE_ROLL_BACK ||
			  node_get(config, "monitor");
}

bool service_is_drained(const struct draft *draft, const struct draft_service *service)
{
	const struct node *node = service->service ? service->service->node : NULL;
	const char *mode = node_get_text(node, "network_mode", "");

	if (!node || !draft->options->can_hold || strcmp(mode, "host") == 0 || strchr(mode, ':'))
		return false;
	const struct node *deploy = node_get(node, "deploy"), *ports = node_get(node, "ports");
	return node_get(deploy, "update_config") || (ports && ports->count);
}

bool service_publishes_fixed_port(const struct service *service)
{
	return has_fixed_port(service->node);
}

bool service_has_check(const struct service *service)
{
	const struct node *check = node_get(service->node, "healthcheck");
	const struct node *test = node_get(check, "test");

	if (!check || check->kind != NODE_MAP || node_get_bool(check, "disable", false))
		return false;
	return !test || test->kind != NODE_LIST || !test->count ||
	       strcmp(test->members[0].value->text, "NONE") != 0;
}
