/* Containers that belong to somebody: to the unit whose process asked for their start.
 *
 * The engine knows no units.  It asks for the owner of a client's control group, keeps the answer in the
 * container's record, runs the container below the owner's control group, and tells the owner: before it
 * exists (so that no death in between loses it), once its first process is there, and when it is gone, its
 * removal included.  A start by anybody else ends the ownership. */
#pragma once

#include "engine/container.h"

struct owner {
	char *name;	   /* "web.service" */
	char *invocation;  /* of the run that the start belongs to */
	char *cgroup_path; /* its own, below each hierarchy */
};
void owner_fini(struct owner *owner);

struct owner_adoption {
	struct container *container;
	int64_t client;		 /* pid of who asked for the start; 0: unknown */
	bool detached;		 /* nobody is attached to it */
	int64_t pid, start_time; /* of its first process; 0: not there yet */
};

typedef void owner_known(void *data, const struct error *err);

struct owner_handlers {
	/* Whose control group is this (as /proc/PID/cgroup has it), and where will the container of this id be?
	 * False: nobody's. */
	bool (*find)(void *data, const char *cgroup, const char *id, struct owner *out);

	/* Remember it; `known` is called once, from the loop, when its owner will not lose it any more.  With
	 * an error the start fails. */
	void (*adopt)(void *data, const struct owner_adoption *adoption, owner_known *known,
		      void *known_data);

	/* It does not run any more, and is removed if it was to be. */
	void (*gone)(void *data, const char *owner, const char *id, int64_t code, bool oom);

	/* A client in this control group waits for a pull, of which bytes arrive. */
	void (*progress)(void *data, const char *cgroup);
};

/* Its owner has known of it since before it ran; the daemon that started it died before it could record that. */
void container_claim(struct container *c, const struct owner *owner);
