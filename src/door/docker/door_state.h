/* What the door keeps.  For this folder only. */
#pragma once

#include "door/docker/call.h"

struct docker_door {
	struct engine *engine; /* borrowed */
	struct builder *builder; /* borrowed */
	char *version, *data_root;
	struct strings labels, mirrors, insecure_registries;
	char *id;     /* of this daemon: the same after a restart */
	char *server; /* the Server header */

	/* Calls that came before the containers were found again; all are served then. */
	struct {
		struct call **items;
		size_t count, capacity;
	} early;
};

/* A call for a request that was just read; it has no route yet. */
struct call *call_new(struct docker_door *door, struct http_request *request);

/* From now on a client that has shut down its writing side counts as gone: for streams that nobody
 * would end otherwise. */
void call_leave_on_half_close(struct call *call);

/* Close the connection without the end of the answer. */
void call_abort(struct call *call);

/* A text for this daemon that survives its restarts, from the host's id and the data root. */
char *daemon_id_make(const char *data_root);
