/* Networks and volumes of the top level. */
#include "cmd/compose/body_part.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"

const struct resource *body_resource(const struct resources *resources, const char *key)
{
	for (size_t i = 0; i < resources->count; i++)
		if (strcmp(resources->items[i].key, key) == 0)
			return &resources->items[i];
	return NULL;
}

static json_t *labels_of(const struct project *project, const char *kind,
			 const struct resource *resource)
{
	json_t *labels = body_map(node_get(resource->node, "labels"));
	scoped_free char *own = str_format("com.docker.compose.%s", kind);
	scoped_free char *hash = resource_hash(resource);

	doc_set_text(labels, "com.docker.compose.project", project->name);
	doc_set_text(labels, own, resource->key);
	doc_set_text(labels, "com.docker.compose.version", compose_level(project->style));
	doc_set_text(labels, RESOURCE_HASH_LABEL, hash);
	if (project->style == COMPOSE_V2)
		doc_set_text(labels, "com.docker.compose.config-hash", hash);
	return labels;
}

static json_t *pool_of(const struct node *config)
{
	static const struct {
		const char *attribute, *member;
	} rows[] = {{"subnet", "Subnet"}, {"ip_range", "IPRange"}, {"gateway", "Gateway"}};
	json_t *pool = json_object();

	for (size_t i = 0; i < array_length(rows); i++) {
		const char *text = node_get_text(config, rows[i].attribute, "");

		if (*text)
			doc_set_text(pool, rows[i].member, text);
	}
	body_set_given(pool, "AuxiliaryAddresses", body_map(node_get(config, "aux_addresses")));
	return pool;
}

static json_t *ipam_of(const struct node *ipam)
{
	json_t *json = json_object(), *pools = json_array();
	const char *driver = node_get_text(ipam, "driver", "");

	node_each (item, node_get(ipam, "config"))
		json_array_append_new(pools, pool_of(item->value));
	if (*driver)
		doc_set_text(json, "Driver", driver);
	body_set_given(json, "Config", pools);
	body_set_given(json, "Options", body_map(node_get(ipam, "options")));
	return json;
}

static void set_flags(const struct node *node, json_t *body)
{
	static const struct {
		const char *attribute, *member;
	} rows[] = {
		{"internal", "Internal"},
		{"attachable", "Attachable"},
		{"enable_ipv4", "EnableIPv4"},
		{"enable_ipv6", "EnableIPv6"},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		if (node_get(node, rows[i].attribute))
			json_object_set_new(
				body, rows[i].member,
				json_boolean(node_get_bool(node, rows[i].attribute, false)));
}

json_t *body_of_network(const struct project *project, const struct resource *network,
			struct error *err)
{
	json_t *body = json_object();

	doc_set_text(body, "Name", network->name);
	json_object_set_new(body, "CheckDuplicate", json_true());
	doc_set_text(body, "Driver", node_get_text(network->node, "driver", "bridge"));
	body_set_given(body, "Options", body_map(node_get(network->node, "driver_opts")));
	body_set_given(body, "IPAM", ipam_of(node_get(network->node, "ipam")));
	if (project->style == COMPOSE_V1) /* as that version does */
		json_object_set_new(body, "Attachable", json_true());
	set_flags(network->node, body);
	json_object_set_new(body, "Labels", labels_of(project, "network", network));
	return body;
}

json_t *body_of_volume(const struct project *project, const struct resource *volume,
		       struct error *err)
{
	json_t *body = json_object();
	const char *driver = node_get_text(volume->node, "driver", "");

	doc_set_text(body, "Name", volume->name);
	if (*driver)
		doc_set_text(body, "Driver", driver);
	body_set_given(body, "DriverOpts", body_map(node_get(volume->node, "driver_opts")));
	json_object_set_new(body, "Labels", labels_of(project, "volume", volume));
	return body;
}
