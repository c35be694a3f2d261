/* What a run takes from the networks: addresses, ports, and the files that tell them inside.  Only
 * for this folder. */
#pragma once

#include "engine/engine_private.h"

/* Take addresses and reserve ports; the plan and the container's shown settings hold what was given.
 * `ports` keeps the sockets for the shim.  After failure run_free_network gives everything back. */
bool run_take_network(struct container_run *run, const struct network_mode *mode,
		      struct ports *ports, struct error *err);

/* One more endpoint: allocated, in the plan, shown in `settings`; owned by the plan. */
struct endpoint_spec *run_take_endpoint(struct container_run *run, const char *network,
					struct endpoint_settings *settings, struct error *err);

/* The plan as it is now, into the run folder, so that the next daemon knows it. */
bool run_save_plan(struct container_run *run, struct error *err);

/* What the container asks to have published; vector_fini frees it.  ERROR_INVALID. */
struct wanted_ports {
	struct port_request *items; /* its texts are the container's */
	size_t count, capacity;
};
bool run_wanted_ports(const struct container *c, struct wanted_ports *out, struct error *err);

/* As inspect shows them. */
void container_show_ports(struct container *c, const struct record_list *published);

/* What it is to carry (struct relay_spec), to the shim; the list is freed. */
void run_tell_relays(struct container_run *run, struct record_list *relays);

/* It was held back: reserve what it asks for, and publish it.  Nothing is done after a failure. */
bool run_take_ports(struct container_run *run, struct error *err);

/* The sockets of what was reserved, to the shim. */
void run_send_ports(struct container_run *run, const struct ports *ports);
void run_send_sockets(struct container_run *run, const int *sockets, size_t count);

/* It has links that can be cut from inside alone, or has them now: keep the way there. */
void run_open_netns(struct container_run *run);

/* Its networks have changed: published ports lead to where the way out is now. */
void run_move_ports(struct container_run *run);

/* Its addresses have changed: in place, for the file is mounted. */
bool run_rewrite_hosts(struct container_run *run, struct error *err);

/* Its shim answers for names now (plan.names): likewise. */
bool run_rewrite_resolv_conf(struct container_run *run, struct error *err);

/* Take away what an earlier daemon was about to connect or disconnect (connect.c). */
void run_settle_networks(struct container_run *run);

/* Write hosts, hostname and resolv.conf into etc/ of the run folder. */
bool run_write_etc(struct container_run *run, const struct network_mode *mode, int run_folder,
		   struct error *err);

/* Whom to ask for names of others, in order: what the container asked for, else the host's own, also those
 * on its loopback. */
void run_name_servers(const struct container *c, struct strings *out);

/* The present addresses of a container that runs already, from its plan. */
void run_show_network(struct container_run *run);
