/* The filesystem of a container, built by the container's first process in its own mount namespace. */
#pragma once

#include "sandbox/outside.h"

struct inside {
	const struct sandbox_spec *spec;
	const struct outside *outside;
	int root; /* the mount of the root; given (user namespaces) or made */
	int proc; /* mounts of the standard filesystems, -1 before they are made */
	int dev, pts;
	int sysctl; /* /proc/sys before it is made read-only; -1 when nothing is to be set */
};

void inside_init(struct inside *in, const struct sandbox_spec *spec, const struct outside *outside);

/* Everything up to the new root being the process's root, with nothing of the host left to see. */
bool inside_build(struct inside *in, struct error *err);

/* Once the network is there: some settings belong to its interfaces. */
bool inside_set_sysctls(const struct inside *in, struct error *err);
