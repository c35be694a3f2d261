/* Keeping the host as the model says. */
#pragma once

#include "network/networks.h"

/* Is a worker setting the host up, or about to? */
bool networks_are_pending(const struct networks *n);

/* As networks_repair, without looking at the rules of others: a network has come or goes. */
void networks_rebuild(struct networks *n, network_done *done, void *data);

/* The table, or a part of it, was removed by somebody: it is made again. */
void networks_lose_table(struct networks *n);

/* The same where the kernel did not take a change: what stands there may be anything. */
void networks_make_anew(struct networks *n, const struct error *err);
