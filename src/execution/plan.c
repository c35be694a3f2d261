#include "execution/plan.h"

#include <signal.h>

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define NESTED(type, tag, kind, member, of)                                                        \
	RECORD_NESTED(struct type, tag, #member, kind, member, 0, &(of))

const char *execution_phase_key(enum execution_phase phase)
{
	static const char *const keys[EXECUTION_PHASES] = {
		[EXECUTION_CONDITION] = "ExecCondition", [EXECUTION_START_PRE] = "ExecStartPre",
		[EXECUTION_START] = "ExecStart",	 [EXECUTION_START_POST] = "ExecStartPost",
		[EXECUTION_RELOAD] = "ExecReload",	 [EXECUTION_STOP] = "ExecStop",
		[EXECUTION_STOP_POST] = "ExecStopPost",
	};

	return keys[phase];
}

static const struct record_field command_fields[] = {
	FIELD(execution_command, 1, RECORD_STRING, path),
	FIELD(execution_command, 2, RECORD_STRINGS, args),
	FIELD(execution_command, 3, RECORD_BOOL, ignore_failure),
	FIELD(execution_command, 4, RECORD_BOOL, no_variables),
	FIELD(execution_command, 5, RECORD_I32, privileges),
};
const struct record_type execution_command_type =
	RECORD_TYPE(struct execution_command, command_fields);

/* ---- the context ---- */

static const struct record_field folders_fields[] = {
	FIELD(execution_folders, 1, RECORD_STRINGS, names),
	FIELD(execution_folders, 2, RECORD_I32, mode),
};
static const struct record_type folders_type =
	RECORD_TYPE(struct execution_folders, folders_fields);

static const struct record_field path_pair_fields[] = {
	FIELD(execution_path_pair, 1, RECORD_STRING, source),
	FIELD(execution_path_pair, 2, RECORD_STRING, target),
	FIELD(execution_path_pair, 3, RECORD_BOOL, optional),
	FIELD(execution_path_pair, 4, RECORD_BOOL, read_only),
	FIELD(execution_path_pair, 5, RECORD_BOOL, recursive),
};
const struct record_type execution_path_pair_type =
	RECORD_TYPE(struct execution_path_pair, path_pair_fields);

static const struct record_field rlimit_fields[] = {
	FIELD(execution_rlimit, 1, RECORD_STRING, name),
	FIELD(execution_rlimit, 2, RECORD_I64, soft),
	FIELD(execution_rlimit, 3, RECORD_I64, hard),
};
const struct record_type execution_rlimit_type =
	RECORD_TYPE(struct execution_rlimit, rlimit_fields);

static const struct record_field credential_fields[] = {
	FIELD(execution_credential, 1, RECORD_STRING, name),
	FIELD(execution_credential, 2, RECORD_STRING, path),
	FIELD(execution_credential, 3, RECORD_BYTES, data),
};
const struct record_type execution_credential_type =
	RECORD_TYPE(struct execution_credential, credential_fields);

static const struct record_field context_fields[] = {
	FIELD(execution_context, 1, RECORD_STRING, user),
	FIELD(execution_context, 2, RECORD_STRING, group),
	FIELD(execution_context, 3, RECORD_STRINGS, supplementary_groups),
	FIELD(execution_context, 4, RECORD_STRING, working_folder),
	FIELD(execution_context, 5, RECORD_BOOL, working_folder_optional),
	FIELD(execution_context, 6, RECORD_STRING, root_folder),
	FIELD(execution_context, 7, RECORD_OPTIONAL_I64, umask),
	FIELD(execution_context, 8, RECORD_PAIRS, environment),
	FIELD(execution_context, 9, RECORD_PAIRS, default_environment),
	FIELD(execution_context, 10, RECORD_STRINGS, environment_files),
	FIELD(execution_context, 11, RECORD_STRINGS, pass_environment),
	FIELD(execution_context, 12, RECORD_STRINGS, unset_environment),
	NESTED(execution_context, 13, RECORD_LIST, rlimits, execution_rlimit_type),
	FIELD(execution_context, 14, RECORD_OPTIONAL_I64, nice),
	FIELD(execution_context, 15, RECORD_OPTIONAL_I64, oom_score_adjust),
	FIELD(execution_context, 16, RECORD_OPTIONAL_I64, io_class),
	FIELD(execution_context, 17, RECORD_OPTIONAL_I64, io_priority),
	FIELD(execution_context, 18, RECORD_OPTIONAL_I64, cpu_policy),
	FIELD(execution_context, 19, RECORD_OPTIONAL_I64, cpu_priority),
	FIELD(execution_context, 20, RECORD_STRING, cpu_affinity),
	FIELD(execution_context, 21, RECORD_OPTIONAL_I64, timer_slack_ns),
	FIELD(execution_context, 22, RECORD_BOOL, keep_sigpipe),
	FIELD(execution_context, 23, RECORD_I32, in),
	FIELD(execution_context, 24, RECORD_I32, out),
	FIELD(execution_context, 25, RECORD_I32, err),
	FIELD(execution_context, 26, RECORD_STRING, in_path),
	FIELD(execution_context, 27, RECORD_STRING, out_path),
	FIELD(execution_context, 28, RECORD_STRING, err_path),
	FIELD(execution_context, 29, RECORD_BYTES, in_data),
	FIELD(execution_context, 30, RECORD_STRING, tty_path),
	FIELD(execution_context, 31, RECORD_STRING, syslog_identifier),
	FIELD(execution_context, 32, RECORD_OPTIONAL_I64, syslog_level),
	FIELD(execution_context, 33, RECORD_OPTIONAL_I64, log_level_max),
	FIELD(execution_context, 34, RECORD_OPTIONAL_I64, syslog_facility),
	FIELD(execution_context, 35, RECORD_BOOL, no_level_prefix),
	FIELD(execution_context, 36, RECORD_OPTIONAL_I64, log_rate_interval_us),
	FIELD(execution_context, 37, RECORD_OPTIONAL_I64, log_rate_burst),
	FIELD(execution_context, 38, RECORD_PAIRS, log_extra_fields),
	NESTED(execution_context, 39, RECORD_STRUCT, folders[FOLDER_RUNTIME], folders_type),
	NESTED(execution_context, 40, RECORD_STRUCT, folders[FOLDER_STATE], folders_type),
	NESTED(execution_context, 41, RECORD_STRUCT, folders[FOLDER_CACHE], folders_type),
	NESTED(execution_context, 42, RECORD_STRUCT, folders[FOLDER_LOGS], folders_type),
	NESTED(execution_context, 43, RECORD_STRUCT, folders[FOLDER_CONFIGURATION], folders_type),
	FIELD(execution_context, 44, RECORD_I32, keep_runtime),
	FIELD(execution_context, 45, RECORD_BOOL, private_tmp),
	FIELD(execution_context, 46, RECORD_BOOL, private_devices),
	FIELD(execution_context, 47, RECORD_BOOL, private_network),
	FIELD(execution_context, 48, RECORD_BOOL, private_mounts),
	FIELD(execution_context, 49, RECORD_I32, protect_system),
	FIELD(execution_context, 50, RECORD_I32, protect_home),
	FIELD(execution_context, 51, RECORD_BOOL, protect_kernel_tunables),
	FIELD(execution_context, 52, RECORD_BOOL, protect_kernel_modules),
	FIELD(execution_context, 53, RECORD_BOOL, protect_kernel_logs),
	FIELD(execution_context, 54, RECORD_BOOL, protect_control_groups),
	FIELD(execution_context, 55, RECORD_BOOL, protect_hostname),
	FIELD(execution_context, 56, RECORD_BOOL, protect_clock),
	FIELD(execution_context, 57, RECORD_STRINGS, read_write_paths),
	FIELD(execution_context, 58, RECORD_STRINGS, read_only_paths),
	FIELD(execution_context, 59, RECORD_STRINGS, inaccessible_paths),
	FIELD(execution_context, 60, RECORD_STRINGS, exec_paths),
	FIELD(execution_context, 61, RECORD_STRINGS, no_exec_paths),
	NESTED(execution_context, 62, RECORD_LIST, bind_paths, execution_path_pair_type),
	NESTED(execution_context, 63, RECORD_LIST, temporary_paths, execution_path_pair_type),
	FIELD(execution_context, 64, RECORD_BOOL, no_new_privileges),
	FIELD(execution_context, 65, RECORD_OPTIONAL_I64, capability_bounding),
	FIELD(execution_context, 66, RECORD_I64, ambient_capabilities),
	FIELD(execution_context, 67, RECORD_I64, secure_bits),
	FIELD(execution_context, 68, RECORD_STRINGS, system_call_filter),
	FIELD(execution_context, 69, RECORD_STRING, system_call_error),
	FIELD(execution_context, 70, RECORD_STRINGS, system_call_architectures),
	FIELD(execution_context, 71, RECORD_STRING, restrict_namespaces),
	FIELD(execution_context, 72, RECORD_STRINGS, address_families),
	FIELD(execution_context, 73, RECORD_BOOL, restrict_suid_sgid),
	FIELD(execution_context, 74, RECORD_BOOL, lock_personality),
	FIELD(execution_context, 75, RECORD_BOOL, memory_deny_write_execute),
	FIELD(execution_context, 76, RECORD_BOOL, restrict_realtime),
	FIELD(execution_context, 77, RECORD_STRING, keyring_mode),
	NESTED(execution_context, 78, RECORD_LIST, credentials, execution_credential_type),
	FIELD(execution_context, 79, RECORD_BOOL, dynamic_user),
	FIELD(execution_context, 80, RECORD_I64, dynamic_uid),
};
static const struct record_type context_type =
	RECORD_TYPE(struct execution_context, context_fields);

/* ---- limits ---- */

static const struct record_field device_fields[] = {
	FIELD(execution_device, 1, RECORD_STRING, path),
	FIELD(execution_device, 2, RECORD_STRING, access),
};
const struct record_type execution_device_type =
	RECORD_TYPE(struct execution_device, device_fields);

static const struct record_field io_limit_fields[] = {
	FIELD(execution_io_limit, 1, RECORD_STRING, path),
	FIELD(execution_io_limit, 2, RECORD_I64, value),
};
const struct record_type execution_io_limit_type =
	RECORD_TYPE(struct execution_io_limit, io_limit_fields);

static const struct record_field limits_fields[] = {
	FIELD(execution_limits, 1, RECORD_OPTIONAL_I64, cpu_weight),
	FIELD(execution_limits, 2, RECORD_OPTIONAL_I64, io_weight),
	FIELD(execution_limits, 3, RECORD_OPTIONAL_I64, cpu_quota_us),
	FIELD(execution_limits, 4, RECORD_OPTIONAL_I64, cpu_period_us),
	FIELD(execution_limits, 5, RECORD_OPTIONAL_I64, memory_min),
	FIELD(execution_limits, 6, RECORD_OPTIONAL_I64, memory_low),
	FIELD(execution_limits, 7, RECORD_OPTIONAL_I64, memory_high),
	FIELD(execution_limits, 8, RECORD_OPTIONAL_I64, memory_max),
	FIELD(execution_limits, 9, RECORD_OPTIONAL_I64, memory_swap_max),
	FIELD(execution_limits, 10, RECORD_OPTIONAL_I64, tasks_max),
	FIELD(execution_limits, 11, RECORD_STRING, allowed_cpus),
	FIELD(execution_limits, 12, RECORD_STRING, allowed_memory_nodes),
	NESTED(execution_limits, 13, RECORD_LIST, io_read_bps, execution_io_limit_type),
	NESTED(execution_limits, 14, RECORD_LIST, io_write_bps, execution_io_limit_type),
	NESTED(execution_limits, 15, RECORD_LIST, io_read_iops, execution_io_limit_type),
	NESTED(execution_limits, 16, RECORD_LIST, io_write_iops, execution_io_limit_type),
	NESTED(execution_limits, 17, RECORD_LIST, io_device_weight, execution_io_limit_type),
	FIELD(execution_limits, 18, RECORD_STRING, device_policy),
	NESTED(execution_limits, 19, RECORD_LIST, devices, execution_device_type),
	FIELD(execution_limits, 20, RECORD_BOOL, delegate),
};
const struct record_type execution_limits_type =
	RECORD_TYPE(struct execution_limits, limits_fields);

/* ---- sockets ---- */

static const struct record_field socket_fields[] = {
	FIELD(execution_socket, 1, RECORD_I32, kind),
	FIELD(execution_socket, 2, RECORD_STRING, address),
};
const struct record_type execution_socket_type =
	RECORD_TYPE(struct execution_socket, socket_fields);

static const struct record_field socket_options_fields[] = {
	NESTED(execution_socket_options, 1, RECORD_LIST, sockets, execution_socket_type),
	FIELD(execution_socket_options, 2, RECORD_BOOL, accept),
	FIELD(execution_socket_options, 3, RECORD_I32, socket_mode),
	FIELD(execution_socket_options, 4, RECORD_I32, directory_mode),
	FIELD(execution_socket_options, 5, RECORD_STRING, user),
	FIELD(execution_socket_options, 6, RECORD_STRING, group),
	FIELD(execution_socket_options, 7, RECORD_OPTIONAL_I64, backlog),
	FIELD(execution_socket_options, 8, RECORD_STRING, bind_ipv6_only),
	FIELD(execution_socket_options, 9, RECORD_BOOL, free_bind),
	FIELD(execution_socket_options, 10, RECORD_BOOL, reuse_port),
	FIELD(execution_socket_options, 11, RECORD_BOOL, keep_alive),
	FIELD(execution_socket_options, 12, RECORD_BOOL, no_delay),
	FIELD(execution_socket_options, 13, RECORD_BOOL, transparent),
	FIELD(execution_socket_options, 14, RECORD_BOOL, pass_credentials),
	FIELD(execution_socket_options, 15, RECORD_BOOL, remove_on_stop),
	FIELD(execution_socket_options, 16, RECORD_BOOL, flush_pending),
	FIELD(execution_socket_options, 17, RECORD_STRING, descriptor_name),
	FIELD(execution_socket_options, 18, RECORD_STRINGS, symlinks),
	FIELD(execution_socket_options, 19, RECORD_I64, max_connections),
	FIELD(execution_socket_options, 20, RECORD_I64, trigger_interval_us),
	FIELD(execution_socket_options, 21, RECORD_I64, trigger_burst),
};
static const struct record_type socket_options_type =
	RECORD_TYPE(struct execution_socket_options, socket_options_fields);

/* ---- the whole ---- */

static const struct record_field exit_set_fields[] = {
	FIELD(exit_set, 1, RECORD_STRINGS, codes),
	FIELD(exit_set, 2, RECORD_STRINGS, signals),
};
const struct record_type exit_set_type = RECORD_TYPE(struct exit_set, exit_set_fields);

#define COMMANDS(tag, phase)                                                                       \
	NESTED(execution_plan, tag, RECORD_LIST, commands[phase], execution_command_type)

static const struct record_field plan_fields[] = {
	FIELD(execution_plan, 1, RECORD_STRING, unit),
	FIELD(execution_plan, 2, RECORD_STRING, description),
	FIELD(execution_plan, 3, RECORD_I32, kind),
	FIELD(execution_plan, 4, RECORD_I32, type),
	COMMANDS(5, EXECUTION_CONDITION),
	COMMANDS(6, EXECUTION_START_PRE),
	COMMANDS(7, EXECUTION_START),
	COMMANDS(8, EXECUTION_START_POST),
	COMMANDS(9, EXECUTION_RELOAD),
	COMMANDS(10, EXECUTION_STOP),
	COMMANDS(11, EXECUTION_STOP_POST),
	NESTED(execution_plan, 12, RECORD_STRUCT, context, context_type),
	NESTED(execution_plan, 13, RECORD_STRUCT, limits, execution_limits_type),
	NESTED(execution_plan, 14, RECORD_STRUCT, socket, socket_options_type),
	FIELD(execution_plan, 15, RECORD_I64, timeout_start_us),
	FIELD(execution_plan, 16, RECORD_I64, timeout_stop_us),
	FIELD(execution_plan, 17, RECORD_I64, timeout_abort_us),
	FIELD(execution_plan, 18, RECORD_I64, runtime_max_us),
	FIELD(execution_plan, 19, RECORD_I64, watchdog_us),
	FIELD(execution_plan, 20, RECORD_I32, timeout_start_mode),
	FIELD(execution_plan, 21, RECORD_I32, timeout_stop_mode),
	FIELD(execution_plan, 22, RECORD_BOOL, remain_after_exit),
	FIELD(execution_plan, 23, RECORD_STRING, pid_file),
	FIELD(execution_plan, 24, RECORD_BOOL, no_guess_main_pid),
	FIELD(execution_plan, 25, RECORD_I32, notify_access),
	FIELD(execution_plan, 26, RECORD_I64, descriptor_store_max),
	FIELD(execution_plan, 27, RECORD_BOOL, non_blocking),
	FIELD(execution_plan, 28, RECORD_I32, oom_policy),
	FIELD(execution_plan, 29, RECORD_STRING, bus_name),
	NESTED(execution_plan, 30, RECORD_STRUCT, success, exit_set_type),
	NESTED(execution_plan, 31, RECORD_STRUCT, restart_prevent, exit_set_type),
	NESTED(execution_plan, 32, RECORD_STRUCT, restart_force, exit_set_type),
	FIELD(execution_plan, 33, RECORD_I32, kill_mode),
	FIELD(execution_plan, 34, RECORD_I32, kill_signal),
	FIELD(execution_plan, 35, RECORD_I32, restart_kill_signal),
	FIELD(execution_plan, 36, RECORD_I32, final_kill_signal),
	FIELD(execution_plan, 37, RECORD_I32, watchdog_signal),
	FIELD(execution_plan, 38, RECORD_BOOL, send_sighup),
	FIELD(execution_plan, 39, RECORD_BOOL, no_sigkill),
	FIELD(execution_plan, 40, RECORD_BOOL, asks_for_container),
};
const struct record_type execution_plan_type = RECORD_TYPE(struct execution_plan, plan_fields);

#define STOP_TIMEOUT_US (90 * INT64_C(1000000))

void execution_plan_init(struct execution_plan *plan, const char *unit)
{
	*plan = (struct execution_plan){
		.unit = str_dup(unit),
		.context.err = OUTPUT_INHERIT,
		.timeout_start_us = STOP_TIMEOUT_US,
		.timeout_stop_us = STOP_TIMEOUT_US,
		.timeout_abort_us = STOP_TIMEOUT_US,
		.kill_signal = SIGTERM,
		.final_kill_signal = SIGKILL,
		.watchdog_signal = SIGABRT,
	};
}
