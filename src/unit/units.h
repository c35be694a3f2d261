/* The units of one host: loads them, runs their jobs, keeps their shims, timers, sockets and paths.  What the
 * doors see.  One loop, nothing blocks: files are read in the pool, processes are under shims.
 *
 * Callbacks are called exactly once, from the loop, never from within the call that began it. */
#pragma once

#include "engine/engine.h"
#include "shim/journal_serve.h"
#include "shim/unit_protocol.h"
#include "unit/install.h"
#include "unit/transaction.h"

struct units_settings {
	const char *data_root,
		*exec_root; /* <data_root>/units: timer stamps; <exec_root>/u/NAME: run folders */
	const char *shim, *worker;
	const char *cgroup_parent;  /* "/wherry": slices are below it */
	const char *journal_folder; /* <data_root>/journal */
	int64_t journal_bytes;	    /* of all its files; 0: what is usual */
	bool journal_export;	    /* each entry to journald, too */
	const char *docker_socket;  /* absolute: DOCKER_HOST of units */
	const char *docker;	    /* runs in place of /usr/bin/docker */
	bool systemd;		    /* --supervisor=systemd: it runs the units */
	struct strings unit_path;   /* --unit-path; count 0: the usual folders */
	struct pairs environment;   /* default variables: COREOS_PRIVATE_IPV4 ... */
	bool scope_user;	    /* reserved */
};

struct units;

/* Loads what is there, in the loop. */
struct units *units_open(struct engine *engine, const struct units_settings *settings,
			 struct error *err);

/* The engine has begun: once all is loaded, the shims of an earlier daemon are found again. */
void units_begin(struct units *units);
void units_close(struct units *units); /* lets go; processes go on */

/* All loaded and adopted, docker.service up: start default.target. */
void units_boot(struct units *units);
void units_when_ready(struct units *units, void (*ready)(void *data), void *data);

const struct unit_set *units_all(const struct units *units);
const struct load_context *units_load_context(const struct units *units);

/* Variables that all units get; the caller's.  Changes (NAME=VALUE; NAME, or NAME=VALUE where that
 * is its value) count for processes started later, and for later daemons until the next boot. */
struct pairs units_environment(const struct units *units);
bool units_change_environment(struct units *units, const struct strings *set,
			      const struct strings *unset, struct error *err);
const char *units_docker(const struct units *units); /* in place of /usr/bin/docker; NULL */

/* Loaded and its requirements, too (see config->load).  Called once; with NULL when it has not been loaded before
 * units_close(), which is only to free what `data` is. */
typedef void units_loaded(void *data, struct unit *unit);
void units_load(struct units *units, const char *name, units_loaded *done, void *data);

/* A unit that somebody holds is not forgotten (units_collect.c), so that its name leads to it; the caller ends that. */
struct unit_hold *unit_hold(struct units *units, const struct unit *unit);
void unit_hold_end(struct unit_hold *hold); /* NULL: nothing */

/* Jobs.  `on_queued` comes once (job NULL: nothing to do or err), `on_done` once for each queued anchor job. */
struct job_request {
	const char *name;
	enum job_type type;
	enum job_mode mode;
};
struct job_outcome {
	const struct error *err; /* NULL: no error before the job */
	int32_t exit_code;	 /* systemctl's: 0, 1, 3, 4, 5 */
	uint32_t id;		 /* 0: nothing was queued */
	enum job_result result;
	const char *reason; /* of a failure: "exit-code" ...; NULL */
};
struct job_watcher {
	void (*queued)(void *data, const struct job_outcome *outcome);
	void (*done)(void *data, const struct job_outcome *outcome);
	void *data;
};
void units_request(struct units *units, const struct job_request *request,
		   const struct job_watcher *watcher);
void units_forget(struct units *units, void *data); /* the watcher has gone */
bool units_cancel(struct units *units, uint32_t job, struct error *err);

typedef void units_done(void *data, const struct error *err);
void units_kill(struct units *units, const char *name, enum unit_signal_who who, int signal,
		units_done *done, void *data);
bool units_reset_failed(struct units *units, const char *name, struct error *err); /* NULL: all */
void units_reload(struct units *units, units_done *done, void *data); /* daemon-reload */
void units_set_closing(struct error *err); /* what is answered when the daemon ends */

/* Stop all processes of a unit that is active where they are, containers' too, or let them go on. */
void units_freeze(struct units *units, const char *name, bool frozen, units_done *done, void *data);

/* Its limits, as its files have them, to its control group.  `done` may be NULL. */
void units_limit(struct units *units, const struct unit *unit, units_done *done, void *data);

/* After enable, mask ... in a pool thread: result is borrowed for the call. */
typedef void units_installed(void *data, const struct install_result *result,
			     const struct error *err);
void units_install(struct units *units, enum install_verb verb, const struct strings *names,
		   const struct install_options *options, units_installed *done, void *data);

/* systemctl's exit code of an error. */
int32_t units_exit_code(const struct error *err);

struct units_counts {
	size_t units, jobs, failed;
	bool starting;	  /* default.target is on its way */
	int64_t since_us; /* realtime: when the manager began */
};
struct units_counts units_count(const struct units *units);

/* Of a timer, microseconds since 1970; 0: never. */
struct timer_times {
	int64_t next_us, last_us;
};
struct timer_times units_timer(const struct units *units, const struct unit *unit);

/* Whose process it is, or whose container's; NULL: nobody's. */
const struct unit *units_of_process(struct units *units, pid_t pid);

/* Its group as people see it ("/system.slice/x.service"), and where it is below each hierarchy; both owned. */
char *units_cgroup_shown(const struct units *units, const struct unit *unit);
char *units_cgroup(const struct units *units, const struct unit *unit);

/* Groups of its running containers that are not below its own, as with systemd; the caller's. */
struct strings units_groups_elsewhere(const struct units *units, const struct unit *unit);

/* The journal, to a client whose answer has its header; by a process of its own.  Takes the connection, fills in
 * the request's folder. */
void units_read_journal(struct units *units, struct shim_journal *request,
			struct engine_connection *connection);

/* All files of the journal that units and the manager have are complete; what comes begins others. */
void units_rotate_journal(struct units *units, units_done *done, void *data);

/* Told of every change of any unit or job, for streams. */
struct units_listener {
	void (*changed)(void *data, struct unit *unit);
	void *data;
	struct units_listener *next;
};
void units_listen(struct units *units, struct units_listener *listener);
void units_unlisten(struct units *units, struct units_listener *listener);
