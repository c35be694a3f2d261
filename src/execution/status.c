#include "execution/status.h"

#include "base/text.h"

#include <stddef.h>

static const char *const active_names[] = {
	[UNIT_INACTIVE] = "inactive", [UNIT_ACTIVATING] = "activating",
	[UNIT_ACTIVE] = "active",     [UNIT_RELOADING] = "reloading",
	[UNIT_FAILED] = "failed",     [UNIT_DEACTIVATING] = "deactivating",
};

static const struct {
	const char *name;
	enum active_state active;
} subs[SUB_STATES] = {
	[SUB_DEAD] = {"dead", UNIT_INACTIVE},
	[SUB_CONDITION] = {"condition", UNIT_ACTIVATING},
	[SUB_START_PRE] = {"start-pre", UNIT_ACTIVATING},
	[SUB_START] = {"start", UNIT_ACTIVATING},
	[SUB_START_POST] = {"start-post", UNIT_ACTIVATING},
	[SUB_RUNNING] = {"running", UNIT_ACTIVE},
	[SUB_EXITED] = {"exited", UNIT_ACTIVE},
	[SUB_RELOAD] = {"reload", UNIT_RELOADING},
	[SUB_STOP] = {"stop", UNIT_DEACTIVATING},
	[SUB_STOP_WATCHDOG] = {"stop-watchdog", UNIT_DEACTIVATING},
	[SUB_STOP_SIGTERM] = {"stop-sigterm", UNIT_DEACTIVATING},
	[SUB_STOP_SIGKILL] = {"stop-sigkill", UNIT_DEACTIVATING},
	[SUB_STOP_POST] = {"stop-post", UNIT_DEACTIVATING},
	[SUB_FINAL_WATCHDOG] = {"final-watchdog", UNIT_DEACTIVATING},
	[SUB_FINAL_SIGTERM] = {"final-sigterm", UNIT_DEACTIVATING},
	[SUB_FINAL_SIGKILL] = {"final-sigkill", UNIT_DEACTIVATING},
	[SUB_FAILED] = {"failed", UNIT_FAILED},
	[SUB_AUTO_RESTART] = {"auto-restart", UNIT_ACTIVATING},
	[SUB_ACTIVE] = {"active", UNIT_ACTIVE},
	[SUB_LISTENING] = {"listening", UNIT_ACTIVE},
	[SUB_STOP_PRE] = {"stop-pre", UNIT_DEACTIVATING},
	[SUB_WAITING] = {"waiting", UNIT_ACTIVE},
	[SUB_ELAPSED] = {"elapsed", UNIT_ACTIVE},
	[SUB_MOUNTING] = {"mounting", UNIT_ACTIVATING},
	[SUB_MOUNTED] = {"mounted", UNIT_ACTIVE},
	[SUB_UNMOUNTING] = {"unmounting", UNIT_DEACTIVATING},
	[SUB_ABANDONED] = {"abandoned", UNIT_ACTIVE},
};

static const char *const result_names[EXECUTION_RESULTS] = {
	[RESULT_SUCCESS] = "success",
	[RESULT_RESOURCES] = "resources",
	[RESULT_PROTOCOL] = "protocol",
	[RESULT_TIMEOUT] = "timeout",
	[RESULT_EXIT_CODE] = "exit-code",
	[RESULT_SIGNAL] = "signal",
	[RESULT_CORE_DUMP] = "core-dump",
	[RESULT_WATCHDOG] = "watchdog",
	[RESULT_START_LIMIT_HIT] = "start-limit-hit",
	[RESULT_OOM_KILL] = "oom-kill",
	[RESULT_EXEC_CONDITION] = "exec-condition",
	[RESULT_TRIGGER_LIMIT_HIT] = "trigger-limit-hit",
	[RESULT_SERVICE_START_LIMIT_HIT] = "service-start-limit-hit",
};

static const char *const end_names[] = {
	[PROCESS_RUNS] = "",
	[PROCESS_EXITED] = "exited",
	[PROCESS_KILLED] = "killed",
	[PROCESS_DUMPED] = "dumped",
};

