/* What the files of this folder share.  Not for doors. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "engine/boot.h"
#include "engine/engine.h"
#include "engine/event_file.h"
#include "engine/resources_check.h"
#include "engine/shim_peer.h"
#include "shim/shim.h"

/* ---- operations (operation.c) ----
 *
 * One request being carried out.  It begins in the loop, never within the caller's call, and ends
 * with operation_finish.  Kinds of operations embed this struct as their first member. */

struct operation {
	struct link link; /* in one queue at a time: scheduled, turns, exits, filling_waits */
	struct link all;  /* in engine->operations */
	struct engine *engine;
	struct container *container;	   /* referred to; NULL: none */
	void (*run)(struct operation *op); /* its turn has come, for the first time or again */
	void (*resume)(struct operation *op, const struct error *err); /* what it waited for */
	void (*fini)(struct operation *op); /* NULL: nothing of its own to free */
	engine_done *done;		    /* NULL: nobody asked */
	void *data;
	bool claimed; /* holds the container */
	struct strings warnings;
	struct engine_result result; /* err, container and warnings are filled in at the end */
};

/* `size` bytes, zeroed behind the operation itself. */
void *operation_new(size_t size, struct engine *engine, struct container *c,
		    void (*run)(struct operation *op));
/* For whom, and go: it runs in the next turn of the loop. */
void operation_begin(void *operation, engine_done *done, void *data);

/* Take the container for itself until the end.  False: another one has it, or it is gone (then the
 * operation has failed); this one runs again, or ended. */
bool operation_claim(struct operation *op);

/* The same without taking it. */
bool operation_wait_turn(struct operation *op);

/* False: its container, if it has one, was removed meanwhile, and the operation has failed with that. */
bool operation_check_there(struct operation *op);

/* Tell the caller and free it; `err` NULL: it worked. */
void operation_finish(struct operation *op, const struct error *err);

/* Call `resume` when the container's present run has ended and that is recorded. */
void operation_wait_exit(struct operation *op,
			 void (*resume)(struct operation *op, const struct error *err));
void operations_tell_exit(struct container *c);

/* For a store_done: finish the operation that is `data`. */
void operation_stored(void *op, const struct error *err);

/* The engine closes: all end, nobody is told. */
void operations_drop(struct engine *engine);

/* ---- the engine (engine.c) ---- */

#define EVENTS_KEPT	  256
#define EVENTS_KEPT_BYTES ((size_t)3 << 20) /* fewer where they are large: who asks for all must get all */

struct event_ring {
	struct engine_event events[EVENTS_KEPT];
	size_t next, count;
	size_t size; /* of all, in bytes */
	struct link subscriptions;
	struct event_file file;
};

struct ready_listener {
	void (*ready)(void *data);
	void *data;
};

struct engine {
	struct engine_settings settings;
	struct engine_parts parts;
	char *shim, *worker;   /* paths of the programs */
	char *network_worker;  /* wherry-network */
	char *init_layer;      /* sandbox/init_layer.h */
	int containers;	       /* descriptors: <data root>/containers, */
	int runs, execs;       /* <exec root>/c, <exec root>/e */
	int zones;	       /* <exec root>/n: names.h */
	bool names_known;      /* what runs is known: zones may be written */
	uint64_t capabilities; /* what this host can give */

	struct map by_id, by_name, exec_by_id;
	struct container *newest, *oldest;

	struct event_ring ring;
	uv_idle_t turn; /* runs what is scheduled */
	struct link scheduled, operations;
	struct link filling, filling_waits; /* creates that fill volumes, and that wait for those */
	struct link filling_runs, filling_run_waits; /* the same of starts */

	struct beginning *beginning; /* owned; NULL: it is over */
	struct {
		size_t waiting; /* shims that have not answered yet */
		bool ready;
		struct deadline *patience; /* no shim keeps us from being ready for ever */
		struct {
			struct ready_listener *items;
			size_t count, capacity;
		} listeners;
	} adoption;

