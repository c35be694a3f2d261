/* Compiled seccomp programs.  libseccomp takes 170 ms for the default profile, so `wherry-worker
 * seccomp` does it, once: the program is kept under <data root>/seccomp by profile, capabilities and
 * kernel.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

struct seccomp;

struct seccomp *seccomp_open(struct engine *engine); /* begins with the default profile */
void seccomp_close(struct seccomp *seccomp);	     /* NULL is fine */

/* Calls `done` when the program of this container is there: at once if it is.  A container without
 * a filter needs none. */
void seccomp_prepare(struct engine *engine, struct container *c, uint64_t capabilities,
		     void (*done)(void *data, const struct error *err), void *data);

/* Path of the program, after seccomp_prepare; NULL: unconfined.  Borrowed. */
const char *seccomp_program(struct engine *engine, const struct container *c);
