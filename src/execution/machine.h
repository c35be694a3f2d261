/* What a unit's processes do next: a pure function from (plan, state, event) to a new state and a list of
 * actions.  No clock, no file, no process: whoever carries it out (shim/unit.c) tells what has happened and
 * does what is asked for, in order.
 *
 * The states are systemd's.  A phase is a list of commands that run in turn, each with the whole timeout of
 * its phase; one deadline serves them all.  There are two processes at most that the machine knows: the
 * main one (ExecStart, or whom a forking parent left behind, or the first process of a container) and the
 * control one (any other command); `others` are the rest of the unit's control group.
 *
 * Containers of the unit are no processes of it: they get no signal from here, but are stopped by the
 * engine when the unit's own processes are gone or had their time, and are waited for before ExecStopPost,
 * so that their names are free again. */
#pragma once

#include "execution/plan.h"
#include "execution/status.h"

enum machine_event_kind {
	EVENT_START,	    /* from an ended state */
	EVENT_STOP,	    /* .restarting */
	EVENT_RELOAD,	    /* while it runs, else nothing */
	EVENT_SPAWNED,	    /* the process that was asked for is there; its exec may still fail */
	EVENT_SPAWN_FAILED, /* .result: it could not even be prepared */
	EVENT_EXECUTED,	    /* the main process runs its program */
	EVENT_EXITED,	    /* .control or the main one, .end, .status */
	EVENT_MAIN_FOUND,   /* answers FIND_MAIN, at any time; also MAINPID= */
	EVENT_MAIN_UNKNOWN, /* answers FIND_MAIN: nobody can be guessed */
	EVENT_DEADLINE,
	EVENT_WATCHDOG,	      /* no sign of life in time, or WATCHDOG=trigger */
	EVENT_READY,	      /* READY=1 */
	EVENT_RELOADING,      /* RELOADING=1 */
	EVENT_STOPPING,	      /* STOPPING=1 */
	EVENT_EXTEND,	      /* .us: EXTEND_TIMEOUT_USEC= */
	EVENT_PULLING,	      /* .us: more time for a start, and for nothing else */
	EVENT_EMPTY,	      /* nobody is left in the control group */
	EVENT_OOM,	      /* somebody in it was killed for lack of memory */
	EVENT_CONTAINER_GONE, /* .main: its first process was the main one; .status: its exit code */
	EVENT_CONTAINERS_STOPPED, /* answers STOP_CONTAINERS */
	EVENT_SOCKETS_OPEN,	  /* answers OPEN_SOCKETS */
	EVENT_SOCKETS_FAILED,
	EVENT_TRIGGERED, /* a listening socket has traffic; who watches has stopped watching */
	EVENT_ARM,	 /* watch again */
	EVENT_KINDS
};

struct machine_event {
	enum machine_event_kind kind;
	bool restarting, control, main;
	enum execution_result result;
	int32_t end, status; /* enum process_end; code or signal */
	int64_t us;

	/* What is there besides main and control process, at the time of the event. */
	bool others;	 /* in the control group */
	bool containers; /* of the unit, not gone yet */

	/* EXITED of the main process: it was the client of a container ... */
	bool was_client;
	bool container_lives;	/* whose first process runs, */
	bool container_gone;	/* or that is gone with */
	int32_t container_code; /* this code */
	bool container_decides; /* it was started without anybody attached */
};

enum machine_who {
	KILL_WHO_MAIN = 1,
	KILL_WHO_CONTROL = 2,
	KILL_WHO_OTHERS = 4,
};

enum machine_text { /* what the unit's journal says; D is the description, N the name */
		    SAY_STARTING,
		    SAY_STARTED,
		    SAY_FINISHED, /* a oneshot */
		    SAY_SKIPPED,  /* by ExecCondition= */
		    SAY_START_FAILED,
		    SAY_STOPPING,
		    SAY_STOPPED,
		    SAY_RELOADING,
		    SAY_RELOADED,
		    SAY_RELOAD_FAILED,
		    SAY_DEACTIVATED,
		    SAY_FAILED, /* N: Failed with result ... */
		    SAY_START_TIMEOUT,
		    SAY_STOP_TIMEOUT,
		    SAY_KILL_TIMEOUT,
		    SAY_RUNTIME_LIMIT,
		    SAY_RELOAD_TIMEOUT,
		    SAY_WATCHDOG,
		    SAY_OOM,
		    SAY_CONTAINER_IS_MAIN,
		    SAY_TEXTS
};

enum machine_action_kind {
	ACTION_SPAWN, /* .phase, .index; .main: as the main process.  Answered by SPAWNED or SPAWN_FAILED */
	ACTION_KILL,		/* .who, .signal; .resume: SIGCONT too; .hangup: SIGHUP too */
	ACTION_DEADLINE,	/* .us from now; 0: none */
	ACTION_EXTEND,		/* .us: the deadline that is set moves to this at least */
	ACTION_WATCHDOG,	/* .us: a sign of life is expected that often; 0: no more */
	ACTION_FIND_MAIN,	/* by the pid file, else by guessing; .wait: the file will come */
	ACTION_STOP_CONTAINERS, /* .us until they must be gone */
	ACTION_END_CONTAINERS,	/* nobody did it in time */
	ACTION_TAKE_CONTAINER, /* the first process of main's container is the main one, or was it */
	ACTION_OPEN_SOCKETS,
	ACTION_WATCH_SOCKETS,
	ACTION_CLOSE_SOCKETS,
	ACTION_CLEAN, /* it is over: runtime folders, credentials, private folders, control group */
	ACTION_SAY,   /* .text */
};

struct machine_action {
	enum machine_action_kind kind;
	enum execution_phase phase;
	uint32_t index;
	unsigned who; /* enum machine_who */
	int signal;
	int64_t us;
	enum machine_text text;
	bool main, resume, hangup, wait;
};

struct machine_actions {
	struct machine_action *items; /* owned */
	size_t count, capacity;
};

enum machine_job { MACHINE_IDLE, MACHINE_STARTS, MACHINE_STOPS, MACHINE_RELOADS };

struct machine {
	const struct execution_plan *plan; /* borrowed; may be replaced between two events */
	enum sub_state sub;
	enum execution_result result; /* the first failure of this cycle */
	enum execution_result reload_result;
	bool main_known, main_alive, main_is_container;
	bool control_alive;
	bool job_done;	 /* the start that was asked for has succeeded */
	bool restarting; /* being stopped for a start */

	/* for machine*.c alone */
	enum machine_job job;
	enum execution_phase phase; /* of the command that runs, or ran last */
	uint32_t index;
	bool watched;		    /* the watchdog is armed */
	bool ready_comes;	    /* a reload ends with READY=1 */
	bool asked;		    /* the engine has been asked to stop the containers */
	bool waits;		    /* for them */
	bool was_stopped;	    /* by a job: they go too, whatever the type */
	struct machine_event event; /* the present one */
	struct machine_actions *out;
};

void machine_init(struct machine *machine, const struct execution_plan *plan);

/* Actions are appended. */
void machine_handle(struct machine *machine, const struct machine_event *event,
		    struct machine_actions *out);

/* Ended: it waits for a start or for its release. */
bool machine_is_over(const struct machine *machine);