	struct boot boot;
	struct link children; /* that are to be reaped */
	struct {
		struct shim_peer *peer; /* NULL: nobody has to be kept */
		int64_t key;		/* the last one */
	} keeper;
	struct link drains;    /* drain.c */
	struct link lingering; /* runs that are over, but their shim still has clients */
	struct {
		struct link waiting; /* folders on their way out, */
		size_t running;	     /* and how many of them now */
	} removals;
	bool pruning[PRUNE_KINDS];
	struct {
		struct owner_handlers handlers; /* all NULL: nobody owns any */
		void *data;
	} owners;
	struct deadline *exec_sweep; /* forgets execs that ended long ago; NULL: there are none */
	struct seccomp *seccomp;     /* owned: the compiled default profile */
	unsigned references;	     /* the opener's, and that of each work */
	bool closing;
};

struct engine *engine_ref(struct engine *engine);
void engine_unref(struct engine *engine);

/* ---- containers (container.c) ---- */

struct container *container_new(struct engine *engine);
struct container *container_ref(struct container *c);
void container_unref(struct container *c);

/* In and out of lists and maps.  A hidden container only holds its name. */
void engine_add(struct engine *engine, struct container *c);
void engine_drop(struct engine *engine, struct container *c);

/* CONFLICT in Docker's words when the name is taken. */
bool engine_name_is_free(struct engine *engine, const char *name, struct error *err);

void container_save(struct container *c, enum store_promise promise, store_done *done, void *data);
void containers_save(struct container *const *list, size_t count, enum store_promise promise,
		     store_done *done, void *data); /* of all or of none */
void container_set_state(struct container *c, enum container_state state);

/* What its first process may do, cut to what this host can give. */
uint64_t container_capabilities(const struct container *c);

/* The container that a mode "container:<id>" names; NULL for other modes. */
const char *container_mode_target(const char *mode);

/* ---- events (event.c) ---- */

void events_init(struct event_ring *ring);
/* Those of an earlier daemon with this exec root. */
void events_load(struct event_ring *ring, const char *folder);
void events_fini(struct event_ring *ring);

/* "connect" and "mount", or "disconnect" and "unmount", of everything that it has. */
void events_tell_networks(struct container *c, const char *action);
void events_tell_network(struct container *c, const char *name, const char *id, const char *action);
void events_tell_volumes(struct container *c, const char *action);
/* "create" or "destroy", whoever made or removed it. */
void events_tell_volume(struct engine *engine, const char *name, const char *action);

/* ---- runs: one life of a container's process ----
 *
 *	start.c		allocates, writes the run folder, spawns the shim, sends the start message
 *	run.c		hears the shim
 *	exit.c		what an end means: recorded, told, everything given back, restart or removal
 *	adopt.c		finds the runs of an earlier daemon */

/* What was allocated for a run, in <run folder>/plan: what a daemon that comes back must not give
 * to somebody else. */
struct run_plan {
	char *sandbox_id;
	struct record_list endpoints; /* struct endpoint_spec */
	struct record_list published; /* struct published_port */
	bool names;		      /* the container's resolv.conf leads to its shim */
};
extern const struct record_type run_plan_type;
#define RUN_PLAN "plan"

struct volumes_hold;
struct container_run {
	struct link link;	     /* in engine->lingering, once it was released */
	struct container *container; /* referred to */
	struct shim_peer *peer;	     /* owned; NULL: not spawned, or gone */
	uint16_t shim_version;	     /* of its protocol; 0: it has not said anything yet */
	struct {
		int *items; /* owned: copies of what it holds, when it was asked */
		size_t count, capacity;
	} copies;
	struct run_plan plan;
	struct operation *starter; /* resumed when it runs, or with why it does not */
	int64_t shim_pid;
	int64_t pid;		      /* of the first process; stays after its end */
	int64_t start_time;	      /* of the first process */
	struct volumes_hold *volumes; /* owned; NULL: holds none */
	struct link filling;	      /* in one of the engine's lists, until it has started or failed */
	void (*on_volumes)(struct container_run *run, const struct error *err);
	bool publishing; /* ports are not reachable yet */
	bool named;	 /* its names lead to its addresses */
	bool introducing; /* its owner is being told of its process */
	bool started;	 /* the shim has said so */
	bool recorded;	 /* and the store has it */
	bool adopting;	 /* has not answered its new daemon yet */
	bool found;	 /* by a daemon that has come back */
	bool ended;	 /* its exit is being recorded */
	bool was_known;	 /* recorded by an earlier daemon */
	int netns;    /* owned: where links are that can be cut from inside alone; -1: none */
	bool cutting; /* its macvlans are being cut; its addresses are its own until then */
	bool end_recorded;
	bool end_lost; /* it could not be recorded: the run folder stays for the next daemon */
	bool told;     /* everybody knows of its end */
	bool released;
	struct error failure; /* kind not NONE: why the start failed */
	int32_t state_before; /* what a failed start goes back to: */
	int64_t started_before, finished_before;
};

