/* Containers that share a name (extension.h), and what is shared out among them: published ports.  Only for
 * this folder. */
#pragma once

#include "engine/engine_private.h"

/* Its name, where its members share published ports; NULL: they do not. */
const char *group_of_ports(const struct container *c);

/* Who of the group of `c` serves: all that can, or all where none can.  Whenever one has come or gone, or can
 * serve now, or not any more. */
void group_refresh(const struct container *c);
void groups_refresh(struct engine *engine); /* all of them: what runs was just found out */

/* It can serve now, or not any more: names and ports follow. */
void container_serving_changed(struct container *c);
