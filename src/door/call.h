/* One request on its way through a door: what it asks for, and how it is answered.
 *
 * A call lives until it has been answered (or its client has gone) and everything that was begun for it
 * has come back.  What is begun takes a reference (call_hold) and drops it in its callback; call_is_open
 * tells there whether anybody still waits for the answer.  For doors only. */
#pragma once

#include "base/list.h"
#include "engine/engine.h"
#include "format/json.h"
#include "format/record.h"

#include <uv.h>

/* Not everything that came in by the path is one of these: image names hold slashes. */
#define CALL_ARGUMENTS 2

struct door;
struct route;

struct call {
	struct door *door;
	struct link all;	      /* in door->calls */
	struct http_request *request; /* NULL: answered, or the client has gone */
	const struct route *route;
	int minor;			 /* N of the API's version 1.N, where it has versions */
	char *arguments[CALL_ARGUMENTS]; /* owned: what stood for {} in the route, in order */
	json_t *body;			 /* owned; NULL: none was sent, or the route has read it */
	int references;
	bool streaming; /* the head of the answer is out */

	/* What a handler keeps between callbacks; freed with the call by `fini` (may be NULL). */
	void *state;
	void (*fini)(void *state);
	/* The client went away before the answer was complete; the request is NULL by then. */
	void (*on_gone)(struct call *call);
};

/* ---- life ---- */

/* A call for a request that was just read; it has no route yet. */
struct call *call_new(struct door *door, struct http_request *request);
struct call *call_hold(struct call *call); /* returns it, for use as callback data */
void call_drop(struct call *call);

/* Nothing that was begun for it comes back any more. */
void call_forget(struct call *call);
bool call_is_open(const struct call *call);

/* From now on a client that has shut down its writing side counts as gone: for streams that nobody
 * would end otherwise. */
void call_leave_on_half_close(struct call *call);

/* ---- the request ---- */

/* A query parameter, NULL when absent; and with the API's words for numbers. */
const char *call_query(const struct call *call, const char *name);
bool call_query_bool(const struct call *call, const char *name);

/* Absent or empty leaves *value; ERROR_INVALID `strconv.Atoi: parsing "x": invalid syntax`. */
bool call_query_i64(const struct call *call, const char *name, int64_t *value, struct error *err);

/* The body into a record that holds defaults; ERROR_INVALID "invalid JSON: ..." when it does not
 * fit, or when there is none. */
bool call_read_body(const struct call *call, const struct record_type *type, void *record,
		    struct error *err);

/* The same of any document: in the pool too. */
bool body_read(json_t *body, const struct record_type *type, void *record, struct error *err);

/* ---- work in the pool for one call ---- */

struct call_work {
	uv_work_t uv;
	struct call *call;
	void (*run)(struct call_work *work);  /* in the pool: touches only its own struct */
	void (*done)(struct call_work *work); /* in the loop, when somebody still waits for it */
	void (*free)(struct call_work *work); /* in the loop, always */
};
void call_work_begin(struct call_work *work, struct call *call);

/* ---- the answer: each ends the request ---- */

void call_fail(struct call *call, const struct error *err); /* {"message": ...} with its status */
void call_answer_status(struct call *call, int status);	    /* no body */
void call_answer_record(struct call *call, int status, const struct record_type *type,
			const void *record);
/* A whole JSON document; a newline is added. */
void call_answer_json(struct call *call, int status, struct buffer *json);
void call_answer_text(struct call *call, int status, const char *type, const char *text);

/* `err` NULL: status; else call_fail.  What most callbacks end with. */
void call_answer(struct call *call, int status, const struct error *err);

/* For answers of another form: what the daemon itself could not do is told in its log, too. */
void call_log_failure(const struct call *call, const struct error *err);

/* Somebody else has taken or answered the request. */
void call_ended(struct call *call);

/* ---- a JSON stream: 200, one document after another ---- */

void call_begin_stream(struct call *call);
bool call_write(struct call *call, const void *data, size_t size); /* false: hold back */
void call_end_stream(struct call *call);

/* Close the connection without the end of the answer. */
void call_abort(struct call *call);

/* ---- giving the connection away ---- */

/* The head of a 200 with a body of `type` (NULL: none said) that somebody else writes; *chunked says
 * how it has to be framed.  False when the connection would not take the head: it is closed then. */
bool call_give_body(struct call *call, const char *type, struct engine_connection *connection,
		    bool *chunked);

/* For raw streams: 101 where the client asked to upgrade, else 200. */
bool call_give_stream(struct call *call, const char *type, struct engine_connection *connection);
