/* What the processes of one unit are to be: a value that the daemon fills from unit files, the wire carries
 * to the shim of the unit (shim/unit_protocol.h), and the shim carries out, whether the daemon lives or not.
 * Specifiers are filled in and lists are merged; variables are not replaced yet, and files (environment,
 * credentials) are not read yet: both belong to the moment of each exec.
 *
 * Spans are microseconds, as in unit files; 0 is none (infinity) unless said.  Names and defaults are those
 * of systemd 252 (systemd.exec, .kill, .resource-control, .service); a zeroed field is its default only where
 * the comment says so: execution_plan_init() fills in the others. */
#pragma once

#include "format/record.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- commands ---- */

enum execution_privileges {
	EXECUTION_AS_CONFIGURED,
	EXECUTION_FULL,	    /* `+`: no user, no capabilities, no limits of the file system */
	EXECUTION_OWN_USER, /* `!`: the program changes user and groups by itself */
};

struct execution_command {
	char *path;	     /* absolute, or a bare name that is looked up in EXECUTION_PATH */
	struct strings args; /* args.items[0] is argv[0]; variables are still in them */
	bool ignore_failure; /* `-` */
	bool no_variables;   /* `:` */
	int32_t privileges;  /* enum execution_privileges */
};

#define EXECUTION_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum execution_phase { /* lists of commands */
		       EXECUTION_CONDITION,
		       EXECUTION_START_PRE,
		       EXECUTION_START,
		       EXECUTION_START_POST,
		       EXECUTION_RELOAD,
		       EXECUTION_STOP,
		       EXECUTION_STOP_POST,
		       EXECUTION_PHASES
};

/* "ExecStartPre" ... as unit files and status spell them. */
const char *execution_phase_key(enum execution_phase phase);

/* ---- where and as whom they run ---- */

enum execution_input { INPUT_NULL, INPUT_TTY, INPUT_FILE, INPUT_SOCKET, INPUT_FD, INPUT_DATA };
enum execution_output {
	OUTPUT_JOURNAL,
	OUTPUT_INHERIT, /* StandardError: as StandardOutput; StandardOutput: as StandardInput */
	OUTPUT_NULL,
	OUTPUT_FILE,
	OUTPUT_APPEND,
	OUTPUT_TRUNCATE,
	OUTPUT_SOCKET,
	OUTPUT_TTY,
	OUTPUT_FD,
};

enum execution_protect { PROTECT_NO, PROTECT_YES, PROTECT_FULL, PROTECT_STRICT };
enum execution_home { HOME_NO, HOME_YES, HOME_READ_ONLY, HOME_TMPFS };
enum execution_keep { KEEP_NO, KEEP_YES, KEEP_RESTART };

/* RuntimeDirectory= ... ConfigurationDirectory= */
enum execution_folder_kind {
	FOLDER_RUNTIME,
	FOLDER_STATE,
	FOLDER_CACHE,
	FOLDER_LOGS,
	FOLDER_CONFIGURATION,
	FOLDER_KINDS
};

struct execution_folders {
	struct strings names; /* below the root of the kind: "web", "web/cache" */
	int32_t mode;	      /* 0: 0755 */
};

struct execution_path_pair { /* BindPaths=, and TemporaryFileSystem= (target is the options) */
	char *source, *target;
	bool optional; /* `-` */
	bool read_only, recursive;
};

struct execution_rlimit {
	char *name;	    /* "nofile" */
	int64_t soft, hard; /* -1: infinity */
};

struct execution_credential {
	char *name, *path;  /* LoadCredential=; path NULL: */
	struct buffer data; /* SetCredential= */
};

struct execution_context {
	char *user, *group; /* NULL: the supervisor's */
	struct strings supplementary_groups;
	char *working_folder; /* NULL: "/"; "~" */
	bool working_folder_optional;
	char *root_folder;
	struct optional_i64 umask; /* 0022 */

	struct pairs environment;	  /* Environment=; below them: */
	struct pairs default_environment; /* what the manager gives each unit: DOCKER_HOST ... */
	struct strings environment_files; /* "-/path" as written */
	struct strings pass_environment, unset_environment;

	struct record_list rlimits; /* struct execution_rlimit */
	struct optional_i64 nice, oom_score_adjust, io_class, io_priority;
	struct optional_i64 cpu_policy, cpu_priority;
	char *cpu_affinity; /* "0-3,5" */
	struct optional_i64 timer_slack_ns;
	bool keep_sigpipe; /* IgnoreSIGPIPE=no */

	int32_t in, out, err;		     /* enum execution_input, execution_output (both) */
	char *in_path, *out_path, *err_path; /* or the name of the fd */
	struct buffer in_data;
	char *tty_path;
	char *syslog_identifier; /* NULL: the program's name */
	struct optional_i64 syslog_level, log_level_max, syslog_facility;
	bool no_level_prefix; /* SyslogLevelPrefix=no */
	struct optional_i64 log_rate_interval_us, log_rate_burst;
	struct pairs log_extra_fields;

	struct execution_folders folders[FOLDER_KINDS];
	int32_t keep_runtime; /* enum execution_keep */

