/* The inside of `struct networks`, for the files of this folder. */
#pragma once

#include "base/list.h"
#include "network/firewall.h"
#include "network/host_facts.h"
#include "network/network.h"
#include "network/network_driver.h"
#include "network/network_plan.h"
#include "os/job.h"

/* The boot in which we closed the chain `router`; see ruleset.h. */
#define NETWORK_GUARD_KEY "network-guard"

/* The boot whose kernel cannot take turns. */
#define NETWORK_TURNS_KEY "network-no-turns"

/* There may be rules of ours in the tables of others; see forward_pass.h. */
#define NETWORK_PASS_KEY "network-pass"

/* The /48 of unique local addresses that IPv6 subnets are chosen from: random, once and for all. */
#define NETWORK_ULA_KEY "network-ula"

struct network_waiter {
	network_done *done;
	void *data;
	bool settled; /* for the elements too, not for the host's state alone */
};

/* What happened to the maps while the table was being loaded: done when it stands. */
struct deferred_change {
	enum element_change change;
	struct element element;
};

struct network_list {
	struct network **items; /* owned, as are the networks */
	size_t count, capacity;
};

struct networks {
	uv_loop_t *loop;
	struct store *store; /* borrowed */

	char *worker, *nft, *table, *host_gateway; /* owned */
	struct address default_host;		   /* family 0: 0.0.0.0 and :: */
	int32_t mtu;				   /* of networks that name none */
	bool forward, forward_no_drop, firewall_on, past_firewall;

	struct network_list list;
	struct network_list making;  /* recorded, but not there yet: nobody sees them */
	struct network_list leaving; /* not to be seen any more, but may be there */
	struct {
		struct pool_template *items; /* owned: --default-address-pool */
		size_t count, capacity;
	} templates;
	struct subnet ula;		 /* base.family 0: none was needed yet */
	struct network *default_network; /* what NetworkMode "default" means; NULL: `none` */
	struct map endpoints;		 /* endpoint id to struct network: who has addresses */
	struct port_table ports;
	struct openings openings; /* between containers of the default network */

	/* The host's state (network_host.c). */
	struct firewall *firewall; /* NULL: off, or not started */
	struct job *job;	   /* the worker that is setting things up; NULL: none */
	bool answered;		   /* it has reported, and waits for the kernel */
	bool ready, again, bridge_netfilter, guarded;
	bool passes;	  /* rules of ours in the tables of others, too */
	bool look;	  /* the next worker also looks at the rules of others, */
	bool looked;	  /* and so did the last one */
	bool no_turns;	  /* the kernel has none: what is shared is relayed */
	int64_t built_ns; /* when the last worker was started */
	unsigned deaths;  /* how often in turn it did not answer */
	uv_timer_t retry;
	uv_timer_t foreign;   /* somebody's rules have changed */
	bool only_host;	      /* the next worker has nothing to do unless they have */
	char *host;	      /* owned: our copy of them; NULL: never made */
	struct error failure; /* of the last worker; kind ERROR_NONE: it went well */
	struct strings warnings;
	struct {
		struct network_waiter *items;
		size_t count, capacity;
	} waiters; /* of the running worker */
	struct {
		network_done *done;
		void *data;
	} started; /* who waits for the first */
	struct {
		struct deferred_change *items;
		size_t count, capacity;
	} deferred;
	struct link linking;	      /* struct link_job: workers that change running containers */
	struct link asking;	      /* struct ask_job: workers that look at the host's rules */
	struct job *forgetting;	      /* the worker that deletes conntrack entries */
	struct record_list to_forget; /* struct plan_flow, for the next one */
};

/* ---- shared_address.c ---- */

/* No group has an address any more: the next table, and the bridges, do without. */
void networks_drop_all_shared(struct networks *n);

/* ---- network_table.c ---- */

/* Networks that are seen, and those that are on their way to it. */
size_t networks_present_count(const struct networks *n);
struct network *networks_present(const struct networks *n, size_t index);

/* What the table is to be. */
void networks_plan_table(const struct networks *n, struct network_plan *plan);

/* ---- network.c ---- */

const struct network_driver *network_driver_find(const char *name); /* NULL: there is none */
void network_free(struct network *network);
void network_save(struct networks *n, struct network *network, store_done *done, void *data);
void network_forget(struct networks *n, const struct network *network); /* its record goes */
void networks_save(struct networks *n); /* write the records that have changed */
void network_list_remove(struct network_list *list, const struct network *network);

/* ---- ports.c ---- */

/* False when a record makes no sense, which only a foreign hand can cause. */
bool port_use_of(const struct published_port *port, struct port_use *use);

/* Elements before and after a change; in any order. */
struct table_change {
	struct networks *networks;
	struct element_list before, after;
};

/* What differs, in one transaction; the lists are freed. */
bool table_change_make(struct table_change *change, struct error *err);

/* ---- port_reserve.c ---- */

/* The container's address for clients of use->key.host, of the same family where it has one, and
 * whether the shim has to carry it.  False: it has none. */
bool port_choose_target(const struct networks *n, const struct endpoint_spec *endpoint,
			struct port_use *use);

/* ---- network_create.c ---- */

/* The next subnet of a family that is free. */
bool networks_choose_subnet(struct networks *n, int family, struct subnet *out, struct error *err);

/* ---- network_settings.c ---- */

bool networks_apply_settings(struct networks *n, const struct network_settings *settings,
			     struct error *err);
