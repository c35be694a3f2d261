/* What became of a unit's processes: states, results, and the record that a unit's shim tells its daemon and
 * keeps in its run folder.  Names are systemd's; the same states serve units that have no process. */
#pragma once

#include "execution/plan.h"

enum active_state {
	UNIT_INACTIVE,
	UNIT_ACTIVATING,
	UNIT_ACTIVE,
	UNIT_RELOADING,
	UNIT_DEACTIVATING,
	UNIT_FAILED,
};

enum sub_state { /* of all types of units; sub_state_active() says under which active state */
		 SUB_DEAD,
		 SUB_CONDITION,
		 SUB_START_PRE,
		 SUB_START,
		 SUB_START_POST,
		 SUB_RUNNING,
		 SUB_EXITED,
		 SUB_RELOAD,
		 SUB_STOP,
		 SUB_STOP_WATCHDOG,
		 SUB_STOP_SIGTERM,
		 SUB_STOP_SIGKILL,
		 SUB_STOP_POST,
		 SUB_FINAL_WATCHDOG,
		 SUB_FINAL_SIGTERM,
		 SUB_FINAL_SIGKILL,
		 SUB_FAILED,
		 SUB_AUTO_RESTART, /* the manager's: activating */
		 SUB_ACTIVE,	   /* targets, slices */
		 SUB_LISTENING,	   /* sockets */
		 SUB_STOP_PRE,
		 SUB_WAITING, /* timers, paths */
		 SUB_ELAPSED,
		 SUB_MOUNTING,
		 SUB_MOUNTED,
		 SUB_UNMOUNTING,
		 SUB_ABANDONED, /* scopes */
		 SUB_STATES
};

enum execution_result {
	RESULT_SUCCESS,
	RESULT_RESOURCES,
	RESULT_PROTOCOL,
	RESULT_TIMEOUT,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_CORE_DUMP,
	RESULT_WATCHDOG,
	RESULT_START_LIMIT_HIT,
	RESULT_OOM_KILL,
	RESULT_EXEC_CONDITION,
	RESULT_TRIGGER_LIMIT_HIT,	/* of sockets and paths */
	RESULT_SERVICE_START_LIMIT_HIT, /* of sockets */
	EXECUTION_RESULTS
};

const char *active_state_name(enum active_state state); /* "active" */
const char *sub_state_name(enum sub_state state);	/* "start-pre" */
const char *execution_result_name(enum execution_result result);
enum active_state sub_state_active(enum sub_state state);

/* Before exec failed: "EXEC" for 203 ...; "SUCCESS", "FAILURE", "EXCEPTION" for 0, 1, 255; NULL: no name.
 * systemd.exec, "Process Exit Codes". */
const char *exit_status_name(int32_t code);
bool exit_status_from_name(const char *name, int32_t *code);

enum process_end { PROCESS_RUNS, PROCESS_EXITED, PROCESS_KILLED, PROCESS_DUMPED }; /* EXIT_CODE= */
const char *process_end_name(enum process_end end);

struct execution_process {
	int32_t phase; /* enum execution_phase */
	int32_t index; /* among the commands of the phase */
	int64_t pid;
	int64_t started_ns, ended_ns; /* realtime; 0: not yet */
	int32_t end;		      /* enum process_end */
	int32_t status;		      /* exit code or signal */
	bool ignored;		      /* its failure counted as success */
};

struct execution_status {
	int32_t sub;	     /* enum sub_state */
	int32_t result;	     /* enum execution_result: the first failure of the cycle sticks */
	char *invocation_id; /* 32 hex */
	int64_t shim_pid, shim_start_time;
	char *boot_id;

	int64_t main_pid, control_pid; /* 0: none */
	int64_t main_start_time;
	bool main_known;
	char *main_name, *control_name; /* comm */
	char *container; /* id of the container whose first process is the main one; NULL */
	struct execution_process main; /* the last main process; pid 0: never was one */
	struct record_list
		processes; /* struct execution_process: each that was run in this cycle */

	char *status_text; /* STATUS= */
	int32_t notify_errno;
	int32_t reload_result; /* enum execution_result of the last ExecReload */
	bool job_done; /* the start that was asked for is complete: may be true while START_POST */

	/* CLOCK_REALTIME and CLOCK_MONOTONIC, ns; 0: never in this life of the shim */
	int64_t changed_ns, changed_monotonic_ns;
	int64_t active_enter_ns, active_enter_monotonic_ns, active_exit_ns,
		active_exit_monotonic_ns;
	int64_t inactive_enter_ns, inactive_enter_monotonic_ns, inactive_exit_ns,
		inactive_exit_monotonic_ns;

	int64_t stored_descriptors;
	int64_t connections; /* sockets with Accept=: accepted so far */
	int64_t cpu_before_ns; /* what its control group had used in former cycles */
	struct strings warnings;
	struct strings containers; /* ids of those that are not known to be gone */
};

extern const struct record_type execution_process_type, execution_status_type;
