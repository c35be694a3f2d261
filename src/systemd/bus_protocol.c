#include "systemd/bus_protocol.h"

#define REQUEST(tag, name, kind, member) RECORD_FIELD(struct bus_request, tag, name, kind, member)
static const struct record_field request_fields[] = {
	REQUEST(1, "id", RECORD_I64, id),
	REQUEST(2, "job", RECORD_I64, job),
	REQUEST(3, "method", RECORD_STRING, method),
	REQUEST(4, "unit", RECORD_STRING, unit),
	REQUEST(5, "mode", RECORD_STRING, mode),
	REQUEST(6, "who", RECORD_STRING, who),
	REQUEST(7, "scope", RECORD_STRING, scope),
	REQUEST(8, "slice", RECORD_STRING, slice),
	REQUEST(9, "description", RECORD_STRING, description),
	REQUEST(10, "signal", RECORD_I32, signal),
	REQUEST(11, "units", RECORD_STRINGS, units),
	REQUEST(12, "group", RECORD_STRING, group),
};
const struct record_type bus_request_type = RECORD_TYPE(struct bus_request, request_fields);

#define ANSWER(tag, name, kind, member) RECORD_FIELD(struct bus_answer, tag, name, kind, member)
static const struct record_field answer_fields[] = {
	ANSWER(1, "id", RECORD_I64, id),
	ANSWER(2, "kind", RECORD_I32, kind),
	ANSWER(3, "text", RECORD_STRING, text),
	ANSWER(4, "result", RECORD_STRING, result),
};
const struct record_type bus_answer_type = RECORD_TYPE(struct bus_answer, answer_fields);

#define STATE(tag, name, kind, member) RECORD_FIELD(struct bus_state, tag, name, kind, member)
static const struct record_field state_fields[] = {
	STATE(1, "unit", RECORD_STRING, unit),
	STATE(2, "load", RECORD_STRING, load_state),
	STATE(3, "active", RECORD_STRING, active_state),
	STATE(4, "sub", RECORD_STRING, sub_state),
	STATE(5, "fragment", RECORD_STRING, fragment_path),
	STATE(6, "invocation", RECORD_STRING, invocation_id),
	STATE(7, "condition unmet", RECORD_BOOL, condition_unmet),
	STATE(8, "changed", RECORD_I64, changed_us),
	STATE(9, "changed monotonic", RECORD_I64, changed_monotonic_us),
	STATE(10, "active enter", RECORD_I64, active_enter_us),
	STATE(11, "active enter monotonic", RECORD_I64, active_enter_monotonic_us),
	STATE(12, "active exit", RECORD_I64, active_exit_us),
	STATE(13, "active exit monotonic", RECORD_I64, active_exit_monotonic_us),
	STATE(14, "inactive enter", RECORD_I64, inactive_enter_us),
	STATE(15, "inactive enter monotonic", RECORD_I64, inactive_enter_monotonic_us),
	STATE(16, "inactive exit", RECORD_I64, inactive_exit_us),
	STATE(17, "inactive exit monotonic", RECORD_I64, inactive_exit_monotonic_us),
	STATE(18, "result", RECORD_STRING, result),
	STATE(19, "status", RECORD_STRING, status_text),
	STATE(20, "group", RECORD_STRING, control_group),
	STATE(21, "main", RECORD_I64, main_pid),
	STATE(22, "control", RECORD_I64, control_pid),
	STATE(23, "restarts", RECORD_I64, restarts),
	STATE(24, "main started", RECORD_I64, main_started_us),
	STATE(25, "main ended", RECORD_I64, main_ended_us),
	STATE(26, "main last", RECORD_I64, main_last_pid),
	STATE(27, "main code", RECORD_I64, main_code),
	STATE(28, "main status", RECORD_I64, main_status),
	STATE(29, "next", RECORD_I64, next_elapse_us),
	STATE(30, "last", RECORD_I64, last_trigger_us),
};
const struct record_type bus_state_type = RECORD_TYPE(struct bus_state, state_fields);
