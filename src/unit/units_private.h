/* What the files of the manager share (units*.c).  Not for doors.
 *
 *	units.c		opening, settings, listeners, being ready
 *	units_environment.c	variables of all units
 *	units_freeze.c	units that are stopped where they are
 *	units_folder.c	run folders, of former builds too
 *	units_load.c	configs are read by the pool until each unit that is named has one
 *	units_request.c	what is asked for becomes a transaction, that becomes queued jobs
 *	units_job.c	the queue: who may run, results, watchers, timeouts
 *	units_state.c	a unit has changed: times, what follows for others, what is recorded
 *	units_service*.c	units with processes: their shims
 *	units_kill.c	signals
 *	units_containers.c	containers that processes of units have started
 *	units_run.c	containers of [Container], which no process starts
 *	units_restart.c	automatic restarts
 *	units_plain.c	targets: a state and nothing else
 *	units_slice.c	slices: a control group
 *	units_scope.c	scopes: how containers of units are shown
 *	units_builtin.c	units without a file
 *	units_adopt.c	what an earlier daemon has left
 *	units_collect.c	units that are over and that nobody would miss
 *	units_systemd*.c	units that the host's systemd runs */
#pragma once

#include "base/list.h"
#include "engine/deadline.h"
#include "engine/shim_peer.h"
#include "engine/work.h"
#include "unit/decide.h"
#include "unit/name_pool.h"
#include "unit/units.h"

/* ---- the whole ---- */

struct unit_names {
	const char **items; /* interned */
	size_t count, capacity;
};

struct unit_queue {
	struct unit **items;
	size_t count, capacity;
};

struct units_ready {
	void (*ready)(void *data);
	void *data;
};

struct units {
	struct engine *engine;
	uv_loop_t *loop;
	char *data_root, *exec_root, *shim, *worker, *cgroup_parent, *journal_folder, *docker;
	int64_t journal_bytes;
	bool journal_export;
	struct unit_paths paths;
	struct load_context context; /* complete once `prepared`; then never changed */
	bool prepared;
	int folder; /* <exec root>/u */
	struct {
		int folder;	      /* <exec root>/units; -1: nothing there is ours */
		struct strings names; /* of shims that run there still */
	} former;
	struct unit_set set;
	struct {
		struct pairs set;
		struct strings unset; /* of the context's default_environment */
	} environment;

	struct {
		struct unit_names wanted; /* to be read again with the next batch */
		bool running;
		struct link waiters;
		bool listing; /* the next batch begins with all files of our folders */
		size_t kept;  /* units, when unknown names were forgotten last */
	} loading;

	unsigned references;	  /* the handle, and a batch in the pool */
	uv_idle_t turn;		  /* looks at the queue, and ends when that is empty */
	struct unit_queue looked; /* units whose job may be able to run */
	bool looking;		  /* at those of a turn */
	size_t jobs;
	struct link requests;  /* not queued yet */
	struct link runs;      /* containers that are being made (units_run.c) */
	struct link clearings; /* removals of what was left (units_containers.c) */

	struct units_listener *listeners;
	struct {
		struct units_ready *items;
		size_t count, capacity;
	} readies;
	struct {
		struct strings names; /* of run folders, until they have been looked at */
		size_t waiting;	      /* shims that have not answered yet */
		struct deadline *patience;
		bool done;
	} adoption;
	bool known, containers_known; /* all is loaded; the engine has begun */
	bool boot_wanted;
	struct map passing; /* names of units that may be over and not to be kept, to anything */
	struct link holds;  /* units_collect.c */
	int64_t started_monotonic_us, started_us;
	struct units_timers *timers;   /* owned; NULL: no timer is active */
	struct units_online *online;   /* network-online.target is being waited for */
	struct units_journal *journal; /* owned; NULL: nothing was said yet */
	struct units_systemd *systemd; /* owned; NULL: we are the supervisor */
	bool beside_systemd;	       /* which may run a unit of the same name */
};

/* A unit that systemd runs, or that was to be handed over to it. */
struct unit_handed {
	bool there;		  /* systemd has its file: the unit is systemd's */
	bool watched;		  /* its states are told */
	struct error refusal;	  /* why it was not handed over; kind ERROR_NONE: it was */
	uint8_t mode;		  /* enum job_mode of the next job */
	int64_t asked;		  /* the question that is its job; 0: none */
	char *cgroup;		  /* as systemd says; NULL, "": none now */
	int64_t next_us, last_us; /* of a timer */
};

/* What goes on with one unit. */
struct unit_runtime {
	struct units *units;
	struct unit *unit;

