/* Socket units: their shims hold what listens.  A service gets the descriptors when it starts; traffic starts
 * it.  For this folder only. */
#pragma once

#include "unit/units_private.h"

/* Ask the sockets of a service for their descriptors; `ready` is called when all have answered, at once
 * where there are none. */
void sockets_gather(struct unit_runtime *runtime, void (*ready)(struct unit_runtime *runtime));

/* What was gathered, and the connection of an Accept= socket: names and descriptors, at most MESSAGE_FDS. */
size_t sockets_take(struct unit_runtime *runtime, struct strings *names,
		    int fds[static MESSAGE_FDS]);

/* UNIT_SOCKETS_ARE, UNIT_TRIGGERED. */
void socket_message(struct unit_runtime *runtime, struct message *message);
/* Why its stop was ours, asked once: RESULT_SUCCESS where it was not. */
enum execution_result socket_take_given_up(struct unit_runtime *runtime);

/* Nobody waits for it, and it for nobody. */
bool socket_is_quiet(const struct unit_runtime *runtime);

void socket_gone(struct unit_runtime *runtime); /* its shim has ended */
void socket_free(struct unit_runtime *runtime);
