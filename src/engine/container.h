/* A container of this host: what is recorded of it, what is known of it now, and the table of its
 * states.
 *
 * Doors read the fields; only the engine writes them.  A pointer to a container is good until the
 * caller returns to the loop: whoever comes back later looks it up again by id. */
#pragma once

#include "base/list.h"
#include "base/signal_name.h"
#include "engine/container_config.h"
#include "image/image.h"
#include "shim/shim_protocol.h"

enum container_state {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING, /* has exited; its restart policy brings it back */
	CONTAINER_EXITED,
	CONTAINER_REMOVING,
	CONTAINER_DEAD, /* could not be removed in full; remove may be tried again */
};

enum health_state { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

/* One probe, as State.Health.Log shows it. */
struct health_result {
	int64_t started_ns, finished_ns;
	int64_t exit_code; /* -1: timed out */
	char *output;	   /* at most 4096 bytes */
};
extern const struct record_type health_result_type;

struct container {
	/* ---- recorded ---- */
	char *id;   /* 64 hex */
	char *name; /* without slash */
	int64_t created_ns;
	char *image_id; /* "sha256:..."; what was typed is config.image */
	char *platform; /* "linux" */
	char *path;	/* the program; with args: entrypoint and command */
	struct strings args;
	struct container_config config;
	struct host_config host_config;
	struct extension *extension; /* owned; NULL: none */
	struct record_map
		networks; /* name: struct endpoint_settings, first the one it was created on */
	struct record_list mounts; /* struct mount_point, in order of destination */
	int32_t state;		   /* enum container_state */
	int64_t pid;		   /* 0 while it does not run */
	int64_t exit_code;
	char *error;			 /* why the last start failed; NULL: it did not */
	int64_t started_ns, finished_ns; /* 0: never */
	int64_t restart_count;		 /* automatic restarts only */
	bool oom_killed;
	bool stopped_by_hand; /* stop or kill was asked for: the restart policy rests */
	bool log_made;	      /* was started once: log_path is a file */
	bool user_hostname;   /* config.hostname was asked for */
	bool doomed;	      /* `rm -f` is ending it: it goes as soon as it has ended, */
	bool doomed_volumes;  /* and its anonymous volumes with it */
	bool due;	      /* since the host was started: its project has still to start it (boot.h) */
	bool thaw_wanted; /* frozen for a moment only (commit): a daemon that comes back thaws it */
	struct record_map ports;  /* published now, "80/tcp": list of struct port_binding */
	char *sandbox_id;	  /* 64 hex, of the present or last network sandbox */
	char *owner;		  /* the unit that it belongs to (engine/owner.h), */
	char *owner_invocation;	  /* since this run of it, */
	char *owner_cgroup;	  /* in whose control group it runs; NULL: nobody's */
	bool restart_wanted;	  /* somebody (its health, a client) has asked for a new start after the
				     present run */
	struct pairs links;	  /* of --link on the default network: alias to id */
	char *took_from; /* id: whose ports and names it got by a takeover, */
	bool taking;	 /* which is decided, but not all done */
	int64_t restart_delay_ms; /* the last pause of the restart policy's back-off */
	int32_t health;		  /* enum health_state */
	int64_t failing_streak;
	struct record_list health_log; /* struct health_result, oldest first, at most 5 */

	/* ---- only in memory, for everybody ---- */
	int restarts_by_hand;	    /* that wait for its end: after that one AutoRemove rests */
	struct exec *execs;	    /* owned list, newest first */
	int64_t size_rw, size_root; /* bytes, of the last engine_measure; -1: never measured */