	bool private_tmp, private_devices, private_network, private_mounts;
	int32_t protect_system; /* enum execution_protect */
	int32_t protect_home;	/* enum execution_home */
	bool protect_kernel_tunables, protect_kernel_modules, protect_kernel_logs,
		protect_control_groups, protect_hostname, protect_clock;
	struct strings read_write_paths, read_only_paths, inaccessible_paths, exec_paths,
		no_exec_paths;
	struct record_list bind_paths;	    /* struct execution_path_pair */
	struct record_list temporary_paths; /* likewise: target is options */
	bool no_new_privileges;
	struct optional_i64 capability_bounding; /* bits; absent: all */
	int64_t ambient_capabilities;
	int64_t secure_bits;
	struct strings system_call_filter; /* as written, one list after the other: "~@mount" ... */
	char *system_call_error;	   /* "EPERM"; NULL: the process is killed */
	struct strings system_call_architectures;
	char *restrict_namespaces;	 /* as written; NULL: no */
	struct strings address_families; /* as written; a first word "~" inverts */
	bool restrict_suid_sgid, lock_personality, memory_deny_write_execute, restrict_realtime;
	char *keyring_mode;
	struct record_list credentials; /* struct execution_credential */
	bool dynamic_user;   /* `user` is a name; who is not known by it gets: */
	int64_t dynamic_uid; /* the shim's choice (execution/dynamic_user.h); 0: none yet */
};

/* ---- limits of the unit's control group; absent: not set ---- */

struct execution_device {
	char *path, *access; /* "/dev/null" or "char-pts"; "rwm" */
};

struct execution_io_limit {
	char *path;
	int64_t value;
};

struct execution_limits {
	struct optional_i64 cpu_weight, io_weight;
	struct optional_i64 cpu_quota_us; /* a second */
	struct optional_i64 cpu_period_us;
	struct optional_i64 memory_min, memory_low, memory_high, memory_max,
		memory_swap_max;       /* -1: infinity */
	struct optional_i64 tasks_max; /* -1 */
	char *allowed_cpus, *allowed_memory_nodes;
	struct record_list io_read_bps, io_write_bps, io_read_iops,
		io_write_iops, /* execution_io_limit */
		io_device_weight;
	char *device_policy;	    /* NULL: auto */
	struct record_list devices; /* struct execution_device */
	bool delegate;
};

/* ---- the whole ---- */

enum execution_kind {
	EXECUTION_SERVICE,
	EXECUTION_SOCKET, /* `sockets` are held; commands around them */
	EXECUTION_MOUNT, /* START mounts, STOP unmounts; the unit is active in between without a process */
};

enum service_type {
	SERVICE_SIMPLE,
	SERVICE_EXEC,
	SERVICE_FORKING,
	SERVICE_ONESHOT,
	SERVICE_DBUS,
	SERVICE_NOTIFY,
	SERVICE_NOTIFY_RELOAD,
	SERVICE_IDLE,
};

enum notify_access { NOTIFY_NONE, NOTIFY_MAIN, NOTIFY_EXEC, NOTIFY_ALL };
enum kill_mode { KILL_CONTROL_GROUP, KILL_MIXED, KILL_PROCESS, KILL_NONE };
enum timeout_mode { TIMEOUT_TERMINATE, TIMEOUT_ABORT, TIMEOUT_KILL };
enum oom_policy { OOM_STOP, OOM_CONTINUE, OOM_KILL };

/* SuccessExitStatus= ... */
struct exit_set {
	struct strings codes, signals; /* "3", "TERM": numbers and names as canonical text */
};

/* A listening end.  See systemd.socket. */
enum socket_kind { SOCKET_STREAM, SOCKET_DATAGRAM, SOCKET_SEQPACKET, SOCKET_FIFO };
struct execution_socket {
	int32_t kind;  /* enum socket_kind */
	char *address; /* "/run/x.sock", "@abstract", "8080", "127.0.0.1:8080", "[::1]:80" */
};

struct execution_socket_options {
	struct record_list sockets; /* struct execution_socket */
	bool accept;
	int32_t socket_mode, directory_mode; /* 0: 0666, 0755 */
	char *user, *group;
	struct optional_i64 backlog;
	char *bind_ipv6_only; /* NULL: default; "both", "ipv6-only" */
	bool free_bind, reuse_port, keep_alive, no_delay, transparent, pass_credentials,
		remove_on_stop, flush_pending;
	char *descriptor_name; /* NULL: the unit's name */
	struct strings symlinks;
	int64_t max_connections; /* 0: 64 */
	int64_t trigger_interval_us, trigger_burst;
};

struct execution_plan {
	char *unit;				       /* "web@1.service" */
	char *description;			       /* what stands in "Started ..." */
	int32_t kind;				       /* enum execution_kind */
	int32_t type;				       /* enum service_type */
	struct record_list commands[EXECUTION_PHASES]; /* struct execution_command */
	struct execution_context context;
	struct execution_limits limits;
	struct execution_socket_options socket; /* EXECUTION_SOCKET */

	int64_t timeout_start_us, timeout_stop_us, timeout_abort_us, runtime_max_us, watchdog_us;
	int32_t timeout_start_mode, timeout_stop_mode; /* enum timeout_mode */
	bool remain_after_exit;
	char *pid_file;
	bool no_guess_main_pid; /* GuessMainPID=no */
	int32_t notify_access;	/* enum notify_access */
	int64_t descriptor_store_max;
	bool non_blocking;
	int32_t oom_policy; /* enum oom_policy */
	char *bus_name;
	struct exit_set success, restart_prevent, restart_force;

	int32_t kill_mode; /* enum kill_mode */
	int32_t kill_signal, restart_kill_signal; /* the latter 0: as the former */
	int32_t final_kill_signal, watchdog_signal;
	bool send_sighup, no_sigkill;
	bool asks_for_container; /* its `docker run -d` may be done without a client */
};

extern const struct record_type execution_command_type, execution_path_pair_type,
	execution_rlimit_type, execution_credential_type, execution_device_type,
	execution_io_limit_type, execution_limits_type, execution_socket_type, exit_set_type,
	execution_plan_type;

/* An empty service of `unit` with systemd's defaults: signals, timeouts of 90 s ... */
void execution_plan_init(struct execution_plan *plan, const char *unit);
