/* Projects over HTTP: /wherry/v1/projects, on the same sockets as Docker's API (docs/projects-api.yaml). */
#pragma once

#include "engine/engine.h"
#include "http/http_server.h"
#include "project/projects.h"

struct project_door;

/* Both must outlive the door. */
struct project_door *project_door_new(struct projects *projects, struct engine *engine);
void project_door_free(struct project_door *door); /* after http_server_free */

/* Is that path one of this door? */
bool project_door_has(const char *path);
void project_door_serve(struct project_door *door, struct http_request *request);
