/* In the worker: letting containers' packets pass the forward chains of others, where the daemon was asked to
 * (--published-ports-bypass-firewall).  An accept of ours does not overrule a drop of theirs, so in front of
 * each forward chain that drops (by its policy, or a last rule) rules are put that accept what comes from or
 * goes to our bridges; our own chains have said which of that may pass. */
#pragma once

#include "base/text.h"

#include <jansson.h>

struct forward_pass {
	const char *nft;
	const char *
		table; /* our own: its name marks the rules, and names our chain in those of iptables */
	const char *const *bridges; /* ends in NULL; none: what is marked goes */
};

/* What stands there already is left alone, what differs is made anew, so it may be called at any time.
 * What fails is a warning. */
void forward_pass_set(const struct forward_pass *pass, struct strings *warnings);

/* ---- what is to be done (pure) ---- */

/* For `nft -f -`, from `nft -j list chain`; empty: nothing. */
void forward_pass_nft(const json_t *listing, const struct forward_pass *pass, struct buffer *out);

/* For `iptables-restore --noflush`, from `iptables-save -t filter`; empty: nothing. */
void forward_pass_save(const char *save, const struct forward_pass *pass, struct buffer *out);
