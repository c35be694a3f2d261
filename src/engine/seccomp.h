/* Compiled seccomp programs.  libseccomp takes 170 ms for the default profile, so `wherry-worker
 * seccomp` does it, once; the program is kept under <data root>/seccomp
 * (sandbox/seccomp_program.h).  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

struct seccomp;

/* Begins with the default profile at once, so that no start has to wait for it.  Fails when the
 * daemon's own profile cannot be read. */
struct seccomp *seccomp_open(struct engine *engine, struct error *err);
void seccomp_close(struct seccomp *seccomp); /* NULL is fine */

/* Calls `done` when the program of this container is there: before this returns if it is. */
void seccomp_prepare(struct container *c, uint64_t capabilities,
		     void (*done)(void *data, const struct error *err), void *data);

/* Its path, owned; NULL: unconfined. */
char *seccomp_program(const struct container *c, uint64_t capabilities);
