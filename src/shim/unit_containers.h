/* The containers that belong to a unit: told by the daemon, stopped by it when we ask, ended by us when it
 * does not come. */
#pragma once

#include "shim/unit.h"

/* Or are being made: what was asked for is not known to have gone. */
bool unit_containers_are_there(const struct unit_shim *u);

/* It is about to run, or runs.  False: it was asked for, and is not wanted any more. */
bool unit_containers_add(struct unit_shim *u, const struct unit_container *container,
			 struct error *err);
void unit_containers_gone(struct unit_shim *u, const struct unit_container_gone *gone);

void unit_containers_stop(struct unit_shim *u, int64_t us);
void unit_containers_stopped(struct unit_shim *u);
void unit_containers_ask_again(struct unit_shim *u); /* another daemon */
void unit_containers_end(struct unit_shim *u);	     /* kill them */
void unit_containers_take(struct unit_shim *u);	     /* one is the main process */
void unit_containers_free(struct unit_shim *u);

bool unit_containers_have_run(const struct unit_shim *u); /* one of those that are not gone */

/* Their ids. */
void unit_containers_list(const struct unit_shim *u, struct strings *ids);

/* What an EXITED of a main process says about its container. */
void unit_containers_describe(const struct unit_shim *u, bool control, struct machine_event *event);
