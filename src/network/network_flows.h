#pragma once

#include "network/networks.h"

/* Have the conntrack entries of a UDP port deleted, soon: those to the container's `address` (NULL: any) and the
 * host's `port` (0: any). */
void networks_forget_flows(struct networks *n, const char *address, uint16_t port);