/* Every name may stand in SuccessExitStatus= and its like; only those of the C library and of what happens
 * before exec are shown, since a program may mean anything else by the others. */
static const struct {
	int32_t code;
	bool shown;
	const char *name;
} exits[] = {
	{0, true, "SUCCESS"},
	{1, true, "FAILURE"},
	{2, false, "INVALIDARGUMENT"},
	{3, false, "NOTIMPLEMENTED"},
	{4, false, "NOPERMISSION"},
	{5, false, "NOTINSTALLED"},
	{6, false, "NOTCONFIGURED"},
	{7, false, "NOTRUNNING"},
	{64, false, "USAGE"},
	{65, false, "DATAERR"},
	{66, false, "NOINPUT"},
	{67, false, "NOUSER"},
	{68, false, "NOHOST"},
	{69, false, "UNAVAILABLE"},
	{70, false, "SOFTWARE"},
	{71, false, "OSERR"},
	{72, false, "OSFILE"},
	{73, false, "CANTCREAT"},
	{74, false, "IOERR"},
	{75, false, "TEMPFAIL"},
	{76, false, "PROTOCOL"},
	{77, false, "NOPERM"},
	{78, false, "CONFIG"},
	{200, true, "CHDIR"},
	{201, true, "NICE"},
	{202, true, "FDS"},
	{203, true, "EXEC"},
	{204, true, "MEMORY"},
	{205, true, "LIMITS"},
	{206, true, "OOM_ADJUST"},
	{207, true, "SIGNAL_MASK"},
	{208, true, "STDIN"},
	{209, true, "STDOUT"},
	{210, true, "CHROOT"},
	{211, true, "IOPRIO"},
	{212, true, "TIMERSLACK"},
	{213, true, "SECUREBITS"},
	{214, true, "SETSCHEDULER"},
	{215, true, "CPUAFFINITY"},
	{216, true, "GROUP"},
	{217, true, "USER"},
	{218, true, "CAPABILITIES"},
	{219, true, "CGROUP"},
	{220, true, "SETSID"},
	{221, true, "CONFIRM"},
	{222, true, "STDERR"},
	{224, true, "PAM"},
	{225, true, "NETWORK"},
	{226, true, "NAMESPACE"},
	{227, true, "NO_NEW_PRIVILEGES"},
	{228, true, "SECCOMP"},
	{229, true, "SELINUX_CONTEXT"},
	{230, true, "PERSONALITY"},
	{231, true, "APPARMOR"},
	{232, true, "ADDRESS_FAMILIES"},
	{233, true, "RUNTIME_DIRECTORY"},
	{235, true, "CHOWN"},
	{236, true, "SMACK_PROCESS_LABEL"},
	{237, true, "KEYRING"},
	{238, true, "STATE_DIRECTORY"},
	{239, true, "CACHE_DIRECTORY"},
	{240, true, "LOGS_DIRECTORY"},
	{241, true, "CONFIGURATION_DIRECTORY"},
	{242, true, "NUMA_POLICY"},
	{243, true, "CREDENTIALS"},
	{244, true, "BPF"},
	{255, true, "EXCEPTION"},
};

const char *active_state_name(enum active_state state)
{
	return active_names[state];
}

const char *sub_state_name(enum sub_state state)
{
	return subs[state].name;
}

enum active_state sub_state_active(enum sub_state state)
{
	return subs[state].active;
}

const char *execution_result_name(enum execution_result result)
{
	return result_names[result];
}

const char *process_end_name(enum process_end end)
{
	return end_names[end];
}

const char *exit_status_name(int32_t code)
{
	for (size_t i = 0; i < array_length(exits); i++)
		if (exits[i].code == code)
			return exits[i].shown ? exits[i].name : NULL;
	return NULL;
}

bool exit_status_from_name(const char *name, int32_t *code)
{
	uint64_t number;

	if (parse_u64(name, &number) && number <= 255) {
		*code = (int32_t)number;
		return true;
	}
	for (size_t i = 0; i < array_length(exits); i++) {
		if (!str_equal(exits[i].name, name))
			continue;
		*code = exits[i].code;
		return true;
	}
	return false;
}

