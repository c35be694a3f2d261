/* --link: containers of the default network that know others by address (a line in hosts, variables).  On
 * networks of users links are names instead (names.h).
 *
 * What is kept is the id of whom a link leads to (container.links); HostConfig.Links says it by the
 * names of today, "/web:/linking/alias", as the API shows it.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

struct container_link {
	char *target, *alias; /* owned */
};
void link_fini(struct container_link *link);
#define scoped_link scoped_with(link_fini)

/* "web", "web:alias", "/web:/linking/alias".  ERROR_INVALID in Docker's words. */
bool link_parse(const char *text, struct container_link *out, struct error *err);

/* Are its links those of the default network? */
bool links_are_addresses(const struct container *c);

/* At create: find whom they lead to. */
bool links_resolve(struct container *c, struct error *err);

/* Names have changed, or somebody is gone: write every HostConfig.Links anew. */
void links_rename(struct engine *engine);

/* At start: whoever it is linked to must run. */
bool links_check_running(const struct container *c, struct error *err);

/* A restart by itself waits for those that are being restarted too, and begins when their state changes. */
bool links_must_wait(struct container *c);
void links_tell_state(struct container *c);

/* Variables and lines of hosts ("alias id12 name" to the address); added to `out`. */
void links_add_environment(const struct container *c, struct strings *out);
void links_add_hosts(const struct container *c, struct pairs *out);

/* Who was linked to `old` is linked to `new` from now on. */
void links_lead_to(const struct container *old, const struct container *new);

/* It has addresses now: the hosts files of those that know it are changed where they lie, for they are
 * mounted. */
void links_tell_address(struct container *c);

/* Where containers of the default network are kept apart: who is linked reaches the ports that the other one
 * exposes, and no others.  Whenever an address, or a link, has come or gone. */
void links_open_ports(struct engine *engine);
