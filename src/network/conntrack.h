/* In the worker: deleting entries of the kernel's connection tracking.  A UDP "connection" goes where
 * its first datagram went for as long as datagrams come, also when the container is gone or the port
 * was published only later. */
#pragma once

#include "network/network_plan.h"

/* Deletes the UDP entries that one of `flows` (struct plan_flow) describes:
 *	address   those that were translated to this container
 *	port      those to this port of the host that were not translated at all
 * Walks the whole table once.  A kernel without connection tracking has none. */
bool conntrack_forget(const struct record_list *flows, struct error *err);
