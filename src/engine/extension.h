/* What a request to create a container may ask for beyond the Engine API (docs/compose-api.md): its member
 * `Wherry`.  Pure. */
#pragma once

#include "base/error.h"
#include "format/record.h"

/* Containers that share a name, and what of theirs is shared out among them. */
struct container_group {
	char *name;
	bool balance; /* host ports that several of them publish */
	bool vip;     /* an address on each network that their aliases lead to */
};

struct extension {
	bool hold; /* published ports and names are held back until a takeover gives them */
	struct container_group *group; /* owned; NULL: none */
};
extern const struct record_type container_group_type, extension_type;

/* ERROR_INVALID by the member's name.  NULL is fine: nothing was asked for. */
bool extension_check(const struct extension *extension, struct error *err);
