/* Who may change a project now: one at a time, the others in the order in which they came.
 *
 * A lease is an agreement between clients: nothing else asks for it.  It lives in memory alone,
 * since it is never older than the connection that it came by. */
#pragma once

#include <stdbool.h>

struct leases;
struct lease;

struct leases *leases_new(void);
void leases_free(struct leases *leases); /* when all of them were dropped; NULL is fine */

struct lease_request {
	const char *project;
	const char *holder;	  /* as who waits for it is told */
	bool again;		  /* it was had before the daemon restarted: before all that wait */
	void (*held)(void *data); /* it had to wait, and has it now */
	void *data;
};

/* Never NULL; to be given back by lease_drop. */
struct lease *leases_ask(struct leases *leases, const struct lease_request *request);

/* The holder that it waits for; NULL: it is held. */
const char *lease_waits_for(const struct lease *lease);

/* Give it up, held or not: the next one has it before this returns.  NULL is fine. */
void lease_drop(struct lease *lease);
