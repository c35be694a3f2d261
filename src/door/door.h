/* What all doors share: a table of routes, bodies that are read before a handler is called, and calls that
 * wait until what they ask about is known.  A door has this as its first member. */
#pragma once

#include "door/call.h"
#include "door/route.h"

struct door {
	uv_loop_t *loop;			   /* borrowed */
	bool (*is_ready)(const struct door *door); /* else calls wait for door_serve_early */
	/* An error behind the head of a stream: one more document, and the end. */
	void (*fail_in_stream)(struct call *call, const struct error *err);
	/* Members of an error's document besides "message"; NULL: none. */
	void (*describe_error)(const struct error *err, struct buffer *json);

	struct link calls;
	struct {
		struct call **items;
		size_t count, capacity;
	} early;
};

void door_init(struct door *door, uv_loop_t *loop);

/* No request is left, and the loop is closed: whatever was begun for a call and is not back has ended without a
 * word, with those who did it. */
void door_fini(struct door *door);

/* Read what the call's route wants and call its handler, now or when the door is ready. */
void door_handle(struct call *call);

/* The door is ready. */
void door_serve_early(struct door *door);

/* {"message":"page not found"}, for a request that is no call. */
void door_answer_not_found(struct http_request *request);
