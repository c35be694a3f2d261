/* A terminal out of a container's own devpts: its number and its owner are the container's. */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* `devpts` is the folder of the devpts mount.  Both ends are the caller's. */
bool terminal_new(int devpts, int *master, int *slave, struct error *err);

/* Zero rows and columns leave the size as it is. */
bool terminal_resize(int terminal, int32_t rows, int32_t columns, struct error *err);

/* Make it the controlling terminal of the caller, who is the leader of its session. */
bool terminal_take_control(int slave, struct error *err);