static const struct record_field process_fields[] = {
	RECORD_FIELD(struct execution_process, 1, "Phase", RECORD_I32, phase),
	RECORD_FIELD(struct execution_process, 2, "Index", RECORD_I32, index),
	RECORD_FIELD(struct execution_process, 3, "Pid", RECORD_I64, pid),
	RECORD_FIELD(struct execution_process, 4, "Started", RECORD_I64, started_ns),
	RECORD_FIELD(struct execution_process, 5, "Ended", RECORD_I64, ended_ns),
	RECORD_FIELD(struct execution_process, 6, "End", RECORD_I32, end),
	RECORD_FIELD(struct execution_process, 7, "Status", RECORD_I32, status),
	RECORD_FIELD(struct execution_process, 8, "Ignored", RECORD_BOOL, ignored),
};

const struct record_type execution_process_type =
	RECORD_TYPE(struct execution_process, process_fields);

#define FIELD(tag, name, kind, member)                                                             \
	RECORD_FIELD(struct execution_status, tag, name, kind, member)

static const struct record_field status_fields[] = {
	FIELD(1, "Sub", RECORD_I32, sub),
	FIELD(2, "Result", RECORD_I32, result),
	FIELD(3, "InvocationId", RECORD_STRING, invocation_id),
	FIELD(4, "ShimPid", RECORD_I64, shim_pid),
	FIELD(5, "ShimStartTime", RECORD_I64, shim_start_time),
	FIELD(6, "BootId", RECORD_STRING, boot_id),
	FIELD(7, "MainPid", RECORD_I64, main_pid),
	FIELD(8, "ControlPid", RECORD_I64, control_pid),
	FIELD(9, "MainStartTime", RECORD_I64, main_start_time),
	FIELD(10, "MainKnown", RECORD_BOOL, main_known),
	FIELD(11, "MainName", RECORD_STRING, main_name),
	FIELD(12, "ControlName", RECORD_STRING, control_name),
	FIELD(13, "Container", RECORD_STRING, container),
	RECORD_NESTED(struct execution_status, 14, "Main", RECORD_STRUCT, main, 0,
		      &execution_process_type),
	RECORD_NESTED(struct execution_status, 15, "Processes", RECORD_LIST, processes, 0,
		      &execution_process_type),
	FIELD(16, "StatusText", RECORD_STRING, status_text),
	FIELD(17, "NotifyErrno", RECORD_I32, notify_errno),
	FIELD(18, "ReloadResult", RECORD_I32, reload_result),
	FIELD(19, "JobDone", RECORD_BOOL, job_done),
	FIELD(20, "Changed", RECORD_I64, changed_ns),
	FIELD(21, "ChangedMonotonic", RECORD_I64, changed_monotonic_ns),
	FIELD(22, "ActiveEnter", RECORD_I64, active_enter_ns),
	FIELD(23, "ActiveEnterMonotonic", RECORD_I64, active_enter_monotonic_ns),
	FIELD(24, "ActiveExit", RECORD_I64, active_exit_ns),
	FIELD(25, "ActiveExitMonotonic", RECORD_I64, active_exit_monotonic_ns),
	FIELD(26, "InactiveEnter", RECORD_I64, inactive_enter_ns),
	FIELD(27, "InactiveEnterMonotonic", RECORD_I64, inactive_enter_monotonic_ns),
	FIELD(28, "InactiveExit", RECORD_I64, inactive_exit_ns),
	FIELD(29, "InactiveExitMonotonic", RECORD_I64, inactive_exit_monotonic_ns),
	FIELD(30, "StoredDescriptors", RECORD_I64, stored_descriptors),
	FIELD(31, "Connections", RECORD_I64, connections),
	FIELD(34, "CPUBefore", RECORD_I64, cpu_before_ns),
	FIELD(32, "Warnings", RECORD_STRINGS, warnings),
	FIELD(33, "Containers", RECORD_STRINGS, containers),
};

const struct record_type execution_status_type =
	RECORD_TYPE(struct execution_status, status_fields);
