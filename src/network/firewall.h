/* The kernel's copy of our table: single elements go in and out through nfnetlink on sockets kept open
 * (some microseconds each); whole tables are loaded by the worker.  Notices from the kernel tell when
 * somebody else has removed the table, a chain or a map of it, so nothing needs to be looked up. */
#pragma once

#include "network/ruleset.h"

#include <uv.h>

struct firewall;

/* `lost` is called from the loop when our table, or a part of it, was removed by somebody.  Only
 * messages about removed or new tables wake the process.  NULL on failure (no nf_tables in the kernel,
 * no rights), by name. */
struct firewall *firewall_open(uv_loop_t *loop, const char *table, void (*lost)(void *data),
			       void *data, struct error *err);
void firewall_close(struct firewall *firewall); /* rules stay; NULL is fine */

/* All or none, in one transaction.  An element that stands there already is taken over: removed and
 * added within the transaction.  err->os ENOENT: the table or a map is not there. */
bool firewall_add(struct firewall *firewall, const struct element *elements, size_t count,
		  struct error *err);

/* What is not there (any more) is no error. */
bool firewall_remove(struct firewall *firewall, const struct element *elements, size_t count,
		     struct error *err);
