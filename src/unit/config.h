/* A unit as its files say: a value, made by unit/load.h off the event loop, never changed afterwards; a reload
 * makes new ones.  Five thousand of them are in memory, so what is seldom set is NULL, and what only the
 * shim needs is kept encoded. */
#pragma once

#include "execution/plan.h"
#include "format/calendar.h"
#include "format/record_pack.h"

#include <stdint.h>

enum unit_type {
	UNIT_SERVICE,
	UNIT_TARGET,
	UNIT_SOCKET,
	UNIT_TIMER,
	UNIT_PATH,
	UNIT_MOUNT,
	UNIT_SLICE,
	UNIT_SCOPE,
	UNIT_AUTOMOUNT, /* these are known by name and never run */
	UNIT_SWAP,
	UNIT_DEVICE,
	UNIT_TYPES
};

const char *unit_type_name(enum unit_type type); /* "service": also the ending */
bool unit_type_of_name(const char *name, enum unit_type *type);

enum load_state {
	LOAD_STUB,
	LOAD_LOADED,
	LOAD_NOT_FOUND,
	LOAD_MASKED,
	LOAD_ERROR,
	LOAD_BAD_SETTING,
	LOAD_STATES
};
const char *load_state_name(enum load_state state);

enum dependency { /* of A on B; those after the blank line are the same arrows from the other end */
		  DEPENDENCY_REQUIRES,
		  DEPENDENCY_REQUISITE,
		  DEPENDENCY_WANTS,
		  DEPENDENCY_BINDS_TO,
		  DEPENDENCY_PART_OF,
		  DEPENDENCY_UPHOLDS,
		  DEPENDENCY_CONFLICTS,
		  DEPENDENCY_BEFORE,
		  DEPENDENCY_AFTER,
		  DEPENDENCY_ON_FAILURE,
		  DEPENDENCY_ON_SUCCESS,
		  DEPENDENCY_PROPAGATES_STOP_TO,
		  DEPENDENCY_PROPAGATES_RELOAD_TO,
		  DEPENDENCY_TRIGGERS,

		  DEPENDENCY_REQUIRED_BY,
		  DEPENDENCY_REQUISITE_OF,
		  DEPENDENCY_WANTED_BY,
		  DEPENDENCY_BOUND_BY,
		  DEPENDENCY_CONSISTS_OF,
		  DEPENDENCY_UPHELD_BY,
		  DEPENDENCY_CONFLICTED_BY,
		  DEPENDENCY_ON_FAILURE_OF,
		  DEPENDENCY_ON_SUCCESS_OF,
		  DEPENDENCY_STOP_PROPAGATED_FROM,
		  DEPENDENCY_RELOAD_PROPAGATED_FROM,
		  DEPENDENCY_TRIGGERED_BY,
		  DEPENDENCIES
};
const char *dependency_name(
	enum dependency kind); /* "Requires", "RequiredBy": show and list-dependencies */
enum dependency dependency_inverse(enum dependency kind); /* BEFORE and AFTER are each other's */

struct unit_dependency {
	uint8_t kind;	  /* enum dependency */
	bool implicit;	  /* by rule, not by the file */
	const char *name; /* interned for the life of the process (unit/name_pool.h) */
};

struct unit_condition {
	uint8_t kind; /* enum condition_kind: unit/condition.h */
	bool assert, trigger /* | */, negate /* ! */;
	char *argument;
};

enum restart_rule {
	RESTART_NO,
	RESTART_ALWAYS,
	RESTART_ON_SUCCESS,
	RESTART_ON_FAILURE,
	RESTART_ON_ABNORMAL,
	RESTART_ON_ABORT,
	RESTART_ON_WATCHDOG,
};

enum job_mode {
	JOB_REPLACE,
	JOB_REPLACE_IRREVERSIBLY,
	JOB_FAIL,
	JOB_ISOLATE,
	JOB_FLUSH,
	JOB_IGNORE_DEPENDENCIES,
	JOB_IGNORE_REQUIREMENTS,
	JOB_MODES
};
const char *job_mode_name(enum job_mode mode);
bool job_mode_from_name(const char *name, enum job_mode *mode);

