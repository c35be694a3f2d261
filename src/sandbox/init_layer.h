/* A layer between an image and what a container writes: the places that a sandbox mounts to.
 *
 * Without it each start would make them in the writable layer: they would show up as changes of the
 * container, be committed with it, and cost a copy of /etc and some writes.  One for all containers. */
#pragma once

#include "base/error.h"

/* Make it, or complete it, at an absolute path; for sandbox_spec.init_layer.  A few system calls; call
 * it once, when the daemon starts. */
bool init_layer_make(const char *path, struct error *err);
