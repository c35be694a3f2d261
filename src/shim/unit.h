/* `wherry-shim unit`: the processes of one unit, from its first UNIT_START to UNIT_RELEASE
 * (unit_protocol.h).  One thread, one epoll loop.
 *
 * What is to happen is decided by the machine (execution/machine.h); here is what it is told and what it
 * asks for.  An event is handled to its end before the next: the actions it causes may cause events, which
 * wait in `events`. */
#pragma once

#include "execution/dynamic_user.h"
#include "execution/machine.h"
#include "os/cgroup.h"
#include "shim/children.h"
#include "shim/control.h"
#include "shim/loop.h"
#include "shim/unit_journal.h"
#include "shim/unit_output.h"
#include "shim/unit_protocol.h"

/* The main or the control process. */
struct unit_process {
	pid_t pid; /* 0: there is none */
	int64_t start_time;
	struct source report;  /* of its start; fd -1: it has told */
	struct source foreign; /* a main process that is no child of ours: its pidfd; fd -1 */
	int32_t phase;
	int64_t record; /* in status.processes; -1: none */
};

/* Who runs in its control groups: `whole` bears the limits, `own` the unit's own processes. */
struct unit_group {
	struct cgroup whole, own;
	bool made;
	struct source events; /* of `own`: it may have become empty */
	struct source oom;    /* of `whole` */
	uint64_t oom_seen;
	bool outdated; /* its limits are not those of the plan any more */
};

struct unit_notify {
	struct source source; /* fd -1: there is no socket */
	char *path;
	int ignored; /* messages of strangers that were told of */
};

/* What all its commands share and nobody else sees (unit_private.c): PrivateTmp=, PrivateNetwork=,
 * credentials. */
struct unit_private {
	char *tmp, *var_tmp; /* folders on the host, absolute; NULL: not wanted */
	char *credentials;
	int network; /* a namespace; -1: the host's */
	struct dynamic_user user; /* for as long as the shim is there */
};

struct unit_shim {
	struct loop loop;
	struct controls controls;
	struct children children;
	struct source signals; /* SIGCHLD */
	struct deadline phase, watchdog, idle;
	int64_t watchdog_us;

	struct unit_start start; /* what runs, with its plan */
	bool started;		 /* there was one */
	struct machine machine;
	struct {
		struct machine_event *items;
		size_t count, capacity;
	} events;
	bool handling; /* events */

	struct unit_group group;
	struct unit_process main, control;
	struct unit_journal journal;
	struct unit_outputs outputs;
	struct unit_notify notify;
	struct unit_store *store;	    /* descriptors that the service gave us; owned */
	struct unit_sockets_held *sockets;  /* those of UNIT_START; owned */
	struct unit_containers *containers; /* owned */
	struct unit_pid_file *pid_file;	    /* awaited; owned, NULL: none is */
	struct unit_listeners *listeners;   /* of a socket unit; owned, NULL: none */
	struct unit_private secret;
	struct {
		bool waits;   /* UNIT_RUN is not answered yet */
		bool unknown; /* nor, where nobody waits any more, what has become of it */
		struct machine_action action;
	} asked;
	char *filters[2]; /* paths of compiled programs (unit_filter.h) */

	struct execution_status status;
	struct buffer told; /* the status as it was told last */
	int run_folder;	    /* -1: not known yet */
	bool left;	    /* the journal, to a child that */
	bool reads_on;	    /* what processes write that were left alone */
	bool status_waits; /* it is told when the round is over and the daemon has taken the former ones */
	bool released, active, only_idle, group_may_be_empty;
};

/* Its exit code. */
int unit_shim_main(void);

/* ---- unit_event.c ---- */

/* Handle it now, or after the present one. */
void unit_event(struct unit_shim *u, const struct machine_event *event);
#define UNIT_EVENT(u, ...) unit_event(u, &(struct machine_event){__VA_ARGS__})

/* ---- unit_process.c ---- */

void unit_spawn(struct unit_shim *u, const struct machine_action *action);
void unit_spawn_process(struct unit_shim *u, const struct machine_action *action); /* never asks */
void unit_reap(struct unit_shim *u); /* everybody who has ended */
void unit_process_ended(struct unit_shim *u, struct unit_process *p, int32_t end, int32_t status);
void unit_forget_process(struct unit_shim *u, struct unit_process *process);

/* ---- unit_ask.c: a container that the daemon makes, in place of a control process ---- */

bool unit_ask(struct unit_shim *u, const struct machine_action *spawn); /* false: spawn it */
void unit_ask_again(struct unit_shim *u);
void unit_ask_answered(struct unit_shim *u, bool runs);
void unit_ask_no_more(struct unit_shim *u, int signal); /* as if it had killed the process */

/* ---- unit_members.c ---- */

void unit_kill(struct unit_shim *u, const struct machine_action *action);
bool unit_signal(struct unit_shim *u, const struct unit_signal *request, struct error *err);
void unit_find_main(struct unit_shim *u, bool wait);
void unit_take_main(struct unit_shim *u, pid_t pid); /* a process of the unit is the main one */
bool unit_has_others(struct unit_shim *u);	     /* in the control group */
bool unit_owns(struct unit_shim *u, pid_t pid);

/* ---- unit_group.c ---- */

bool unit_group_make(struct unit_shim *u, struct error *err);
void unit_group_outdate(struct unit_shim *u, const struct execution_plan *plan); /* if it is another */
void unit_group_leave(struct unit_shim *u);  /* the end of a cycle: a restart finds it again */
void unit_group_remove(struct unit_shim *u); /* if nobody is in it */
void unit_group_thaw(struct unit_shim *u);
void unit_group_check(struct unit_shim *u);  /* tells EMPTY */
void unit_check_oom(struct unit_shim *u);

/* ---- unit_private.c ---- */

bool unit_private_make(struct unit_shim *u, struct error *err);
bool unit_take_user(struct unit_shim *u, struct error *err); /* DynamicUser=, and into the plan */
void unit_private_remove(struct unit_shim *u);

/* ---- unit_status.c ---- */

void unit_tell_status(struct unit_shim *u, bool anyway); /* if it has changed */
void unit_status_begin(struct unit_shim *u);		 /* a new cycle */
void unit_status_entered(struct unit_shim *u, enum sub_state before);
int64_t unit_status_spawned(struct unit_shim *u, const struct execution_process *process);
void unit_warn(struct unit_shim *u, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- unit_text.c: what the unit's journal says of it ---- */

void unit_say(struct unit_shim *u, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void unit_say_text(struct unit_shim *u, enum machine_text text);
void unit_say_end(struct unit_shim *u, bool control, const struct execution_process *process);

/* ---- unit_notify.c ---- */

bool unit_notify_open(struct unit_shim *u, struct error *err);
void unit_notify_drain(struct unit_shim *u);
void unit_notify_close(struct unit_shim *u);

/* ---- unit.c, for unit_requests.c ---- */

extern const struct control_requests unit_requests;
void unit_begin(struct unit_shim *u, const struct unit_start *start, struct message *message);
void unit_release(struct unit_shim *u);
void unit_clean(struct unit_shim *u); /* it is over */
