/* In the worker: the rules of this host that decide about what comes in. */
#pragma once

#include "network/host_rules.h"

/* Asks nft, and iptables-save where rules are of iptables; `own` and the tables of other daemons of ours
 * are left out, as are those that decide at none of the hooks up to `last`.  What cannot be asked is no error. */
void host_rules_read(const char *nft, const char *own, enum host_hook last,
		     struct host_rules *rules);

/* Are there rules whose changes the kernel tells nobody (of iptables-legacy)? */
bool host_rules_are_silent(void);
