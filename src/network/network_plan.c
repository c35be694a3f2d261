#include "network/network_plan.h"

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define LIST(type, tag, member, nested)                                                            \
	RECORD_NESTED(struct type, tag, #member, RECORD_LIST, member, 0, &nested)

static const struct record_field bridge_fields[] = {
	FIELD(plan_bridge, 1, RECORD_STRING, name),
	FIELD(plan_bridge, 2, RECORD_STRINGS, addresses),
	FIELD(plan_bridge, 3, RECORD_STRING, mac),
	FIELD(plan_bridge, 4, RECORD_I32, mtu),
};
const struct record_type plan_bridge_type = RECORD_TYPE(struct plan_bridge, bridge_fields);

static const struct record_field flow_fields[] = {
	FIELD(plan_flow, 1, RECORD_STRING, address),
	FIELD(plan_flow, 2, RECORD_I32, port),
};
const struct record_type plan_flow_type = RECORD_TYPE(struct plan_flow, flow_fields);

static const struct record_field plan_fields[] = {
	LIST(network_plan, 1, bridges, plan_bridge_type),
	FIELD(network_plan, 2, RECORD_BOOL, forward),
	FIELD(network_plan, 3, RECORD_BOOL, forward6),
	FIELD(network_plan, 4, RECORD_BOOL, guard),
	FIELD(network_plan, 5, RECORD_BOOL, may_guard),
	FIELD(network_plan, 6, RECORD_STRING, ruleset),
	FIELD(network_plan, 7, RECORD_STRING, table),
	FIELD(network_plan, 8, RECORD_STRING, nft),
	LIST(network_plan, 9, flows, plan_flow_type),
};
const struct record_type network_plan_type = RECORD_TYPE(struct network_plan, plan_fields);

static const struct record_field report_fields[] = {
	FIELD(network_report, 1, RECORD_STRINGS, warnings),
	FIELD(network_report, 2, RECORD_BOOL, guarded),
	FIELD(network_report, 3, RECORD_I32, error_kind),
	FIELD(network_report, 4, RECORD_I32, error_os),
	FIELD(network_report, 5, RECORD_STRING, error),
};
const struct record_type network_report_type = RECORD_TYPE(struct network_report, report_fields);
