/* What the whole host is to be: devices, sysctls, the table. */
#pragma once

#include "network/networks.h"

/* Fills a zeroed plan; the caller frees it. */
void networks_plan_host(struct networks *n, struct network_plan *plan);
