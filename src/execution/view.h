/* What a process sees of the file system, as a list of places: ProtectSystem=, ReadWritePaths=, BindPaths= and
 * their kin put in order.  Pure; start_mounts.c carries it out.
 *
 * Places stand sorted, outer ones first, each path once: what the user has written himself beats what a
 * Protect key says of the same path. */
#pragma once

#include "execution/plan.h"

enum view_source {
	VIEW_ITSELF,  /* what is there, with other attributes */
	VIEW_BIND,    /* `source` of the host */
	VIEW_TMPFS,   /* `source` are its options */
	VIEW_HIDDEN,  /* nobody can read it */
	VIEW_DEVICES, /* a /dev with a few devices */
};

struct view_place {
	char *path; /* absolute, below the root */
	enum view_source kind;
	char *source; /* NULL */
	bool optional;
	bool shallow;	     /* BindPaths=a:b:norbind */
	uint64_t set, clear; /* MOUNT_ATTR_* */
};

struct view {
	struct view_place *items;
	size_t count, capacity;
	bool read_only_root; /* ProtectSystem=strict: of all that is not in a place */
};

struct view_folders { /* for PrivateTmp= */
	const char *tmp, *var_tmp;
};

/* Whether there is anything to do at all. */
bool view_is_needed(const struct execution_context *context);
void view_collect(const struct execution_context *context, const struct view_folders *folders,
		  struct view *out);
void view_fini(struct view *view);
