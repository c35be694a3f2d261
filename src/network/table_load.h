/* In the worker: our tables become what a plan says.  What is as it is to be is not touched (table_form.h), and
 * of maps only what differs. */
#pragma once

#include "network/network_plan.h"

struct table_load;

/* `rules` in place of the plan's.  Then wait until it is in force, and end, which waits for nft and frees. */
struct table_load *table_load_begin(const struct network_plan *plan, const char *rules,
				    struct error *err);
bool table_load_wait(struct table_load *load, struct error *err);
void table_load_end(struct table_load *load); /* NULL is fine */

/* All of it. */
bool table_load(const struct network_plan *plan, const char *rules, struct error *err);
