/* Single elements of the table, changed by messages of our own; while a worker runs they are kept. */
#pragma once

#include "network/networks.h"

/* Publish or unpublish elements, now or when the table stands. */
bool networks_change_elements(struct networks *n, enum element_change change,
			      const struct element *elements, size_t count, struct error *err);

/* Both at once (firewall_replace); `gone` has none of what `come` has.  Without a table nothing is done: the
 * one to come has them. */
bool networks_replace_elements(struct networks *n, const struct element *gone, size_t gone_count,
			       const struct element *come, size_t come_count, struct error *err);

/* The table stands: what waited for it. */
void networks_make_deferred(struct networks *n);
