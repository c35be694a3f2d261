/* What the daemon and the shim of a unit say to each other (`wherry-shim unit`).
 *
 * The frame is that of shim_protocol.h: os/message.h, descriptors 3 and 4 at birth, HELLO of a later daemon,
 * <run>/state replaced by rename at each change (struct execution_status).  One shim carries a unit from its
 * first start until it is inactive or failed and released; an automatic restart is another UNIT_START to the
 * same shim, so that stored descriptors, runtime folders and the journal file live on.
 *
 * Whoever is asked to start carries everything out by itself from then on: all phases with their timeouts,
 * watchdog, stop, kill, clean-up.  Without a daemon nothing waits but: a restart (the shim stays ended until
 * somebody decides), and the containers of the unit (made by the engine, UNIT_RUN, and stopped by it;
 * UNIT_STOP_CONTAINERS is told again to the next daemon, or after the stop timeout the shim ends their cgroups
 * by itself).
 *
 * Records may grow; a daemon of version N talks to shims of N and N - 1. */
#pragma once

#include "execution/plan.h"
#include "execution/status.h"
#include "shim/shim_protocol.h"

#define UNIT_PROTOCOL_VERSION 1

enum unit_message {
	/* daemon to shim */
	UNIT_START =
		64, /* struct unit_start + descriptors: sockets first, in the order of their names */
	UNIT_STOP = 65,	  /* struct unit_stop */
	UNIT_RELOAD = 66, /* no body */
	UNIT_SIGNAL = 67, /* struct unit_signal; answered by UNIT_REPLY */
	UNIT_PLAN = 68,	  /* struct unit_plan: the files have changed; for commands not begun yet */
	UNIT_ADOPT =
		69, /* struct unit_container: it is about to run.  Answered by UNIT_REPLY, after which
			     it counts as the unit's */
	UNIT_CONTAINER_GONE =
		70, /* struct unit_container_gone: exited, and removed where it was to be */
	UNIT_CONTAINERS_STOPPED = 71, /* no body: the answer to UNIT_STOP_CONTAINERS */
	UNIT_EXTEND =
		72, /* struct shim_number, us: more time for the present phase (a pull goes on) */
	UNIT_HELLO = 73,   /* no body; answered by UNIT_STATUS */
	UNIT_RELEASE = 74, /* no body: the unit is over; the shim ends */
	UNIT_SOCKETS = 75, /* no body, to a socket unit: answered by UNIT_SOCKETS_ARE */
	UNIT_ARM = 76,	   /* no body, to a socket unit: watch for traffic (again) */
	UNIT_RAN =
		77, /* struct shim_number, answers UNIT_RUN: 1: its container runs, or has; 0: the
			      client is to be started after all */

	UNIT_ROTATE = 78, /* no body, no answer: the next line begins a file of the journal */

	/* shim to daemon */
	UNIT_STATUS = 96, /* struct execution_status, at each change */
	UNIT_REPLY = 97,  /* struct shim_failure (kind 0: done), in the order of the requests */
	UNIT_STOP_CONTAINERS = 98, /* struct shim_number: us until they are to be gone */
	UNIT_SOCKETS_ARE = 99,	   /* struct unit_sockets + descriptors */
	UNIT_TRIGGERED =
		100, /* struct unit_triggered; + the connection with Accept=yes.  Not armed any more
				 without Accept= */
	UNIT_RUN =
		101, /* struct unit_run: make and start the container that this command means; told
			   again to the next daemon */
};

struct unit_start {
	struct execution_plan plan;
	char *invocation_id;
	char *run_folder;      /* absolute */
	char *notify_folder;   /* absolute, short: the notify socket's */
	char *cgroup_path;     /* below each hierarchy */
	char *journal_folder;  /* absolute; NULL: output goes nowhere */
	int64_t journal_bytes; /* of all its files; 0: what is usual */
	bool journal_export;   /* to journald, too */
	char *worker;	       /* path of the program that compiles system call filters */
	char *docker;	       /* runs in place of /usr/bin/docker where that is missing; NULL */
	bool restarted; /* RuntimeDirectoryPreserve=restart; an automatic or asked-for restart */
	struct strings socket_names; /* LISTEN_FDNAMES of the first descriptors */
	struct pairs environment;    /* of this start: REMOTE_ADDR, MONITOR_* ... */
};

struct unit_stop {
	bool restarting; /* RestartKillSignal; stored descriptors are kept */
};

enum unit_signal_who { SIGNAL_ALL, SIGNAL_MAIN, SIGNAL_CONTROL };
struct unit_signal {
	int32_t who, signal;
};

struct unit_plan {
	struct execution_plan plan;
};

struct unit_container {
	char *id, *name;
	char *cgroup_path;	 /* ended by the shim when nobody else does */
	int64_t pid, start_time; /* of its first process; 0: not yet, a second ADOPT tells */
	int64_t client_pid;	 /* whose connection it was started through; 0: unknown */
	bool detached;		 /* no client is attached: its output is the unit's */
	bool asked_for;		 /* by UNIT_RUN: refused when that is over */
};

struct unit_run {
	struct strings words; /* "docker", "run" ... */
};

struct unit_container_gone {
	char *id;
	int32_t code; /* as `docker wait` says */
	bool oom;
};

struct unit_sockets {
	struct strings names;
};

struct unit_triggered {
	char *remote_address, *remote_port; /* of the connection; NULL */
	int64_t connection;		    /* N of NAME@N.service */
};

extern const struct record_type unit_start_type, unit_stop_type, unit_signal_type, unit_plan_type,
	unit_container_type, unit_container_gone_type, unit_sockets_type, unit_triggered_type,
	unit_run_type;
