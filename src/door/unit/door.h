/* Units over HTTP: /wherry/v1/..., on the same sockets as Docker's API (docs/units-api.yaml).
 *
 * A door translates: it keeps nothing but requests that are under way.  What has to look at files or at
 * /proc does so in a thread of the pool. */
#pragma once

#include "http/http_server.h"
#include "unit/units.h"

struct unit_door_settings {
	const char *shim;	    /* wherry-shim: serves the journal */
	const char *journal_folder; /* absolute */
	/* The daemon ends once this turn of the loop is over, and is started again by who started it; NULL: nobody
	 * would. */
	void (*begin_again)(void *data);
	void *data;
};

struct unit_door;

/* Settings are copied; units must outlive the door. */
struct unit_door *unit_door_new(struct units *units, struct engine *engine,
				const struct unit_door_settings *settings);
void unit_door_free(struct unit_door *door); /* after http_server_free */

/* Is that path one of this door? */
bool unit_door_has(const char *path);
void unit_door_serve(struct unit_door *door, struct http_request *request);
