/* What the daemon and a shim say to each other.
 *
 * Both sides speak over a stream socket: at first the socketpair the shim was started with, later any
 * connection to `shim.sock` in the shim's run folder.  A message is a header (os/fd: size, type,
 * version) and a record in binary form, with descriptors beside it.  Records may grow fields (unknown
 * tags are skipped); a daemon of version N talks to shims of N and N - 1.
 *
 * Lives of a container's shim:
 *	started   it gets SHIM_START, builds the sandbox, answers SHIM_STARTED or SHIM_FAILED (and ends)
 *	running   it serves attach, wait, logs and stats; it writes <run>/state (struct shim_state, JSON)
 *		  before it answers STARTED, so that a daemon that comes back finds pid and start time
 *	exited	  all output is in the log; it writes <run>/exit (struct shim_exit, JSON, by rename), answers
 *		  waits for the exit, tells the daemon SHIM_EXITED, removes the cgroup
 *	released  after SHIM_RELEASE (the daemon has recorded the exit and, for --rm, removed the container)
 *		  it answers the waits for the removal and ends.  Without a daemon it ends by itself once
 *		  nobody waits for a removal any more.
 * A shim never removes its run folder: the daemon does, when it has read <run>/exit. */
#pragma once

#include "format/record.h"
#include "network/endpoint.h"
#include "sandbox/spec.h"

#define SHIM_PROTOCOL_VERSION 1
#define SHIM_SOCKET "shim.sock" /* in the run folder */
#define SHIM_STATE "state"
#define SHIM_EXIT "exit"

enum shim_message {
	/* daemon to shim */
	SHIM_START = 1,	     /* struct shim_start; descriptors: run folder, data folder (log and etc go
				there), netns pin or -1.., then reserved port sockets, then the connections
				of the attaches and waits inside it */
	SHIM_SIGNAL = 2,     /* struct shim_number: to the first process */
	SHIM_RESIZE = 3,     /* struct shim_size */
	SHIM_ATTACH = 4,     /* struct shim_attach + 1 descriptor */
	SHIM_WAIT = 5,	     /* struct shim_wait + 1 descriptor */
	SHIM_LOGS = 6,	     /* struct shim_logs + 1 descriptor */
	SHIM_STATS = 7,	     /* struct shim_stats + 1 descriptor */
	SHIM_RELEASE = 8,    /* struct shim_release */
	SHIM_HELLO = 9,	     /* a daemon is here (first message of a later connection); answered with
				SHIM_STATUS.  The newest connection is the one that gets events */
	SHIM_CLOSE_STDIN = 10,

	/* shim to daemon */
	SHIM_STARTED = 32, /* struct shim_state */
	SHIM_FAILED = 33,  /* struct shim_failure */
	SHIM_EXITED = 34,  /* struct shim_exit */
	SHIM_OOM = 35,	   /* an OOM kill was seen; no body */
	SHIM_STATUS = 36,  /* struct shim_state, then SHIM_EXITED at once when it has exited */
	SHIM_DETACHED = 37, /* struct shim_text: an attach ended by its detach keys */
	SHIM_WARNING = 38, /* struct shim_text: log lines dropped, limits clamped ... */
	SHIM_REPLY = 39,   /* struct shim_failure (kind 0: done): answer to SIGNAL, RESIZE, in order */
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

/* An attach whose HTTP header the daemon has sent already. */
struct shim_attach {
	bool in, out, err;
	bool replay;	   /* logs=1: what the log holds first */
	bool stream;	   /* go on live */
	bool multiplexed;  /* 8-byte frames */
	char *detach_keys; /* the byte sequence itself, as hex ("1011" = ctrl-p ctrl-q); NULL: none */
	struct buffer early; /* bytes that the daemon had already read */
};

/* A wait whose header the daemon has sent already; the body is {"StatusCode":N}\n. */
struct shim_wait {
	bool removed;  /* answer after SHIM_RELEASE, not at the exit */
	bool chunked;  /* frame the body so; else just close */
};

struct shim_logs {
	bool out, err, follow, timestamps, details, multiplexed, chunked;
	int64_t tail;	      /* lines; -1: all */
	int64_t since, until; /* ns; 0: not given */
	char *details_text;   /* "k=v,k=v" */
	/* For a process `wherry-shim logs`, which has no container of its own: */
	char *log_path;
};

struct shim_stats {
	bool stream, one_shot, chunked;
	char *name, *id;
	char *api_version;
};

struct shim_release {
	bool removed;	     /* the container is gone */
	int32_t exit_code;   /* what waits are told */
	char *error;	     /* removal failed: told as Error.Message */
};

struct shim_log_options {
	char *driver; /* "json-file", "none" */
	char *path;   /* of the file, absolute */
	int64_t max_size; /* -1: no rotation */
	int64_t max_files;
	char *attrs_json; /* `"attrs":{...}` of each line, NULL: none */
};

struct shim_start {
	int32_t kind; /* enum shim_kind */
	struct sandbox_spec sandbox;
	struct record_list endpoints; /* struct endpoint_spec */
	bool loopback;		      /* network none: bring up lo only */
	struct shim_log_options log;
	bool open_stdin, stdin_once;
	char *run_folder;  /* absolute */
	struct record_list attaches; /* struct shim_attach, in the order of their descriptors */
	struct record_list waits;    /* struct shim_wait, likewise */
	int64_t stop_timeout_ms;

	/* kind SHIM_EXEC: join instead of build */
	int64_t join_pid, join_start_time;
	char *exec_id;

	/* kind SHIM_DAEMON: a plain process group on the host, kept running */
	struct strings command;
	int64_t port_count; /* how many of the descriptors are reserved ports (or listening sockets) */
};

enum shim_kind {
	SHIM_CONTAINER = 1,
	SHIM_EXEC = 2,
};

struct shim_state {
	int32_t version;
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
	int64_t log_dropped; /* bytes of output that a full disk cost */
};

extern const struct record_type shim_number_type, shim_text_type, shim_size_type, shim_failure_type,
	shim_attach_type, shim_wait_type, shim_logs_type, shim_stats_type, shim_release_type,
	shim_log_options_type, shim_start_type, shim_state_type, shim_exit_type;
