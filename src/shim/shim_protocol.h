/* What the daemon and a shim say to each other.
 *
 * Both sides speak over a unix stream socket in messages (os/message.h) of one record each, in its
 * binary form, with descriptors beside it.  The shim is born with two descriptors:
 *	3	one end of a socketpair, the first connection to the daemon
 *	4	the listening socket <run>/shim.sock, bound by the daemon before it starts the shim
 * Whoever holds the listening socket is the shim of that run folder, and nobody else can be: a
 * daemon that comes back connects to it, and either nobody listens (there is no shim, and there
 * will be none), or its HELLO is answered as soon as the shim has finished what it does, be it a
 * start that the former daemon asked for.  So no start is ever lost and none is done twice.  Only
 * root and the shim's own user are heard.
 *
 * A shim is, one after the other:
 *
 * waiting: it takes SHIM_PORTS, SHIM_ATTACH and SHIM_WAIT, what is to be there before the first
 * byte of output.  The end of the connection ends the shim.
 *
 * starting: it has read SHIM_START and builds, for milliseconds in which it hears nothing.  It
 * answers STARTED or FAILED.
 *
 * running: it serves attach, wait, logs and stats.  <run>/state holds struct shim_state.
 *
 * ended: the process has exited, or the start has failed.  All output is in the log and on its way
 * to the attached clients, the cgroup is removed, <run>/exit holds struct shim_exit.  It tells
 * EXITED or FAILED.  At SHIM_RECORDED or SHIM_RELEASE the waits for the exit are answered and the
 * clients' streams end, so that nobody who was told of the exit finds a daemon that does not know
 * of it; without a daemon that happens at once.
 *
 * released, after SHIM_RELEASE: it answers or gives back the waits for the removal, touches nothing
 * in the run folder any more, and ends when its last client has taken (or refused for 10 s) what is
 * its.  The daemon sends nothing after RELEASE.  Without a daemon an ended shim goes on until
 * nobody waits for a removal.
 *
 * <run>/state and <run>/exit are records in binary form, replaced by rename; shim/shim.h reads
 * them.  A shim never removes its run folder.
 *
 * Records may grow (unknown tags are skipped); the header of each message carries the sender's
 * version.  A daemon of version N talks to shims of N and N - 1. */
#pragma once

#include "format/record.h"
#include "network/endpoint.h"
#include "network/relay.h"
#include "sandbox/spec.h"

#define SHIM_PROTOCOL_VERSION 2
#define SHIM_SOCKET	      "shim.sock" /* in the run folder, as are the next two */
#define SHIM_STATE	      "state"
#define SHIM_EXIT	      "exit"

enum {
	SHIM_CONTROL_FD = 3,
	SHIM_LISTENER_FD = 4,
};

enum shim_message {
	/* daemon to shim */
	SHIM_START = 1,	  /* struct shim_start */
	SHIM_SIGNAL = 2,  /* struct shim_number: to the first process; answered by REPLY */
	SHIM_RESIZE = 3,  /* struct shim_size; answered by REPLY; nothing to do without terminal */
	SHIM_ATTACH = 4,  /* struct shim_attach + 1 descriptor */
	SHIM_WAIT = 5,	  /* struct shim_wait + 1 descriptor */
	SHIM_LOGS = 6,	  /* struct shim_logs + 1 descriptor */
	SHIM_STATS = 7,	  /* struct shim_stats + 1 descriptor */
	SHIM_RELEASE = 8, /* struct shim_release */
	SHIM_HELLO = 9,	  /* first message of a later connection, no body; answered by STATUS, then
			     EXITED or FAILED if that has happened.  The connection that said HELLO
			     last is the one that is told events; until then it is the first one */
	SHIM_CLOSE_STDIN = 10, /* no body, no answer */
	SHIM_RECORDED = 11,    /* no body: EXITED is recorded; waits for the exit are answered */
	SHIM_PORTS = 12, /* no body; descriptors to hold while the container runs: bound sockets
			    that reserve published ports.  Any number of times, also later */

	SHIM_NAMES = 13,  /* struct shim_names: replaces what was told.  No answer.  A shim whose
		       container was started without names keeps it for its sockets: */
	SHIM_RELAYS = 14, /* struct shim_relays.  No answer */
	SHIM_NAMES_SOCKETS =
		15, /* no body; the two of struct names_sockets, opened in the container's network
		       by somebody with the rights to: `wherry-shim names`.  No answer; one that has
		       some lets these go */

