/* The control group of a unit with its processes, as the kernel shows it.  Blocks on /proc: in the pool. */
#pragma once

#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

struct unit_tree {
	char *elsewhere; /* owned: its whole path, where that is not below its parent's; NULL */
	char *name;	 /* last part of the path; owned, as all below */
	struct {
		struct unit_process {
			pid_t pid;
			char *command;
		} * items;
		size_t count, capacity;
	} processes;
	struct {
		struct unit_tree **items;
		size_t count, capacity;
	} children;
};

/* NULL: it is not there, or nobody is in it.  Where processes live in a leaf `self`, they are shown above. */
struct unit_tree *unit_tree_read(const char *cgroup);
void unit_tree_free(struct unit_tree *tree);

/* What its files say; -1: not known. */
bool unit_tree_is_frozen(const char *path);
void unit_tree_usage(const char *cgroup, int64_t *memory, int64_t *tasks, int64_t *cpu_ns);
