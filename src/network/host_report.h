/* What has come of a plan of the whole host. */
#pragma once

#include "network/networks.h"

/* Sets what follows from it: `ready`, `failure`, those of each network, warnings; `again` where it has to be done
 * in another way.  `job_error`: the worker's own failure; NULL: it has answered. */
void networks_take_report(struct networks *n, const struct buffer *answer,
			  const struct error *job_error);

/* It is us who switch forwarding on: recorded before we do, since nobody could tell afterwards. */
void networks_remember_guard(struct networks *n);

/* There may be rules of ours in the tables of others: recorded before they are made, and taken back when they are
 * gone. */
void networks_remember_pass(struct networks *n, bool passes);
