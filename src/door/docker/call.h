/* What a call of the Docker Engine API has beside what all calls have (door/call.h).  For this folder only. */
#pragma once

#include "door/call.h"
#include "door/docker/door.h"

#define API_MINOR_NEWEST 47
#define API_MINOR_OLDEST 24

struct docker_door *call_door(const struct call *call);
struct engine *call_engine(const struct call *call);
const struct engine_parts *call_parts(const struct call *call);

/* The JSON inside X-Registry-Auth, owned; NULL: none, or nothing that can be read. */
char *call_registry_auth(const struct call *call);

/* h and w of a resize: both have to be there, and such as a terminal can have. */
bool call_query_size(const struct call *call, int64_t *rows, int64_t *columns, struct error *err);

/* The container that the first argument names.  NULL: there is none, and that was answered. */
struct container *call_container(struct call *call);

/* What a raw stream is called: frames are named from 1.42 on. */
const char *call_stream_type(const struct call *call, bool tty);

void call_fail_plain(struct call *call, const struct error *err); /* as raw streams tell errors */

/* The door's fail_in_stream: {"errorDetail": ..., "error": ...}. */
void call_fail_in_band(struct call *call, const struct error *err);

/* With a body that somebody else reads, and the answer too: image_upload_take. */
void call_take_upload(struct call *call, struct image_upload *upload);

/* For an answer 200 of `type` that a worker writes, head and all. */
void call_take_answer(struct call *call, const char *type, struct image_answer *answer);
