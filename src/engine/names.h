/* Names of containers on networks of users: zones for shims (shim/names.h).  Only for this folder. */
#pragma once

#include "engine/engine_private.h"
#include "os/job.h"

#define ZONES_FOLDER "n" /* below the exec root */

/* Its names are found, or not any more, from now on. */
void names_show(struct container_run *run);
void names_hide(struct container_run *run);

/* Whether it can serve, or is held back, has changed. */
void names_refresh(struct container *c);

/* It runs, and is called something else now, or is on other networks: its shim is told.  `left`: one that
 * it is not on any more; NULL: none. */
void names_change(struct container *c, const struct endpoint_spec *left);

/* Everything that runs is known: from here on zones are written.  Those of an earlier daemon stand until
 * then. */
void names_begin(struct engine *engine);

/* Before the start: note in its plan whether its shim is to answer for names. */
void names_note(struct container_run *run);

/* What that shim is told; owned.  NULL: it does not answer. */
struct shim_names *names_for(const struct container_run *run);

/* ---- names that come late ---- */

/* It was started on the default network alone, and is on one with names now. */
bool names_are_missing(const struct container_run *run);

/* Have its shim given sockets for names; plan and resolv.conf are the caller's.  NULL on failure. */
struct job *names_open(struct container_run *run, job_done *done, void *data, struct error *err);
