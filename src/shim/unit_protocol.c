#include "shim/unit_protocol.h"

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define NESTED(type, tag, kind, member, of)                                                        \
	RECORD_NESTED(struct type, tag, #member, kind, member, 0, &(of))

static const struct record_field start_fields[] = {
	NESTED(unit_start, 1, RECORD_STRUCT, plan, execution_plan_type),
	FIELD(unit_start, 2, RECORD_STRING, invocation_id),
	FIELD(unit_start, 3, RECORD_STRING, run_folder),
	FIELD(unit_start, 4, RECORD_STRING, notify_folder),
	FIELD(unit_start, 5, RECORD_STRING, cgroup_path),
	FIELD(unit_start, 6, RECORD_STRING, journal_folder),
	FIELD(unit_start, 7, RECORD_STRING, worker),
	FIELD(unit_start, 8, RECORD_STRING, docker),
	FIELD(unit_start, 9, RECORD_BOOL, restarted),
	FIELD(unit_start, 10, RECORD_STRINGS, socket_names),
	FIELD(unit_start, 11, RECORD_PAIRS, environment),
	FIELD(unit_start, 12, RECORD_I64, journal_bytes),
	FIELD(unit_start, 13, RECORD_BOOL, journal_export),
};
const struct record_type unit_start_type = RECORD_TYPE(struct unit_start, start_fields);

static const struct record_field stop_fields[] = {
	FIELD(unit_stop, 1, RECORD_BOOL, restarting),
};
const struct record_type unit_stop_type = RECORD_TYPE(struct unit_stop, stop_fields);

static const struct record_field signal_fields[] = {
	FIELD(unit_signal, 1, RECORD_I32, who),
	FIELD(unit_signal, 2, RECORD_I32, signal),
};
const struct record_type unit_signal_type = RECORD_TYPE(struct unit_signal, signal_fields);

static const struct record_field plan_fields[] = {
	NESTED(unit_plan, 1, RECORD_STRUCT, plan, execution_plan_type),
};
const struct record_type unit_plan_type = RECORD_TYPE(struct unit_plan, plan_fields);

static const struct record_field container_fields[] = {
	FIELD(unit_container, 1, RECORD_STRING, id),
	FIELD(unit_container, 2, RECORD_STRING, name),
	FIELD(unit_container, 3, RECORD_STRING, cgroup_path),
	FIELD(unit_container, 4, RECORD_I64, pid),
	FIELD(unit_container, 5, RECORD_I64, start_time),
	FIELD(unit_container, 6, RECORD_I64, client_pid),
	FIELD(unit_container, 7, RECORD_BOOL, detached),
	FIELD(unit_container, 8, RECORD_BOOL, asked_for),
};
const struct record_type unit_container_type = RECORD_TYPE(struct unit_container, container_fields);

static const struct record_field container_gone_fields[] = {
	FIELD(unit_container_gone, 1, RECORD_STRING, id),
	FIELD(unit_container_gone, 2, RECORD_I32, code),
	FIELD(unit_container_gone, 3, RECORD_BOOL, oom),
};
const struct record_type unit_container_gone_type =
	RECORD_TYPE(struct unit_container_gone, container_gone_fields);

static const struct record_field run_fields[] = {
	FIELD(unit_run, 1, RECORD_STRINGS, words),
};
const struct record_type unit_run_type = RECORD_TYPE(struct unit_run, run_fields);

static const struct record_field sockets_fields[] = {
	FIELD(unit_sockets, 1, RECORD_STRINGS, names),
};
const struct record_type unit_sockets_type = RECORD_TYPE(struct unit_sockets, sockets_fields);

static const struct record_field triggered_fields[] = {
	FIELD(unit_triggered, 1, RECORD_STRING, remote_address),
	FIELD(unit_triggered, 2, RECORD_STRING, remote_port),
	FIELD(unit_triggered, 3, RECORD_I64, connection),
};
const struct record_type unit_triggered_type = RECORD_TYPE(struct unit_triggered, triggered_fields);