struct restart_codes { /* RestartPreventExitStatus=, RestartForceExitStatus= */
	struct exit_set prevent, force;
};

struct restart_config {
	int32_t rule; /* enum restart_rule */
	bool is_oneshot;
	int64_t delay_us, max_delay_us, steps;
	struct restart_codes *codes; /* owned; NULL: none */
};

enum timer_base {
	TIMER_ACTIVE,
	TIMER_BOOT,
	TIMER_STARTUP,
	TIMER_UNIT_ACTIVE,
	TIMER_UNIT_INACTIVE,
	TIMER_CALENDAR
};
struct timer_point {
	int32_t base; /* enum timer_base */
	int64_t span_us;
	struct calendar *calendar; /* owned */
};

struct timer_config {
	struct timer_point *points; /* owned */
	size_t count;
	int64_t accuracy_us, randomized_delay_us;
	bool fixed_random_delay, persistent, no_remain_after_elapse, on_clock_change,
		on_timezone_change;
};

enum path_watch_kind {
	PATH_EXISTS,
	PATH_EXISTS_GLOB,
	PATH_CHANGED,
	PATH_MODIFIED,
	PATH_DIRECTORY_NOT_EMPTY
};
struct path_watch {
	int32_t kind;
	char *path;
};

struct path_config {
	struct path_watch *watches; /* owned */
	size_t count;
	bool make_directory;
	int32_t directory_mode;
	int64_t trigger_interval_us, trigger_burst;
};

struct mount_config {
	char *what, *where, *type, *options;
};

#define UNIT_LABEL "wherry.unit" /* on a container: the unit that it was made for */

struct unit_config {
	const char *name;   /* full: "web@1.service"; interned (unit/name_pool.h) */
	uint8_t type, load; /* enum unit_type, load_state */
	bool builtin;
	bool transient;	    /* a scope: made here for a container, without a file */
	bool has_container; /* from a [Container]: labelled UNIT_LABEL */
	bool needs_bus;	    /* Type=dbus: it cannot be started here */
	bool no_default_dependencies, stop_when_unneeded, allow_isolate, refuse_manual_start,
		refuse_manual_stop, ignore_on_isolate, collect_failed;
	uint8_t on_failure_mode, on_success_mode; /* enum job_mode */
	char *load_error;			  /* why it is LOAD_ERROR or LOAD_BAD_SETTING */
	const char *folder, *file;		  /* where it was read, interned; NULL: nowhere */
	char *source_path;
	struct strings drop_ins, aliases; /* other names */
	struct strings warnings;	  /* "FILE:LINE: ..." */
	int64_t file_changed_ns;	  /* newest mtime of path and drop_ins */

	char *description; /* NULL: the name */
	struct strings documentation;
	const struct unit_dependency *
		dependencies; /* unit/dependency_pool.h; implicit ones and .wants/ links included */
	struct unit_condition *conditions; /* owned */
	uint32_t dependency_count, condition_count;

	int64_t job_timeout_us, job_running_timeout_us; /* 0: none */
	int64_t start_limit_interval_us, start_limit_burst;

	const char *slice;		/* "system.slice", interned; NULL: none (targets ...) */
	struct restart_config *restart; /* services */
	struct timer_config *timer;
	struct path_config *path_watch;
	struct mount_config *mount;
	struct execution_limits *slice_limits; /* slices */
	struct packed_record plan;	       /* of execution_plan_type, without its names */
	struct strings foreign; /* lines of X- sections, for the doors: "X-Fleet\nKey=value" */
};

void unit_config_free(struct unit_config *config);

/* Thousands of files stand in few folders: each folder's name is kept once. */
void unit_config_set_path(struct unit_config *config, const char *path); /* absolute; NULL: none */
char *unit_config_path(const struct unit_config *config); /* owned; NULL: it has no file */

/* False: nothing to run.  What all units have alike (default_environment) is not in it. */
bool unit_config_plan(const struct unit_config *config, struct execution_plan *out);
