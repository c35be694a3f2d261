/* The processes that a shim forks beside its group: each serves a client, and is forgotten when it
 * ends. */
#pragma once

#include "base/error.h"
#include "shim/loop.h"

struct children {
	struct loop *loop;
	struct child *first;

	/* One has ended; may be NULL. */
	void (*ended)(struct children *children);
};

/* Like fork(): in the child 0, and only the descriptors of `keep` are left, renumbered 3, 4 ... */
int children_fork(struct children *children, const int *keep, size_t keep_count, struct error *err);
