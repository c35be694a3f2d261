/* `wherry-shim run`: one process group under one shim, from START to RELEASE (shim_protocol.h tells
 * its life).  One thread, one epoll loop; only the start blocks.
 *
 * What kind of group it is, a container or a process that joins one, is a table of functions; pipes
 * and terminal, log, clients, waits and signals are the same for all. */
#pragma once

#include "shim/children.h"
#include "shim/client.h"
#include "shim/control.h"
#include "shim/input.h"
#include "shim/journal_log.h"
#include "shim/log_compressor.h"
#include "shim/log_writer.h"
#include "shim/loop.h"
#include "shim/names.h"
#include "shim/output.h"
#include "shim/shim_protocol.h"
#include "shim/stats_stream.h"
#include "shim/wait.h"

struct process_stdio;
struct relays;
struct sandbox;
struct shim;

/* What a start has made. */
struct group {
	pid_t pid;		 /* of the first process, on the host */
	int pidfd;		 /* owned */
	int terminal;		 /* owned: the master; -1: none */
	int terminal_peer;	 /* owned: its other side, until the process has exited; -1: none */
	pid_t network_pid;	 /* whose network its stats show; 0: the host's, not shown */
	struct sandbox *sandbox; /* owned by the kind; NULL: none */
	struct names_sockets names; /* owned; -1: none */
	int netns; /* owned: its network namespace, where the daemon needs it; -1: it does not */
};

struct group_kind {
	const char *name;

	/* Build it and let it run, with these ends of its stdio.  Blocks for milliseconds.  After a
	 * failure nothing is left of it.  Mandatory. */
	bool (*start)(const struct shim_start *start, const struct process_stdio *stdio,
		      struct group *out, struct error *err);

	/* The first process has exited.  End all others of the group, remove what start made.  NULL:
	 * nothing to do. */
	void (*end)(struct group *group);

	/* The exit code of a start that failed by no fault of the command. */
	int32_t failure_code;

	/* How long others may go on to write to its output after it has exited. */
	int64_t grace_ns;

	/* Those who are attached hear of the outcome by their streams and from the daemon alone, not by
	 * a wait: a failed start is told to them, and their streams end when the daemon has recorded
	 * the end. */
	bool tells_clients;
};

extern const struct group_kind container_kind, exec_kind;

struct shim {
	struct loop loop;
	const struct group_kind *kind;
	struct group group;
	struct source exit_source; /* group.pidfd */
	struct source oom_source;
	struct deadline grace;
	struct deadline idle; /* buffers are given back */

	struct controls controls;
	struct client_target target; /* of the clients' input */
	struct clients clients;
	struct waits waits;
	struct stats_streams stats;
	struct outputs outputs;
	struct input input;
	struct log_writer log;
	struct log_compressor compressor;
	struct log_sender sender;
	struct journal_log journal;
	struct children children;

	int run_folder; /* owned */
	char *cgroup_path;
	struct {
		int *items; /* reserved ports, owned */
		size_t count, capacity;
	} ports;
	struct relays *relays; /* owned; NULL: none of the ports is carried by us */
	struct source relays_source;
	struct names *names;	       /* owned; NULL: none are answered */
	struct shim_names early_names; /* told before there were sockets */

	struct shim_state state;
	struct shim_exit exit;
	bool released;
	bool unwritten; /* `exit` is known here alone */
	bool active;	/* something happened since `idle` was set */
	bool only_idle; /* in this round nothing happened but that `idle` passed */
};

/* Its exit code. */
int shim_run_main(void);

/* ---- what messages ask for, for requests.c ---- */

extern const struct control_requests shim_requests;

void shim_start(struct shim *s, const struct shim_start *start);
bool shim_signal(struct shim *s, int signal, struct error *err);
bool shim_resize(struct shim *s, const struct shim_size *size, struct error *err);
void shim_serve_logs(struct shim *s, const struct shim_logs *request, int connection);
void shim_set_names(struct shim *s, const struct shim_names *what);
void shim_open_names(struct shim *s, struct names_sockets *sockets); /* takes them */
void shim_recorded(struct shim *s);
void shim_move_relays(struct shim *s, const struct shim_relays *moved);
bool shim_give_ports(struct shim *s, struct error *err); /* copies, to the daemon */
void shim_drop_ports(struct shim *s);
void shim_daemon_gone(struct shim *s);
void shim_release(struct shim *s, const struct shim_release *release);

/* ---- what run.c, start.c and finish.c do for each other ---- */

bool shim_has_exited(const struct shim *s);

/* Into the run folder; false: there is no room for it. */
bool shim_write_record(struct shim *s, const char *name, const struct record_type *type,
		       const void *record);
void shim_watch_group(struct shim *s);			 /* its exit and its OOM kills */
void shim_fail(struct shim *s, const struct error *err); /* the start failed */
void shim_grace_passed(struct deadline *deadline);
void shim_outputs_ended(struct outputs *outputs);
