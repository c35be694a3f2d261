#pragma once

#include "network/networks.h"

/* Nobody is told any more. */
void networks_cancel_links(struct networks *n);
