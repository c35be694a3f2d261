/* Whether one container may have the published ports of another: pure. */
#pragma once

#include "network/network.h"

/* `held`: what one container has (struct published_port); `wanted`: what the other asks for.  `out`, an empty
 * list, becomes a copy of `held` with the container's ports of who is to have them.  Both must publish the
 * same numbers of the same addresses: ERROR_CONFLICT names one that only one of them does. */
bool handover_match(const struct record_list *held, const struct port_request *wanted, size_t count,
		    struct record_list *out, struct error *err);
