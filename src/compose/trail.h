/* Where a walk through a tree is, held on the stack; made into text only when something is to be said. */
#pragma once

#include "base/text.h"

struct trail {
	const struct trail *up; /* NULL: the top */
	const char *key;	/* NULL: an item of a list */
	size_t index;
};

/* "services.web.ports[0]"; owned by the caller. */
char *trail_text(const struct trail *trail);
