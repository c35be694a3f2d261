/* The zones that a container sees: files of the daemon, mapped read-only, looked at again when the
 * daemon has replaced them. */
#pragma once

#include "base/text.h"
#include "format/zone.h"

struct names_zone;

struct names_zones {
	int folder;		  /* owned; -1: none */
	struct names_zone *items; /* owned */
	struct zone *open;	  /* owned: those that there are, in order; what names_view wants */
	size_t count, open_count;
};

void names_zones_init(struct names_zones *zones);
void names_zones_fini(struct names_zones *zones);

/* Those of the files with these names in the folder; whether they are there is looked at later.  The
 * folder is opened only once: later calls may have fewer rights. */
void names_zones_set(struct names_zones *zones, const char *folder, const struct strings *ids);

/* Map what has been replaced.  A system call for each zone. */
void names_zones_refresh(struct names_zones *zones);
