/* One request on its way through the door: what it asks for, and how it is answered.
 *
 * A call lives until it has been answered (or its client has gone) and everything that was begun for it
 * has come back.  What is begun takes a reference (call_hold) and drops it in its callback; call_is_open
 * tells there whether anybody still waits for the answer.  For this folder only. */
#pragma once

#include "door/docker/door.h"
#include "format/json.h"
#include "format/record.h"

#define API_MINOR_NEWEST 47
#define API_MINOR_OLDEST 24

/* Not everything that came in by the path is one of these: image names hold slashes. */
#define CALL_ARGUMENTS 2

struct route;

struct call {
	struct docker_door *door;
	struct http_request *request; /* NULL: answered, or the client has gone */
	const struct route *route;
	int minor;			 /* N of API version 1.N */
	char *arguments[CALL_ARGUMENTS]; /* owned: what stood for {} in the route, in order */
	json_t *body;			 /* owned; NULL: none was sent */
	int references;
	bool streaming; /* the head of the answer is out */

	/* What a handler keeps between callbacks; freed with the call by `fini` (may be NULL). */
	void *state;
	void (*fini)(void *state);
	/* The client went away before the answer was complete; the request is NULL by then. */
	void (*on_gone)(struct call *call);
};

struct engine *call_engine(const struct call *call);
const struct engine_parts *call_parts(const struct call *call);

/* ---- life ---- */

struct call *call_hold(struct call *call); /* returns it, for use as callback data */
void call_drop(struct call *call);
bool call_is_open(const struct call *call);

/* ---- the request ---- */

/* A query parameter, NULL when absent; and with the API's words for numbers. */
const char *call_query(const struct call *call, const char *name);
bool call_query_bool(const struct call *call, const char *name);

/* Absent or empty leaves *value; ERROR_INVALID `strconv.Atoi: parsing "x": invalid syntax`. */
bool call_query_i64(const struct call *call, const char *name, int64_t *value, struct error *err);

/* The JSON inside X-Registry-Auth, owned; NULL: none, or nothing that can be read. */
char *call_registry_auth(const struct call *call);

/* h and w of a resize. */
bool call_query_size(const struct call *call, int64_t *rows, int64_t *columns, struct error *err);

/* "[rows, columns]" of ConsoleSize; anything else leaves both as they are. */
void call_read_console_size(const char *json, int *rows, int *columns);

/* The container that the first argument names.  NULL: there is none, and that was answered. */
struct container *call_container(struct call *call);

/* What a raw stream is called: frames are named from 1.42 on. */
const char *call_stream_type(const struct call *call, bool tty);

/* The body into a record that holds defaults; ERROR_INVALID "invalid JSON: ..." when it does not
 * fit, or when there is none. */
bool call_read_body(const struct call *call, const struct record_type *type, void *record,
		    struct error *err);

/* ---- the answer: each ends the request ---- */

void call_fail(struct call *call, const struct error *err); /* {"message": ...} with its status */
void call_fail_plain(struct call *call, const struct error *err); /* as raw streams tell errors */
void call_answer_status(struct call *call, int status);		  /* no body */
void call_answer_record(struct call *call, int status, const struct record_type *type,
			const void *record);
/* A whole JSON document; a newline is added. */
void call_answer_json(struct call *call, int status, struct buffer *json);
void call_answer_text(struct call *call, int status, const char *type, const char *text);

/* `err` NULL: status; else call_fail.  What most callbacks end with. */
void call_answer(struct call *call, int status, const struct error *err);

/* ---- a JSON stream: 200, one document after another ---- */

void call_begin_stream(struct call *call);
bool call_write(struct call *call, const void *data, size_t size); /* false: hold back */
void call_end_stream(struct call *call);

/* ---- giving the connection away ---- */

/* The head of a 200 with a body of `type` (NULL: none said) that somebody else writes; *chunked says
 * how it has to be framed.  False when the connection would not take the head: it is closed then. */
bool call_give_body(struct call *call, const char *type, struct engine_connection *connection,
		    bool *chunked);

/* For raw streams: 101 where the client asked to upgrade, else 200. */
bool call_give_stream(struct call *call, const char *type, struct engine_connection *connection);

/* With a body that somebody else reads, and the answer too: image_upload_take. */
void call_take_upload(struct call *call, struct image_upload *upload);

/* For an answer 200 of `type` that a worker writes, head and all. */
void call_take_answer(struct call *call, const char *type, struct image_answer *answer);
