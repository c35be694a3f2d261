/* Containers that share a name (extension.h), and what is shared out among them: published ports, and an address on
 * each network.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* Its name, where its members share published ports; NULL: they do not. */
const char *group_of_ports(const struct container *c);

/* It starts: on each of its networks it gets the address of its group, which is chosen where it has none. */
void group_take_addresses(struct container *c);

/* It is about to be forgotten: addresses that nobody else of its group has are free again. */
void group_leave(struct container *c);

/* Who of the group of `c` serves: all that can, or all where none can.  Whenever one has come or gone, or can
 * serve now, or not any more. */
void group_refresh(const struct container *c);
void groups_refresh(struct engine *engine); /* all of them: what runs was just found out */

/* It can serve now, or not any more: names and ports follow. */
void container_serving_changed(struct container *c);
