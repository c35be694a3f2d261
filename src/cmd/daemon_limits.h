/* What the daemon's process takes of the host: descriptors, memory, its place before the OOM killer. */
#pragma once

#include "cmd/daemon.h"

void daemon_bound_heap(void);				       /* before anything is allocated */
bool daemon_raise_limits(struct daemon *d, struct error *err); /* a step */
