/* In the worker: rulesets of others that would drop our traffic.  An accept of ours does not overrule
 * a drop of theirs, and we do not write into what is not ours; so they are named. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

struct own_rules {
	const char *table;
	const char *const *bridges; /* ends in NULL */
	bool ipv6;		    /* bridges have IPv6 */
	bool relays4;		    /* shims carry IPv4 ports too */
};

/* Adds a text for each foreign base chain in `listing` (of `nft -j list ...`) that drops what is
 * forwarded, or what comes in for a relay, unless a rule of it lets it pass: by its policy, or by a
 * last rule that drops or rejects everything.  A chain that has rules with the names of our bridges,
 * or leads to chains that have, was told of us and is left out. */
void foreign_rules_judge(const json_t *listing, const struct own_rules *own,
			 struct strings *warnings);

/* The same of this host: nftables by asking nft, and the filter table of iptables-legacy, which nft
 * does not see (IPv4).  What cannot be looked at is no error. */
void foreign_rules_find(const char *nft, const struct own_rules *own, struct strings *warnings);