	/* ---- only in memory, the engine's own (engine/engine_private.h) ---- */
	struct engine *engine;		 /* borrowed */
	struct image *image;		 /* borrowed and leased; NULL: its image is missing */
	struct container_run *run;	 /* owned: the present run; NULL: none */
	struct strings secrets;		 /* "NAME=value": variables that are in no record */
	struct container *older, *newer; /* in order of creation */
	struct link turns;		 /* operations that wait for the present one */
	struct link exits;		 /* operations that wait for its end */
	struct link pending;		 /* connections that wait for a start: attaches and waits */
	struct link files;		 /* jobs on its files: engine/files.c */
	struct deadline *restart_due;	 /* NULL: no restart is */
	struct health_check *health_check; /* owned; NULL: not checked now */
	unsigned references;
	int64_t client;	  /* pid of who asked for the present start; 0: unknown */
	bool owner_told;  /* that it is gone */
	bool leaves;	  /* container_leave_service() */
	bool drains;	  /* container_drain_service() */
	bool takes_over;  /* is the new one of a takeover that is under way */
	bool is_detached; /* nobody was attached to it when it was started */
	bool was_running; /* when the daemon was last there */
	bool hidden;	  /* not recorded yet: in no list, and in no look-up but that of names */
	bool waits_for_links; /* to be restarted once those that it is linked to are up */
	bool busy;	      /* an operation is under way that others wait for */
	bool gone;	      /* removed; the memory lives as long as somebody refers to it */
};
extern const struct record_type container_type;

/* "created", "running" ... as State.Status shows it. */
const char *container_state_name(enum container_state state);
bool container_state_from_name(const char *name, enum container_state *state);

/* "starting", "healthy" ...; "none" without a check. */
const char *health_state_name(enum health_state state);

/* May `to` follow `from`? */
bool container_may_become(enum container_state from, enum container_state to);

/* State.Running: a process is there (paused too), or the policy is about to bring one. */
bool container_is_running(const struct container *c);

/* A process is there now, paused or not. */
bool container_is_live(const struct container *c);

/* What is behind a published port, whose protocol, port and host_ip are there already. */
struct plan_port;
void container_describe_port(const struct container *c, struct plan_port *port);

/* It is not paused, and its check does not say that it is unhealthy.  A member of a group, whose others can stand in
 * for it, is also none while its check has not said yes yet, and once its stop was asked for. */
bool container_can_serve(const struct container *c);

/* Its stop signal is about to be sent: until it has ended, others of its group serve. */
void container_leave_service(struct container *c);

/* It is being drained, or is not any more: meanwhile it gets nothing new while another of its group can. */
void container_drain_service(struct container *c, bool drains);

/* Its published ports and names are held back until a takeover. */
bool container_is_held(const struct container *c);

/* Paths of inspect; the caller frees. */
char *container_folder(const struct container *c);     /* <data root>/containers/<id> */
char *container_run_folder(const struct container *c); /* <exec root>/c/<id> */
char *container_log_path(
	const struct container *c); /* NULL before the first start, and unless json-file */
char *container_log_file(const struct container *c); /* what `logs` reads; NULL: there is none */
char *container_etc_path(const struct container *c,
			 const char *file);		 /* "hosts", ...; NULL: host's own */
char *container_upper_folder(const struct container *c); /* what the container has written */

/* Signal that `stop` sends (config.stop_signal or SIGTERM), and how long it waits: seconds, -1 for
 * ever. */
int container_stop_signal(const struct container *c);
int64_t container_stop_timeout(const struct container *c);

/* ---- exec ---- */

enum exec_state { EXEC_CREATED, EXEC_STARTING, EXEC_RUNNING, EXEC_EXITED };

struct exec {
	/* ---- kept in its run folder ---- */
	char *id; /* 64 hex */
	char *container_id;
	struct exec_config config;
	int32_t state; /* enum exec_state */
	int64_t pid;   /* 0 while it does not run */
	struct optional_i64 exit_code;
	int64_t created_ns, finished_ns;

	/* ---- only in memory ---- */
	struct container *container; /* borrowed */
	struct exec *next;	     /* of the same container */
	struct exec_run *run;	     /* owned; NULL: no shim */
	bool for_health;	     /* a probe: shown in no ExecIDs */
	bool unwanted;		     /* its process is ended as soon as it is there */
};
extern const struct record_type exec_type;
