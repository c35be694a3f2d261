/* In the worker: taking a device away.  The kernel unlists it, tells everybody, and only then waits until
 * nobody reads it any more, 20 ms and longer, before it lets the remover go.  Who has asked need not wait
 * for that:
 *
 *	begin ... wait_gone (nobody finds it any more; its name is free) ... answer ... end */
#pragma once

#include "base/error.h"

struct device_removal;

/* The device of this network namespace, or of `netns` unless that is -1.  *out is NULL when there is none by
 * that name. */
bool device_removal_begin(const char *name, int netns, struct device_removal **out,
			  struct error *err);

/* Until it is gone for everybody, or stays.  NULL is gone. */
bool device_removal_wait_gone(struct device_removal *removal, struct error *err);

/* Until the kernel is done with it; frees.  NULL is fine. */
void device_removal_end(struct device_removal *removal);

/* Those that are gone for everybody but the kernel. */
struct device_removals {
	struct device_removal **items; /* owned */
	size_t count, capacity;
};

void device_removals_end(struct device_removals *removals);