	struct shim_peer *peer;	   /* owned; NULL: no shim */
	struct starting *starting; /* conditions, sockets: before the shim is asked */
	struct unit_run *run;	   /* owned; asked for, and not begun yet; NULL */
	int64_t extended_ns;	   /* when its start was given more time last */
	/* thousands of units have these: what is small stands together */
	bool adopting : 1;	   /* it has not answered this daemon yet */
	bool releasing : 1;	   /* it was told that it is not needed any more */
	bool start_waits : 1;	   /* for the end of a shim that is being released */
	bool stopped_by_job : 1;   /* Restart= does not count */
	bool restarted : 1;	   /* the present start is one */
	bool automatic : 1;	   /* the next start is a restart by itself */
	bool clearing : 1;	   /* leftovers go before its start */
	bool stops_containers : 1; /* its shim waits until they are gone */
	bool under_way : 1;	   /* started, and the end has not been judged yet */
	int connection;		   /* Accept=: of the next start; -1: none */
	uint64_t recorded;	   /* a hash of the record as it was written last; 0: none was */

	struct deadline *restart; /* pending */
	int64_t restart_at_ns;	  /* monotonic; 0: none */
	struct deadline *job_timeout;

	struct unit_socket *socket;		 /* owned; units_socket.c */
	struct unit_timer *timer;		 /* owned; units_timer.c */
	int64_t trigger_us, trigger_realtime_us; /* of a timer: when it went off last */
	struct unit_watch *watch;		 /* owned; units_path.c */
	struct pairs trigger_environment;	 /* of the next start: REMOTE_ADDR ... */
	struct unit_handed *handed;		 /* owned; NULL: nobody thought of it */
};

void units_unref(struct units *units);

/* Made when it is missing. */
struct unit_runtime *unit_runtime(struct units *units, struct unit *unit);
void unit_runtime_free(struct unit_runtime *runtime); /* lets go */

/* ---- run folders (units_folder.c) ---- */

bool run_folders_open(struct units *units, struct error *err);
void run_folders_close(struct units *units);
void run_folder_left(struct units *units, const struct unit *unit); /* its shim has gone */
/* An absolute path. */
char *unit_run_path(const struct units *units, const struct unit *unit);
/* The unit's run folder, made when it is missing; -1. */
int unit_run_folder(const struct units *units, const struct unit *unit, struct error *err);

char *slice_cgroup(const struct units *units, const char *slice);

const char *unit_description(const struct unit *unit);

/* ---- variables of all units (units_environment.c) ---- */

void environment_open(struct units *units);
void environment_close(struct units *units);

/* ---- loading (units_load.c) ---- */

void loading_init(struct units *units);
void loading_fini(struct units *units);
/* What was read is handed over (units_systemd_hand.c). */
void loading_go_on(struct units *units);
/* All files of our own folders, and with `again` all units that are known: `done` when it is done. */
typedef void units_all_loaded(void *data, bool closing); /* closing: they have not been */
void units_load_all(struct units *units, bool again, units_all_loaded *done, void *data);

/* ---- jobs (units_job.c) ---- */

struct job_waiter {
	struct job_waiter *next;
	struct job_watcher watcher;
};

void jobs_init(struct units *units);
void jobs_fini(struct units *units);

/* Put a planned job into the queue, or what is there already together with it. */
struct job *job_install(struct units *units, const struct planned_job *planned);
void job_watch(struct job *job, const struct job_watcher *watcher);
/* The end of a unit's job. */
void job_finish(struct units *units, struct unit *unit, enum job_result result);
/* Look at the unit's job in the next turn of the loop: something it waits for may have happened. */
void job_look(struct units *units, struct unit *unit);
/* The unit has changed: what that says about its job. */
void job_notice(struct units *units, struct unit *unit, enum active_state before);
/* As the record of an earlier daemon says. */
void job_restore(struct units *units, struct unit *unit, enum job_type type);

/* Have a turn of the queue, though nobody is to be looked at. */
void job_turn(struct units *units);

/* Is some job queued or running that will start it? */
bool job_will_start(const struct unit *unit);
bool job_will_stop(const struct unit *unit); /* for good */

/* ---- requests (units_request.c) ---- */

/* Queue what follows from `type` for the unit.  Errors are written about in the journal only. */
void units_enqueue(struct units *units, struct unit *unit, enum job_type type, enum job_mode mode);
void requests_init(struct units *units);
void requests_forget(struct units *units, const void *data);

/* ---- states (units_state.c) ---- */

struct unit_change {
	enum sub_state sub;
	enum execution_result result;
	int64_t realtime_ns, monotonic_ns; /* 0: now */
	bool will_restart;		   /* the restart is set: it leaves for a moment only */
};
void unit_change(struct units *units, struct unit *unit, const struct unit_change *change);
void unit_set_sub(struct units *units, struct unit *unit, enum sub_state sub,
		  enum execution_result result);

