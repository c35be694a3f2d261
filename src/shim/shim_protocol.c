#include "shim/shim_protocol.h"

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define NESTED(type, tag, kind, member, of)                                                        \
	RECORD_NESTED(struct type, tag, #member, kind, member, 0, &(of))

static const struct record_field number_fields[] = {
	FIELD(shim_number, 1, RECORD_I64, value),
};
const struct record_type shim_number_type = RECORD_TYPE(struct shim_number, number_fields);

static const struct record_field text_fields[] = {
	FIELD(shim_text, 1, RECORD_STRING, text),
};
const struct record_type shim_text_type = RECORD_TYPE(struct shim_text, text_fields);

static const struct record_field size_fields[] = {
	FIELD(shim_size, 1, RECORD_I32, rows),
	FIELD(shim_size, 2, RECORD_I32, columns),
};
const struct record_type shim_size_type = RECORD_TYPE(struct shim_size, size_fields);

static const struct record_field failure_fields[] = {
	FIELD(shim_failure, 1, RECORD_I32, kind),
	FIELD(shim_failure, 2, RECORD_I32, os),
	FIELD(shim_failure, 3, RECORD_STRING, text),
	FIELD(shim_failure, 4, RECORD_I32, exit_code),
};
const struct record_type shim_failure_type = RECORD_TYPE(struct shim_failure, failure_fields);

static const struct record_field attach_fields[] = {
	FIELD(shim_attach, 1, RECORD_BOOL, in),
	FIELD(shim_attach, 2, RECORD_BOOL, out),
	FIELD(shim_attach, 3, RECORD_BOOL, err),
	FIELD(shim_attach, 4, RECORD_BOOL, replay),
	FIELD(shim_attach, 5, RECORD_BOOL, stream),
	FIELD(shim_attach, 6, RECORD_BOOL, multiplexed),
	FIELD(shim_attach, 7, RECORD_STRING, detach_keys),
	FIELD(shim_attach, 8, RECORD_BYTES, early),
};
const struct record_type shim_attach_type = RECORD_TYPE(struct shim_attach, attach_fields);

static const struct record_field wait_fields[] = {
	FIELD(shim_wait, 1, RECORD_BOOL, removed),
	FIELD(shim_wait, 2, RECORD_BOOL, chunked),
};
const struct record_type shim_wait_type = RECORD_TYPE(struct shim_wait, wait_fields);

static const struct record_field logs_fields[] = {
	FIELD(shim_logs, 1, RECORD_BOOL, out),
	FIELD(shim_logs, 2, RECORD_BOOL, err),
	FIELD(shim_logs, 3, RECORD_BOOL, follow),
	FIELD(shim_logs, 4, RECORD_BOOL, timestamps),
	FIELD(shim_logs, 5, RECORD_BOOL, details),
	FIELD(shim_logs, 6, RECORD_BOOL, multiplexed),
	FIELD(shim_logs, 7, RECORD_BOOL, chunked),
	FIELD(shim_logs, 8, RECORD_I64, tail),
	FIELD(shim_logs, 9, RECORD_I64, since),
	FIELD(shim_logs, 10, RECORD_I64, until),
	FIELD(shim_logs, 11, RECORD_STRING, details_text),
	FIELD(shim_logs, 12, RECORD_STRING, log_path),
	FIELD(shim_logs, 13, RECORD_STRING, worker),
};
const struct record_type shim_logs_type = RECORD_TYPE(struct shim_logs, logs_fields);

static const struct record_field stats_fields[] = {
	FIELD(shim_stats, 1, RECORD_BOOL, stream),  FIELD(shim_stats, 2, RECORD_BOOL, one_shot),
	FIELD(shim_stats, 3, RECORD_BOOL, chunked), FIELD(shim_stats, 4, RECORD_STRING, name),
	FIELD(shim_stats, 5, RECORD_STRING, id),
};
const struct record_type shim_stats_type = RECORD_TYPE(struct shim_stats, stats_fields);

static const struct record_field release_fields[] = {
	FIELD(shim_release, 1, RECORD_BOOL, removed),
	FIELD(shim_release, 2, RECORD_STRING, error),
};
const struct record_type shim_release_type = RECORD_TYPE(struct shim_release, release_fields);

static const struct record_field names_fields[] = {
	FIELD(shim_names, 1, RECORD_STRING, folder),
	FIELD(shim_names, 2, RECORD_STRINGS, zones),
	FIELD(shim_names, 3, RECORD_PAIRS, links),
	FIELD(shim_names, 4, RECORD_STRINGS, servers),
};
const struct record_type shim_names_type = RECORD_TYPE(struct shim_names, names_fields);

static const struct record_field names_request_fields[] = {
	FIELD(shim_names_request, 1, RECORD_STRING, run_folder),
	FIELD(shim_names_request, 2, RECORD_I64, pid),
	FIELD(shim_names_request, 3, RECORD_I64, start_time),
};
const struct record_type shim_names_request_type =
	RECORD_TYPE(struct shim_names_request, names_request_fields);

static const struct record_field kept_fields[] = {
	FIELD(shim_kept, 1, RECORD_I64, key),	   FIELD(shim_kept, 2, RECORD_STRING, container),
	FIELD(shim_kept, 3, RECORD_BOOL, removed), FIELD(shim_kept, 4, RECORD_BOOL, chunked),
	FIELD(shim_kept, 5, RECORD_I64, code),
};
const struct record_type shim_kept_type = RECORD_TYPE(struct shim_kept, kept_fields);

static const struct record_field log_remote_fields[] = {
	FIELD(shim_log_remote, 1, RECORD_I32, kind),
	FIELD(shim_log_remote, 2, RECORD_I32, transport),
	FIELD(shim_log_remote, 3, RECORD_STRING, host),
	FIELD(shim_log_remote, 4, RECORD_I32, port),
	FIELD(shim_log_remote, 5, RECORD_I32, style),
	FIELD(shim_log_remote, 6, RECORD_I32, facility),
	FIELD(shim_log_remote, 7, RECORD_STRING, hostname),
	FIELD(shim_log_remote, 8, RECORD_STRING, tag),
	FIELD(shim_log_remote, 9, RECORD_BYTES, fields),
	FIELD(shim_log_remote, 10, RECORD_STRING, worker),
};
const struct record_type shim_log_remote_type =
	RECORD_TYPE(struct shim_log_remote, log_remote_fields);

static const struct record_field relays_fields[] = {
	NESTED(shim_relays, 1, RECORD_LIST, relays, relay_spec_type),
};
const struct record_type shim_relays_type = RECORD_TYPE(struct shim_relays, relays_fields);

static const struct record_field journal_log_fields[] = {
	FIELD(shim_journal_log, 1, RECORD_STRING, folder),
	FIELD(shim_journal_log, 2, RECORD_STRING, identifier),
	FIELD(shim_journal_log, 3, RECORD_STRING, hostname),
	FIELD(shim_journal_log, 4, RECORD_STRING, container),
	FIELD(shim_journal_log, 5, RECORD_STRING, unit),
	FIELD(shim_journal_log, 6, RECORD_STRING, invocation_id),
	FIELD(shim_journal_log, 7, RECORD_STRING, cgroup),
	FIELD(shim_journal_log, 8, RECORD_PAIRS, extra),
	FIELD(shim_journal_log, 9, RECORD_I64, max_bytes),
	FIELD(shim_journal_log, 10, RECORD_BOOL, exported),
};
const struct record_type shim_journal_log_type =
	RECORD_TYPE(struct shim_journal_log, journal_log_fields);

static const struct record_field log_options_fields[] = {
	FIELD(shim_log_options, 1, RECORD_STRING, driver),
	FIELD(shim_log_options, 2, RECORD_STRING, path),
	FIELD(shim_log_options, 3, RECORD_I64, max_size),
	FIELD(shim_log_options, 4, RECORD_I64, max_files),
	FIELD(shim_log_options, 5, RECORD_STRING, attrs_json),
	NESTED(shim_log_options, 6, RECORD_STRUCT, remote, shim_log_remote_type),
	FIELD(shim_log_options, 7, RECORD_BOOL, compress),
	FIELD(shim_log_options, 8, RECORD_STRING, worker),
	NESTED(shim_log_options, 9, RECORD_POINTER, journal, shim_journal_log_type),
};
const struct record_type shim_log_options_type =
	RECORD_TYPE(struct shim_log_options, log_options_fields);

static const struct record_field start_fields[] = {
	FIELD(shim_start, 1, RECORD_I32, kind),
	NESTED(shim_start, 2, RECORD_STRUCT, sandbox, sandbox_spec_type),
	FIELD(shim_start, 3, RECORD_STRING, run_folder),
	NESTED(shim_start, 4, RECORD_LIST, endpoints, endpoint_spec_type),
	FIELD(shim_start, 5, RECORD_BOOL, loopback),
	NESTED(shim_start, 6, RECORD_STRUCT, log, shim_log_options_type),
	FIELD(shim_start, 7, RECORD_BOOL, stdin_once),
	FIELD(shim_start, 8, RECORD_I64, join_pid),
	FIELD(shim_start, 9, RECORD_I64, join_start_time),
	NESTED(shim_start, 10, RECORD_LIST, relays, relay_spec_type),
	NESTED(shim_start, 11, RECORD_POINTER, names, shim_names_type),
};
const struct record_type shim_start_type = RECORD_TYPE(struct shim_start, start_fields);

static const struct record_field state_fields[] = {
	FIELD(shim_state, 1, RECORD_I32, phase),
	FIELD(shim_state, 2, RECORD_I64, shim_pid),
	FIELD(shim_state, 3, RECORD_I64, shim_start_time),
	FIELD(shim_state, 4, RECORD_I64, pid),
	FIELD(shim_state, 5, RECORD_I64, start_time),
	FIELD(shim_state, 6, RECORD_STRING, boot_id),
	FIELD(shim_state, 7, RECORD_I64, started_ns),
	FIELD(shim_state, 8, RECORD_STRINGS, warnings),
	FIELD(shim_state, 9, RECORD_BOOL, oom),
};
const struct record_type shim_state_type = RECORD_TYPE(struct shim_state, state_fields);

static const struct record_field exit_fields[] = {
	FIELD(shim_exit, 1, RECORD_I32, code),
	FIELD(shim_exit, 2, RECORD_I32, signal),
	FIELD(shim_exit, 3, RECORD_BOOL, oom),
	FIELD(shim_exit, 4, RECORD_I64, finished_ns),
	FIELD(shim_exit, 5, RECORD_I64, log_dropped),
	NESTED(shim_exit, 6, RECORD_POINTER, failure, shim_failure_type),
};
const struct record_type shim_exit_type = RECORD_TYPE(struct shim_exit, exit_fields);
