/* Containers of recorded projects when the host was started anew.
 *
 * Those that the daemon itself would start are `due` instead, and for each project the command is started
 * once, which starts them in the order of their dependencies.  It decides the order, never whether: when it
 * has ended, however it did, or has started nothing for too long, what is due still is started by its
 * restart policy.
 *
 * A daemon that is killed meanwhile leaves three things: `due` in the records, which a start clears; in
 * <exec root>/boot, which goes with the host's memory, that this boot was seen, and each project's command. */
#pragma once

#include "engine/engine.h"

struct boot {
	bool fresh;		/* no daemon was here yet since the host was started */
	bool decided;		/* what is due is on disk */
	bool allowed;		/* the doors are open */
	size_t saving;		/* records on their way */
	struct strings waiting; /* projects whose command cannot be started yet; */
	struct link runs;	/* and those that it was started for: struct boot_run */
};

/* Before any container is looked at. */
void boot_open(struct engine *engine);
void boot_close(struct engine *engine);

/* The daemon would start it now: is it left to its project? */
bool boot_leaves(const struct container *c);
void boot_leave(struct container *c);
/* All were asked for. */
void boot_decided(struct engine *engine);

/* It runs: it is due no more.  The caller saves its record. */
void boot_note_start(struct container *c);
