/* Lists of dependencies, each once however many units have it: most files say nothing but what all of their type
 * get by rule.  From any thread. */
#pragma once

#include "unit/config.h"

/* A list that equals `items`, NULL for none; it stays until it has been let go as often as it was got. */
const struct unit_dependency *dependency_pool_get(const struct unit_dependency *items,
						  size_t count);
void dependency_pool_release(const struct unit_dependency *items); /* takes NULL */
