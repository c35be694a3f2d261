/* The kernel's copy of our table: single elements go in and out through nfnetlink on sockets kept open
 * (some microseconds each); whole tables are loaded by the worker.  Notices from the kernel tell when
 * somebody else has removed the table, a chain or a map of it, so nothing needs to be looked up. */
#pragma once

#include "network/ruleset.h"

#include <uv.h>

struct firewall;

/* Called from the loop; either may be called more often than needed. */
struct firewall_listener {
	void (*lost)(void *data);    /* our table, or a part of it, was removed by somebody */
	void (*changed)(void *data); /* somebody's table has changed that is none of ours */
	void *data;
};

/* What we do to our own elements does not wake the process.  NULL on failure (no nf_tables in the
 * kernel, no rights), by name. */
struct firewall *firewall_open(uv_loop_t *loop, const char *table,
			       const struct firewall_listener *listener, struct error *err);
void firewall_close(struct firewall *firewall); /* rules stay; NULL is fine */

/* All or none, in one transaction.  An element that stands there already is taken over: removed and
 * added within the transaction.  err->os ENOENT: the table or a map is not there. */
bool firewall_add(struct firewall *firewall, const struct element *elements, size_t count,
		  struct error *err);

/* In one transaction: those of `gone` are removed, and those of `come` stand with what they say, whatever
 * stood there; no packet finds neither. */
bool firewall_replace(struct firewall *firewall, const struct element *gone, size_t gone_count,
		      const struct element *come, size_t come_count, struct error *err);

/* What is not there (any more) is no error. */
bool firewall_remove(struct firewall *firewall, const struct element *elements, size_t count,
		     struct error *err);