	SHIM_PORTS_ASK = 16,  /* no body: what it holds by SHIM_PORTS, for another shim.  Answered by
			       PORTS_ARE, any number of times, and then REPLY */
	SHIM_PORTS_DROP = 17, /* no body: they are another's.  What it holds by SHIM_PORTS is closed,
			       and the next ones count from 0 again; TCP connections that it carries
			       go on.  Answered by REPLY */

	SHIM_JOURNAL = 23, /* struct shim_journal + 1 descriptor: to `wherry-shim journal` alone
			    (shim/journal_serve.h) */

	SHIM_KEEP = 24,	  /* struct shim_kept + 1 descriptor: to the keeper (shim/keeper.h) alone */
	SHIM_FORGET = 25, /* struct shim_kept, its key */

	/* shim to daemon */
	SHIM_STARTED = 32,  /* struct shim_state; with its network namespace, where an endpoint is a
			       macvlan */
	SHIM_FAILED = 33,   /* struct shim_exit with its failure: everything is undone */
	SHIM_EXITED = 34,   /* struct shim_exit */
	SHIM_OOM = 35,	    /* an OOM kill was seen; no body */
	SHIM_STATUS = 36,   /* struct shim_state */
	SHIM_DETACHED = 37, /* an attach ended by its detach keys; no body */
	SHIM_WARNING = 38,  /* struct shim_text: output dropped on a full disk ... */
	SHIM_REPLY = 39,    /* struct shim_failure (kind 0: done), in the order of the requests */
	SHIM_WAITING =
		40, /* struct shim_wait + its descriptor: given back at a RELEASE without removal */
	SHIM_KEPT = 41, /* struct shim_kept + 1 descriptor: what the keeper holds */
	SHIM_PORTS_ARE = 42, /* no body; copies of descriptors of SHIM_PORTS, in their order */
};

struct shim_number {
	int64_t value;
};

struct shim_text {
	char *text;
};

struct shim_size {
	int32_t rows, columns;
};

struct shim_failure {
	int32_t kind, os; /* enum error_kind, errno */
	char *text;
	int32_t exit_code; /* 126, 127, 128 where the failure has one, as `docker run` shows it */
};

/* An attach whose HTTP header is sent already.  A client that has a full buffer (256 KB) and takes
 * nothing for 10 s is dropped and told so; until then it holds the container up, as a pipe would. A
 * client that is gone holds up nothing.  When the start fails and `kind` is SHIM_EXEC, the
 * failure's text is its output. */
struct shim_attach {
	bool in, out, err;
	bool replay;	   /* logs=1: what the log holds first, then without gap or double: */
	bool stream;	   /* go on live */
	bool multiplexed;  /* 8-byte frames */
	char *detach_keys; /* the byte sequence itself, as hex ("1011" = ctrl-p ctrl-q); NULL: none
			    */
	struct buffer early; /* bytes of the client that the daemon had read already */
};

/* A wait whose header is sent already; the body is {"StatusCode":N}\n. */
struct shim_wait {
	bool removed; /* answered at RELEASE, not at the exit */
	bool chunked; /* frame the body so; else just close */
};

/* A wait for a container without a shim. */
struct shim_kept {
	int64_t key;	 /* the daemon's */
	char *container; /* id */
	bool removed, chunked;
	int64_t code; /* the answer, should the container be gone */
};

struct shim_logs {
	bool out, err, follow, timestamps, details, multiplexed, chunked;
	int64_t tail;	      /* lines; -1: all */
	int64_t since, until; /* ns; 0: not given */
	char *details_text;   /* "k=v,k=v" */
	char *worker;	      /* path of the program that reads compressed files */
	char *log_path; /* only for `wherry-shim logs`, which has no container: see shim/shim.h */
};

/* A stream of stats documents whose header is sent already. */
struct shim_stats {
	bool stream, one_shot, chunked;
	char *name, *id; /* as shown */
};

struct shim_release {
	bool removed; /* the container is gone, or its removal failed: */
	char *error;  /* told as Error.Message */
};

/* The names that a container can ask for at 127.0.0.11 (shim/names.h). */
struct shim_names {
	char *folder;		/* absolute: where the daemon keeps zones (format/zone.h) */
	struct strings zones;	/* files in it: its networks, in the order they are asked */
	struct pairs links;	/* names for it alone, in lower case, to names in the zones */
	struct strings servers; /* asked for all other names, in order; none: nobody is */
};

