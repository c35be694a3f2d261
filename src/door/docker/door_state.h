/* What the door keeps.  For this folder only. */
#pragma once

#include "door/docker/call.h"
#include "door/door.h"

struct docker_door {
	struct door door;
	struct engine *engine;	 /* borrowed */
	struct builder *builder; /* borrowed */
	char *version, *data_root;
	struct strings labels, mirrors, insecure_registries;
	char *id;     /* of this daemon: the same after a restart */
	char *server; /* the Server header */
};

/* A text for this daemon that survives its restarts, from the host's id and the data root. */
char *daemon_id_make(const char *data_root);
