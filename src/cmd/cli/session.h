/* A container or exec in the foreground: stdin goes in, its output comes out, signals and the size of the
 * window are passed on, until its stream ends, and the answer of `wait` is there. */
#pragma once

#include "cmd/cli/api.h"

struct session {
	struct cli *cli;
	struct http_client *stream; /* after its 101; NULL: nothing is attached */
	struct http_client *wait;   /* whose answer tells the exit code; NULL: nobody waits */
	bool input;		    /* stdin is attached */
	bool tty;		    /* the container has a terminal */
	bool redraw;		    /* its terminal is old: have what is on it drawn again */
	bool proxy;		    /* signals are passed on to `container` */
	const char *container;	    /* id or name; NULL: signals stay here */
	const char *detach_keys;    /* NULL: ctrl-p,ctrl-q */
	const char *resize_path;    /* "/containers/%s/resize" or of an exec */
	const char *resize_id;

	/* The outcome. */
	bool detached;	   /* by its keys: the container runs on */
	int64_t exit_code; /* what wait answered */
	char trouble[300]; /* why wait failed; "": it did not */
};

/* Block the signals that the session will take, before anything is started for it. */
void session_prepare(const struct session *session);

/* Run it to its end.  The terminal is raw meanwhile and as before afterwards. */
bool session_run(struct session *session, struct error *err);

/* Attach: POST `target` with an upgrade; the connection is then session->stream. */
struct http_client *session_attach(struct cli *cli, const struct target *target, const json_t *body,
				   struct error *err);

/* Attach to session->container, with its input when the session has one: session->stream. */
bool session_open(struct session *session, bool out, bool error_stream, struct error *err);

/* POST /containers/NAME/wait on a connection of its own; condition may be NULL. */
struct http_client *session_wait(struct cli *cli, const char *container, const char *condition,
				 struct error *err);

/* Say that its keys were typed; the exit code that attach and exec have then. */
int session_say_detached(void);

/* Close the session's connections. */
void session_close(struct session *session);

/* "the input device is not a TTY" */
bool session_check_terminal(bool input, bool tty, struct error *err);
