/* What is known by name and not done: an error, or a warning. */
#include "compose/check.h"

#include <string.h>

/* Null, false and empty ones ask for nothing. */
static bool is_used(const struct node *value)
{
	switch (value->kind) {
	case NODE_NULL:
		return false;
	case NODE_BOOL:
		return value->truth;
	case NODE_LIST:
	case NODE_MAP:
		return value->count > 0;
	case NODE_INT:
	case NODE_FLOAT:
	case NODE_TEXT:
		break;
	}
	return true;
}

static void check_members(const struct check *c, const struct attribute *map,
			  const struct node *node, const char *prefix)
{
	node_each(member, node) {
		const struct attribute *row = attribute_child(map, member->key);

		if (!row || !(row->flags & (ATTRIBUTE_UNSUPPORTED | ATTRIBUTE_IGNORED)) ||
		    !is_used(member->value))
			continue;
		scoped_free char *path = str_format("%s%s", prefix, member->key);
		if (row->flags & ATTRIBUTE_UNSUPPORTED)
			check_error(c, member->place, path, "'%s' is not supported yet",
				    member->key);
		else
			check_warn(c, member->place, path, "'%s' has no effect here", member->key);
	}
}

void check_effects(const struct check *c, const struct attribute *map)
{
	check_members(c, map, c->node, "");
	if (map == &attributes_service)
		check_members(c, attribute_child(map, "build"), node_get(c->node, "build"),
			      "build.");
}
