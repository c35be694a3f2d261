#include "network/network_plan.h"

#include <string.h>

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define LIST(type, tag, member, nested)                                                            \
	RECORD_NESTED(struct type, tag, #member, RECORD_LIST, member, 0, &nested)

static const struct record_field bridge_fields[] = {
	FIELD(plan_bridge, 1, RECORD_STRING, name),
	FIELD(plan_bridge, 2, RECORD_STRINGS, addresses),
	FIELD(plan_bridge, 3, RECORD_STRING, mac),
	FIELD(plan_bridge, 4, RECORD_I32, mtu),
	FIELD(plan_bridge, 5, RECORD_STRING, kind),
	FIELD(plan_bridge, 6, RECORD_BOOL, apart),
	FIELD(plan_bridge, 7, RECORD_STRINGS, dropped),
};
const struct record_type plan_bridge_type = RECORD_TYPE(struct plan_bridge, bridge_fields);

static const struct record_field flow_fields[] = {
	FIELD(plan_flow, 1, RECORD_STRING, address),
	FIELD(plan_flow, 2, RECORD_I32, port),
};
const struct record_type plan_flow_type = RECORD_TYPE(struct plan_flow, flow_fields);

static const struct record_field links_fields[] = {
	FIELD(plan_links, 1, RECORD_I64, pid),
	FIELD(plan_links, 2, RECORD_I64, start_time),
	LIST(plan_links, 3, added, endpoint_spec_type),
	LIST(plan_links, 4, removed, endpoint_spec_type),
	FIELD(plan_links, 5, RECORD_STRING, gateway),
	FIELD(plan_links, 6, RECORD_STRING, device),
	FIELD(plan_links, 7, RECORD_STRING, gateway6),
	FIELD(plan_links, 8, RECORD_STRING, device6),
	FIELD(plan_links, 9, RECORD_BOOL, ended),
};
const struct record_type plan_links_type = RECORD_TYPE(struct plan_links, links_fields);

static const struct record_field port_fields[] = {
	FIELD(plan_port, 1, RECORD_I32, protocol),
	FIELD(plan_port, 2, RECORD_I32, port),
	FIELD(plan_port, 3, RECORD_STRING, host_ip),
	FIELD(plan_port, 4, RECORD_STRING, address),
	FIELD(plan_port, 5, RECORD_I32, container_port),
	FIELD(plan_port, 6, RECORD_STRING, bridge),
};
const struct record_type plan_port_type = RECORD_TYPE(struct plan_port, port_fields);

static const struct record_field rule_fields[] = {
	RECORD_FIELD(struct port_rule, 1, "Who", RECORD_STRING, who),
	RECORD_FIELD(struct port_rule, 2, "Allowed", RECORD_BOOL, allowed),
	RECORD_FIELD(struct port_rule, 3, "Rule", RECORD_STRING, rule),
	RECORD_FIELD(struct port_rule, 4, "Chain", RECORD_STRING, chain),
};
const struct record_type port_rule_type = RECORD_TYPE(struct port_rule, rule_fields);

static const struct record_field reach_fields[] = {
	FIELD(port_reach, 1, RECORD_I32, reach),
	LIST(port_reach, 2, rules, port_rule_type),
};
const struct record_type port_reach_type = RECORD_TYPE(struct port_reach, reach_fields);

static const struct record_field map_fields[] = {
	FIELD(plan_map, 1, RECORD_STRING, name),
	FIELD(plan_map, 2, RECORD_I32, key_size),
	FIELD(plan_map, 3, RECORD_I32, data_size),
	FIELD(plan_map, 4, RECORD_BYTES, elements),
};
const struct record_type plan_map_type = RECORD_TYPE(struct plan_map, map_fields);

static const struct record_field plan_fields[] = {
	LIST(network_plan, 1, bridges, plan_bridge_type),
	FIELD(network_plan, 2, RECORD_BOOL, forward),
	FIELD(network_plan, 3, RECORD_BOOL, forward6),
	FIELD(network_plan, 4, RECORD_BOOL, guard),
	FIELD(network_plan, 6, RECORD_STRING, ruleset),
	FIELD(network_plan, 7, RECORD_STRING, table),
	FIELD(network_plan, 8, RECORD_STRING, nft),
	LIST(network_plan, 9, flows, plan_flow_type),
	FIELD(network_plan, 10, RECORD_STRINGS, removed),
	FIELD(network_plan, 11, RECORD_BOOL, look),
	RECORD_NESTED(struct network_plan, 12, "links", RECORD_POINTER, links, 0, &plan_links_type),
	FIELD(network_plan, 13, RECORD_BOOL, ask_host),
	FIELD(network_plan, 14, RECORD_STRING, host_seen),
	FIELD(network_plan, 15, RECORD_BOOL, list_host),
	LIST(network_plan, 16, ports, plan_port_type),
	FIELD(network_plan, 17, RECORD_STRING, host_known),
	FIELD(network_plan, 18, RECORD_BOOL, only_others),
	FIELD(network_plan, 19, RECORD_BOOL, pass),
	FIELD(network_plan, 20, RECORD_BOOL, pass_off),
	FIELD(network_plan, 21, RECORD_BOOL, no_turns),
	FIELD(network_plan, 22, RECORD_STRING, base),
	LIST(network_plan, 23, maps, plan_map_type),
	FIELD(network_plan, 24, RECORD_STRING, lift),
	FIELD(network_plan, 25, RECORD_STRING, lift_base),
};
const struct record_type network_plan_type = RECORD_TYPE(struct network_plan, plan_fields);

static const struct record_field failed_fields[] = {
	FIELD(failed_device, 1, RECORD_STRING, name),
	FIELD(failed_device, 2, RECORD_I32, error_kind),
	FIELD(failed_device, 3, RECORD_I32, error_os),
	FIELD(failed_device, 4, RECORD_STRING, error),
};
const struct record_type failed_device_type = RECORD_TYPE(struct failed_device, failed_fields);

static const struct record_field report_fields[] = {
	FIELD(network_report, 1, RECORD_STRINGS, warnings),
	FIELD(network_report, 3, RECORD_I32, error_kind),
	FIELD(network_report, 4, RECORD_I32, error_os),
	FIELD(network_report, 5, RECORD_STRING, error),
	LIST(network_report, 6, failed, failed_device_type),
	FIELD(network_report, 7, RECORD_STRING, host),
	LIST(network_report, 8, ports, port_reach_type),
	FIELD(network_report, 9, RECORD_BOOL, unchanged),
	FIELD(network_report, 10, RECORD_BOOL, passes_gone),
	FIELD(network_report, 11, RECORD_BOOL, no_turns),
};
const struct record_type network_report_type = RECORD_TYPE(struct network_report, report_fields);

/* ---- elements ---- */

void plan_map_fill(struct plan_map *map, const struct element_list *elements)
{
	for (size_t i = 0; i < elements->count; i++) {
		const struct element *e = &elements->items[i];

		if (!str_equal(e->map, map->name))
			continue;
		map->key_size = (int32_t)e->key_size;
		map->data_size = (int32_t)e->data_size;
		buffer_add(&map->elements, e->key, e->key_size);
		buffer_add(&map->elements, e->data, e->data_size);
	}
}

bool plan_map_read(const struct plan_map *map, struct element_list *out)
{
	size_t key_size = (size_t)map->key_size, data_size = (size_t)map->data_size;

	if (map->elements.size == 0)
		return true;
	if (!map->name || key_size == 0 || key_size > ELEMENT_KEY_MAX ||
	    data_size > ELEMENT_DATA_MAX || map->elements.size % (key_size + data_size) != 0)
		return false;
	for (size_t at = 0; at < map->elements.size; at += key_size + data_size) {
		struct element e = {.map = map->name, .key_size = key_size, .data_size = data_size};

		memcpy(e.key, map->elements.data + at, key_size);
		memcpy(e.data, map->elements.data + at + key_size, data_size);
		vector_add(out, e);
	}
	return true;
}