/* It has no job any more: Upholds=, StopWhenUnneeded= may count again. */
void unit_follow_job(struct units *units, struct unit *unit);

/* Write what a later daemon has to know about it: <run folder>/unit. */
void unit_save(struct units *units, struct unit *unit);
/* Read it; false: there is none of this boot. `job`: JOB_TYPES for none */
bool unit_restore(struct units *units, struct unit *unit, int folder, enum job_type *job);
void unit_tell(struct units *units, struct unit *unit); /* listeners */

/* ---- kinds of units ---- */

struct unit_kind {
	/* Go: unit_change says what comes of it.  May be called when `sub` is dead, failed or
	 * auto-restart. */
	void (*start)(struct unit_runtime *runtime);
	void (*stop)(struct unit_runtime *runtime);
	bool (*reload)(struct unit_runtime *runtime); /* NULL, false: not applicable */
	/* It has been found in the state that its record says.  NULL: nothing more to do. */
	void (*resume)(struct unit_runtime *runtime);
	/* The job of the unit as a whole, by somebody else: job_finish says how it ended, and the three above
	 * are not called.  NULL: step by step. */
	void (*carry_out)(struct unit_runtime *runtime);
	bool has_shim;
};
const struct unit_kind *unit_kind(const struct unit *unit); /* NULL: not run here */

extern const struct unit_kind service_kind, plain_kind, slice_kind, timer_kind, path_kind,
	scope_kind, socket_kind, systemd_kind;

/* Start limit, conditions: then `kind->start`.  Its job runs. */
void unit_start(struct unit_runtime *runtime);
void unit_start_abort(struct unit_runtime *runtime); /* while `starting` */
void unit_stop(struct unit_runtime *runtime);
/* A start ended before the unit could fail: OnFailure= all the same. */
void unit_start_failed(struct units *units, struct unit *unit);
/* It has no job any more: what it does not need goes. */
void unit_settle(struct units *units, struct unit *unit);

/* ---- shims (units_service.c) ---- */

/* A shim that was found: it is asked.  False: there is none. */
bool service_adopt(struct unit_runtime *runtime, int folder);
/* There is none, but a last word in unit_status(); or not even that. */
void service_ended(struct unit_runtime *runtime);
void service_lost(struct unit_runtime *runtime);
void service_release(struct unit_runtime *runtime);
void service_replan(struct unit_runtime *runtime); /* its files were read again */
bool unit_has_reload(const struct unit *unit);

/* ---- containers that its processes start (units_containers.c) ---- */

void containers_begin(struct units *units);
void containers_end(struct units *units);
void containers_stop(struct unit_runtime *runtime,
		     int64_t us); /* within; 0: however long it takes */
/* A unit that systemd runs has left its run `invocation` ("": any): its containers are stopped. */
void containers_leave(struct units *units, const struct unit *unit, const char *invocation);
/* Remove those that a unit that has ended made for one start and did not come to start. */
void containers_sweep(struct units *units, const struct unit *unit);
/* Tell its shim of those that have gone while there was no daemon. */
void containers_compare(struct unit_runtime *runtime);
/* Its shim asks for the container that a command of these words means (units_run.c). */
void container_run(struct unit_runtime *runtime, const struct unit_run *request);
void container_run_ready(
	struct unit_runtime *runtime); /* the engine is, or what was in the way has gone */
void container_runs(struct unit_runtime *runtime); /* its shim has been told so */
void unit_run_drop(struct unit_runtime *runtime);
void runs_init(struct units *units);
void runs_drop(struct units *units); /* no runtime is left: nobody is told */
bool container_is_being_made(const struct unit_runtime *runtime); /* by container_run() */
/* One that was being made has come to an end: its shim may be waiting for that. */
void containers_check_stopped(struct unit_runtime *runtime);
/* Tell its shim of the container's first process. */
void container_tell(struct unit_runtime *runtime, const struct container *c);
/* Remove those that its earlier starts have left, then go on; dropped when the runtime is freed first. */
void containers_clear(struct unit_runtime *runtime, void (*cleared)(struct unit_runtime *runtime));

/* ---- scopes (units_scope.c) ---- */

/* A container of a unit has its first process; does not run any more. */
void scope_begin(struct units *units, const struct container *c);
void scope_end(struct units *units, const char *id, int64_t code);
/* All that should be there, after an earlier daemon. */
void scopes_compare(struct units *units);

