/* The inside of `struct networks`, for the files of this folder. */
#pragma once

#include "network/firewall.h"
#include "network/network.h"
#include "network/network_driver.h"
#include "os/job.h"

/* The boot in which we closed the chain `router`; see ruleset.h. */
#define NETWORK_GUARD_KEY "network-guard"

struct network_waiter {
	network_done *done;
	void *data;
};

/* What happened to the maps while the table was being loaded: done when it stands. */
struct deferred_change {
	enum element_change change;
	struct element element;
};

struct networks {
	uv_loop_t *loop;
	struct store *store; /* borrowed */

	char *worker, *nft, *table, *host_gateway; /* owned */
	struct address default_host;		   /* family 0: 0.0.0.0 and :: */
	bool forward, forward_no_drop, firewall_on;

	struct {
		struct network **items; /* owned, as are the networks */
		size_t count, capacity;
	} list;
	struct network *default_network; /* what NetworkMode "default" means; NULL: `none` */
	struct map endpoints;		 /* endpoint id to struct network: who has addresses */
	struct port_table ports;

	/* The host's state (network_host.c). */
	struct firewall *firewall; /* NULL: off, or not started */
	struct job *job;	   /* the worker that is setting things up; NULL: none */
	bool ready, again, bridge_netfilter, guarded;
	int64_t built_ns; /* when the last worker was started */
	uv_timer_t retry;
	struct error failure; /* of the last worker; kind ERROR_NONE: it went well */
	struct strings warnings;
	struct {
		struct network_waiter *items;
		size_t count, capacity;
	} waiters; /* of the running worker */
	struct {
		struct deferred_change *items;
		size_t count, capacity;
	} deferred;
	struct job *forgetting;	      /* the worker that deletes conntrack entries */
	struct record_list to_forget; /* struct plan_flow, for the next one */
};

/* ---- network_host.c ---- */

/* Publish or unpublish elements, now or when the table stands. */
bool networks_change_elements(struct networks *n, enum element_change change,
			      const struct element *elements, size_t count, struct error *err);

/* Call `done` once no worker is under way any more; at once when none is. */
void networks_when_settled(struct networks *n, network_done *done, void *data);

/* Have the conntrack entries of a UDP port deleted, soon. */
void networks_forget_flows(struct networks *n, const char *address, uint16_t port);

/* ---- network.c ---- */

void network_free(struct network *network);
void networks_save(struct networks *n); /* write the records that have changed */

/* ---- ports.c ---- */

/* False when a record makes no sense, which only a foreign hand can cause. */
bool port_use_of(const struct published_port *port, struct port_use *use);

/* ---- network_settings.c ---- */

bool networks_apply_settings(struct networks *n, const struct network_settings *settings,
			     struct error *err);