enum shim_log_kind {
	SHIM_LOG_FILE_ALONE,
	SHIM_LOG_SYSLOG,
	SHIM_LOG_JOURNAL,
};

/* Where each line is sent, beside the file. */
/* What `wherry-shim names` reads from its standard input: whose shim is to get sockets. */
struct shim_names_request {
	char *run_folder;	 /* absolute */
	int64_t pid, start_time; /* of the container's first process */
};

struct shim_log_remote {
	int32_t kind;	   /* enum shim_log_kind */
	int32_t transport; /* enum syslog_transport */
	char *host;	   /* or path of the socket */
	int32_t port;
	int32_t style, facility; /* format/syslog.h */
	char *hostname, *tag;
	struct buffer fields; /* of each entry of the journal, as its socket takes them */
	char *worker;	      /* path of the program that looks names up */
};

/* Where published ports lead from now on that the shim carries, also those that it only held: by the
 * number of their socket, without address nowhere. */
struct shim_relays {
	struct record_list relays; /* struct relay_spec */
};

/* The journal of the host, as another place for each line. */
struct shim_journal_log {
	char *folder;			     /* absolute */
	char *identifier;		     /* SYSLOG_IDENTIFIER */
	char *hostname;			     /* of the host */
	char *container;		     /* id */
	char *unit, *invocation_id, *cgroup; /* whose output it is too; NULL: nobody's */
	struct pairs extra;		     /* more fields */
	int64_t max_bytes;		     /* of all its files; 0: what is usual */
	bool exported;			     /* each line to journald, too */
};

struct shim_log_options {
	char *driver;	  /* "json-file", "none" ... for people */
	char *path;	  /* of the file, absolute; its folder exists.  NULL: there is none */
	int64_t max_size; /* -1: no rotation */
	int64_t max_files;
	char *attrs_json; /* what each line carries: {"k":"v"}; NULL: nothing */
	struct shim_log_remote remote;
	bool compress;			  /* what was rotated, by */
	char *worker;			  /* the path of this program */
	struct shim_journal_log *journal; /* owned; NULL: not there */
};

enum shim_kind {
	SHIM_CONTAINER = 1, /* builds `sandbox` */
	SHIM_EXEC = 2,	    /* starts sandbox.process inside the container of join_pid; no log */
};

struct shim_start {
	int32_t kind; /* enum shim_kind */
	struct sandbox_spec sandbox;
	char *run_folder;	      /* absolute */
	struct record_list endpoints; /* struct endpoint_spec */
	bool loopback;		      /* network none: bring up lo only */
	struct shim_log_options log;
	bool stdin_once;
	int64_t join_pid, join_start_time;
	struct record_list
		relays;		  /* struct relay_spec: what the shim carries itself; their `socket`
				      counts the descriptors of all SHIM_PORTS, in order */
	struct shim_names *names; /* owned; NULL: nothing is answered at 127.0.0.11 */
};

enum shim_phase {
	SHIM_PHASE_WAITING, /* no START yet */
	SHIM_PHASE_RUNNING,
	SHIM_PHASE_ENDED, /* EXITED or FAILED follows */
};

struct shim_state {
	int32_t phase; /* enum shim_phase; the file <run>/state stays at RUNNING */
	int64_t shim_pid, shim_start_time;
	int64_t pid, start_time; /* of the first process, on the host */
	char *boot_id;
	int64_t started_ns;
	struct strings warnings;
	bool oom;
};

struct shim_exit {
	int32_t code; /* 0..255; 128 + n after signal n */
	int32_t signal;
	bool oom;
	int64_t finished_ns;
	int64_t log_dropped;	      /* bytes of output that a full disk cost */
	struct shim_failure *failure; /* owned; the start failed */
};

extern const struct record_type shim_kept_type, shim_number_type, shim_text_type, shim_size_type,
	shim_failure_type, shim_attach_type, shim_wait_type, shim_logs_type, shim_stats_type,
	shim_release_type, shim_names_type, shim_names_request_type, shim_relays_type,
	shim_log_remote_type, shim_journal_log_type, shim_log_options_type, shim_start_type,
	shim_state_type, shim_exit_type;