/* Is it in a run, to which containers can belong?  When that has changed: those that it has left. */
bool scope_owner_is_there(const struct unit *unit);
void scopes_follow(struct units *units, const struct unit *owner);

struct container *scope_container(const struct units *units, const struct unit *scope); /* NULL */
char *scope_cgroup(const struct units *units, const struct unit *scope);
/* To all processes of its container. */
void scope_kill(struct units *units, const struct unit *scope, const struct unit_signal *signal,
		units_done *done, void *data);

/* ---- restarts (units_restart.c) ---- */

/* As the config says; the unit is in SUB_AUTO_RESTART. */
void restart_later(struct unit_runtime *runtime);
void restart_resume(struct unit_runtime *runtime); /* restart_at_ns is set */
void restart_cancel(struct unit_runtime *runtime);

/* ---- triggers ---- */

struct unit *unit_triggered(const struct unit *unit); /* what it starts; NULL */

/* A unit's state has changed: timers, paths and sockets that name it want to know. */
void timers_notice(struct units *units, struct unit *unit);
void paths_notice(struct units *units, struct unit *unit);
void path_free(struct unit_runtime *runtime);
void sockets_notice(struct units *units, struct unit *unit);
void timers_fini(struct units *units);
void timers_reload(struct units *units); /* configs have changed */

/* ---- units that are not kept (units_collect.c) ---- */

/* Something about it has come to an end: if it may be forgotten now, somebody looks in a later turn of the loop. */
void collect_notice(struct units *units, const struct unit *unit);
void collect_later(struct units *units, const char *name);
void collect_all_later(struct units *units); /* whoever is over */
/* When nobody is reading or looking: whatever may be forgotten is. */
void collect_passing(struct units *units);

/* ---- built-in units (units_builtin.c) ---- */

void builtin_list(struct units *units); /* to be read with the first batch */
bool unit_is_builtin(const char *name); /* or an alias of one */
/* In the pool: never NULL. */
struct unit_config *builtin_load(const struct load_context *context, const char *name);
/* Their first state. */
void builtin_begin(struct units *units);
const char *builtin_real_name(const char *name); /* of an alias; else NULL */

/* network-online.target is to become active (units_online.c). */
void online_wait(struct units *units);
void online_leave(struct units *units);

/* ---- units that systemd runs (units_systemd*.c) ---- */

bool systemd_open(struct units *units, struct error *err);
void systemd_close(struct units *units);
void systemd_note(struct units *units, const struct unit *unit); /* its config was read */
/* Hand over what was read.  True: that takes a while, and loading_go_on follows. */
bool systemd_hand_over(struct units *units);
void systemd_begin(struct units *units); /* with the adoption, which waits for it */
bool systemd_is_handing(const struct units *units);

bool unit_is_handed(const struct unit *unit);
void unit_set_handed(struct units *units, struct unit *unit); /* as the record says */
void handed_free(struct unit_handed *handed);

/* May this be asked of the unit, which is or should be systemd's?  And then: the one job. */
bool systemd_check(struct units *units, const struct unit *unit, const struct job_request *request,
		   struct error *err);
struct job *systemd_install(struct units *units, struct unit *unit,
			    const struct job_request *request, enum job_type type);
/* A scope for the container of a unit of systemd's, in that unit's slice; and: it is kept by who is inside. */
void systemd_make_scope(struct units *units, const struct unit *unit, const struct container *c,
			units_done *done, void *data);
void systemd_leave_scope(struct units *units, const char *id);
char *systemd_scope_name(const char *id);
char *systemd_scope_cgroup(const struct units *units, const struct unit *unit, const char *id);
/* Of the start that is going on at present, as the control group says; owned, NULL: not known. */
char *systemd_invocation(const struct unit *unit);
bool systemd_cancel(struct units *units, struct unit *unit); /* false: it is not systemd's */
void systemd_kill(struct unit *unit, const struct unit_signal *signal, units_done *done,
		  void *data);
void systemd_reset_failed(struct unit *unit);

/* May our own supervisor start it?  ERROR_CONFLICT, if systemd runs a unit of that name, or is to. */
bool systemd_has_not(const struct units *units, const struct unit *unit, struct error *err);

/* ---- adoption (units_adopt.c) ---- */

void adopt_units(struct units *units); /* configs are there */
void units_adopt_answered(struct units *units);
void units_adopt_stop(struct units *units);
/* Names of run folders. */
void adopt_list(struct units *units);

/* ---- the daemon's own entries (units_log.c) ---- */

void units_log_close(struct units *units);
/* units_journal.c is told when our own file is another. */
void units_log_rotate(struct units *units, struct link *rotation);
void rotation_step(struct link *rotation);
void units_say(struct units *units, const struct unit *unit, int priority, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
