/* In the worker: what a running container is connected to changes. */
#pragma once

#include "network/network_plan.h"

/* Takes the removed links away, makes the added ones, and sets the default routes.  A container that is
 * gone meanwhile is ERROR_CONFLICT; what is removed may be gone.  After a failure the links that were
 * added are gone. */
bool links_change(const struct plan_links *change, struct error *err);
