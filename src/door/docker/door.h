/* The Docker Engine API, versions 1.24 to 1.47, in front of the model.
 *
 * A door translates: a request to a call of engine, images, networks or volumes, and their answer to
 * what a Docker client expects.  It keeps nothing but requests that are under way.  Everything runs
 * on the loop and nothing blocks: what takes long is answered from a callback, and streams of bytes
 * (attach, logs, stats, wait, load) are given away with their connection. */
#pragma once

#include "base/error.h"
#include "builder/builder.h"
#include "engine/engine.h"
#include "http/http_server.h"

struct docker_door_settings {
	const char *version;   /* of the daemon, as `docker version` shows it */
	const char *data_root; /* DockerRootDir of info */
	struct strings labels; /* of the daemon: "k=v" */
	struct strings mirrors, insecure_registries;
	struct builder *builder; /* borrowed */
};

struct docker_door;

/* Settings are copied.  The engine with its parts must outlive the door. */
struct docker_door *docker_door_new(struct engine *engine,
				    const struct docker_door_settings *settings, struct error *err);

/* Labels, mirrors and insecure registries are those of `settings` from now on, the rest of it is not looked at.
 * Tells it as the event "reload" of the daemon. */
void docker_door_reload(struct docker_door *door, const struct docker_door_settings *settings);

/* After http_server_free: no request is left then. */
void docker_door_free(struct docker_door *door);

/* Answer one request, now or later: the handler for http_server. */
void docker_door_serve(struct docker_door *door, struct http_request *request);