struct container_run *run_new(struct container *c);
void run_free(struct container_run *run);
void run_close_copies(struct container_run *run);
extern const struct shim_peer_handlers run_handlers;

/* Give back ports and addresses; those of macvlans when they are cut: `cutting` until then. */
void run_free_network(struct container_run *run);

/* The shim has answered and everything it needs is there, or has failed: record and tell. */
void run_check_started(struct container_run *run);

/* Build and spawn; op->resume is called when it runs and that is recorded, or with the error, which
 * is recorded too.  `op` has claimed the container. */
void container_start(struct operation *op,
		     void (*resume)(struct operation *op, const struct error *err));
/* Whether its state allows a start; `automatic`: by the restart policy.  ERROR_UNCHANGED: it runs. */
bool container_may_start(const struct container *c, bool automatic, struct error *err);
void container_start_failed(struct container_run *run, const struct error *err, int exit_code);

/* What a SHIM_STATUS says to a daemon that has come back. */
void run_adopted(struct container_run *run, struct message *message);

/* A signal to the first process of a live container; `replied` may be NULL, and is called before this returns
 * when its shim has died: ESRCH, as when the process has ended. */
void container_signal(struct container *c, int signal, shim_replied *replied, void *data);

/* The process has ended, or the start has failed.  `said`: what State.Error and the log are told
 * besides; NULL: nothing. */
void run_ended(struct container_run *run, const struct shim_exit *exit, const char *said);
/* Once that is recorded and nothing is on its way any more: tell everybody. */
void run_check_ended(struct container_run *run);
/* Between an end and its telling: who would begin something anew waits for the exit first. */
bool container_is_ending(const struct container *c);

/* The shim has died and left nothing: end its cgroup, then the run. */
void run_lost(struct container_run *run);

/* The shim is told that it is not needed any more; `removed`: nor is the container. */
void run_release(struct container_run *run, bool removed, const struct error *err);

/* The restart policy's pause is over. */
void container_restart_now(struct container *c);
/* It is RESTARTING: what is left of its pause, then it starts again. */
void container_restart_later(struct container *c);

/* ---- volumes of a run (run_volumes.c) ---- */

/* Make what is missing, mount what has to be; `done` is called once, before this returns or later. */
void run_mount_volumes(struct container_run *run,
		       void (*done)(struct container_run *run, const struct error *err));
void run_has_filled(struct container_run *run);
void run_unmount_volumes(struct container_run *run);
/* The run was there before this daemon. */
void run_adopt_volumes(struct container_run *run);

/* The same for anybody who looks into a container's volumes while it may not run.  Nothing is called
 * before volumes_hold_go; the hold belongs to the caller, `done` or not. */
struct volumes_hold *volumes_hold_begin(struct container *c, const char *holder,
					void (*done)(void *data, const struct error *err),
					void *data);
void volumes_hold_go(struct volumes_hold *hold);
void volumes_hold_end(struct volumes_hold *hold); /* NULL is fine */
/* The daemon ends: forget it, and leave mounted what is. */
void volumes_hold_drop(struct volumes_hold *hold);

/* ---- jobs on files (files.c) ---- */

/* The present run has ended: who writes into what it saw must not go on beside the next one. */
void files_end_run(struct container *c);
/* It is being removed. */
void files_end_all(struct container *c);

/* A container that is being made: empty volumes get what the image has at their place, so that others
 * find it there before this one ever starts.  False: there is none. */
bool files_need_filling(const struct container *c);
struct archive_job *files_fill(const struct container *c, const struct archive_handlers *handlers,
			       void *data, struct error *err);

