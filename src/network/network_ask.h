#pragma once

#include "network/networks.h"

/* Nobody is told any more. */
void networks_cancel_asking(struct networks *n);
