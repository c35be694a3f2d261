/* Waits that outlive the daemon although their container has no shim (shim/keeper.h): the process that
 * holds them is started with the first and ends with the last. */
#pragma once

#include "engine/engine_private.h"

/* Hold it too.  The key that keeper_forget wants; 0: it could not be, and goes with the daemon. */
int64_t keeper_keep(struct container *c, const struct shim_wait *wait, int fd);
/* As keeper_keep with the same key: the process that held it is gone. */
void keeper_keep_again(struct container *c, const struct shim_wait *wait, int fd, int64_t key);
void keeper_forget(struct engine *engine, int64_t key);

/* Take back what an earlier daemon had given; goes on in the loop. */
void keeper_adopt(struct engine *engine);
void keeper_close(struct engine *engine);