void drains_drop(struct engine *engine); /* drain.c */

/* ---- removing (remove.c, removal.c) ---- */

/* `op` has claimed the container, which does not run; `volumes`: its anonymous ones too. */
void container_remove(struct operation *op, bool volumes,
		      void (*resume)(struct operation *op, const struct error *err));

/* By itself: AutoRemove, and what an earlier daemon had begun. */
void container_remove_by_itself(struct container *c);

/* Remove <data root>/containers/NAME, later, by another thread. */
void removal_add(struct engine *engine, const char *name);

/* ---- owners (owner.c) ---- */

void container_choose_owner(struct container *c, const struct start_options *options);
void owner_expect(struct container *c, owner_known *known, void *data); /* it is about to run */
void owner_tell_process(struct container_run *run, owner_known *known, void *data);
void owner_tell_gone(struct container *c); /* once a run */

/* ---- connections that wait for a start (connection.c) ---- */

bool pending_has_attach(const struct container *c);


/* Into the shim of the present run, before its start message. */
void pending_move_to_shim(struct container *c);
/* One that a shim gives back. */
void pending_take_wait(struct container *c, const struct shim_wait *wait, int fd);
/* The start that they wait for is called off. */
void pending_answer_exit(struct container *c);
void pending_answer_removed(struct container *c, const struct error *err);
void pending_free(struct container *c);

void removals_drop(struct engine *engine);

/* ---- freezing and killing (pause.c, stop.c) ---- */

/* `done` when it is; the state has changed then, if the container is still live.  ESRCH: its first process
 * has ended, which may be heard of later. */
void container_freeze(struct container *c, bool frozen,
		      void (*done)(void *data, const struct error *err), void *data);
/* Of one that was frozen for a moment, when the daemon ends: its state stays, for the next one. */
void container_thaw_at_once(const struct container *c);

/* SIGKILL, thawing it first, and the event. */
void container_kill(struct container *c);
#define KILL_PATIENCE_MS 10000 /* a kill that takes longer has failed: who waits for the end is told so */

/* End it politely and start it again, whatever its restart policy says. */
void container_renew(struct container *c);

/* ---- execs (exec.c, exec_list.c, exec_run.c, exec_adopt.c) ---- */

/* Of a container that has ended (their processes have, too), or is removed. */
void execs_forget(struct container *c);
void execs_let_go(struct container *c); /* the engine closes */
void adopt_execs(struct engine *engine);
/* KILL to its process, now or as soon as it is there, whatever becomes of it; one that was not started is forgotten. */
void exec_kill(struct exec *exec);
/* As engine_exec_create; `for_health`: a probe, which no list shows. */
void exec_create(struct container *c, const struct exec_config *config, bool for_health,
		 engine_done *done, void *data);

/* ---- children that answer to nobody (reap.c) ---- */

/* Takes the descriptor; the child is reaped when it has ended. */
void child_reap(struct engine *engine, int pidfd);
void children_drop(struct engine *engine);

/* ---- volumes of a container (create_mounts.c) ---- */

/* Make the volume of a mount, or find that it is there: volume_create. */
struct volume *container_make_volume(struct container *c, const struct mount_point *mount,
				     volume_done *done, void *data);

/* ---- endpoints (endpoint_config.c) ---- */

/* Can that be asked of the network?  A network that is not there is found missing at the start. */
bool endpoint_settings_check(struct engine *engine, const char *network,
			     const struct endpoint_settings *asked, struct error *err);
/* dns_names, from what the container is called now; of one endpoint or of all. */
void endpoint_settings_name(const struct container *c, const char *network,
			    struct endpoint_settings *settings);
void container_name_endpoints(struct container *c);
/* What is asked for, without what some network has given. */
void endpoint_settings_take(struct endpoint_settings *to, const struct endpoint_settings *asked);

/* ---- health (health.c) ---- */

/* The container has started: its state is `starting` again. */
void health_begin(struct container *c);
/* It was found running: what was recorded of it still holds. */
void health_resume(struct container *c);
void health_end(struct container *c);
void health_probe_ended(const struct exec *exec);

/* ---- paths (container.c) ---- */

char *container_cgroup(const struct container *c); /* below each hierarchy */
