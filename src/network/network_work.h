/* What `wherry-network change` does. */
#pragma once

#include "network/device_removal.h"
#include "network/network_plan.h"
#include "network/table_load.h"

/* What is done as far as anybody can see, but not for the kernel. */
struct network_rest {
	struct device_removals removals;
	struct table_load *load;
};

/* Carries the plan out and writes what came of it; failures stand in the report.  `rest` is left to be
 * waited for when the report was sent. */
void network_work(const struct network_plan *plan, struct network_report *report,
		  struct network_rest *rest);
void network_rest_end(struct network_rest *rest);
