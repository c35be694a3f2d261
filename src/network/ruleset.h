/* Our nftables table as text: pure functions.
 *
 *	raw          what claims to be of loopback but comes from elsewhere is dropped; this is what
 *		     makes route_localnet on our bridges safe
 *	prerouting,  packets for this host are looked up in four maps: by address, then by port alone,
 *	output	     in both families; what is found is sent to the container
 *		     where a group shares a port, in four more, by the number that is next
 *		     what is sent to an address that a group shares, from its own network, likewise
 *	postrouting  containers going out get the host's address; so does who would otherwise be answered
 *		     directly past our translation (see masquerade below)
 *	forward      into a bridge goes only what was sent there by our maps, answers, or comes from the
 *		     same bridge, where its containers are kept apart only what the set `linked` names;
 *		     out of an internal one goes nothing
 *	host	     the host's own rules about what comes in, asked for published ports: left empty here,
 *		     see host_rules.h
 *
 * It comes in two parts.  The base is what only another version of ours, or another kernel, has otherwise: maps,
 * sets, chains without rules, and the rules that lead to containers, whatever stands in the maps.  The others
 * follow from networks. */
#pragma once

#include "network/element.h"

struct ruleset_bridge {
	const char *name;
	struct subnet subnets[2]; /* prefix -1: not there */
	bool icc, masquerade;
	bool internal;		/* nothing goes in or out but from the host itself */
	const char *sources[2]; /* what masquerading makes of a sender; NULL: the host's address */
	const char *mac;	/* borrowed; needed where there are shared addresses */
	const struct shared_address *shared;
	size_t shared_count;
};

struct ruleset {
	const char *table;
	const struct ruleset_bridge *bridges;
	size_t bridge_count;
	const struct port_table *ports;
	const struct openings *openings; /* NULL: none */
	bool bridge_netfilter;		 /* bridged packets pass the firewall too */
	bool no_turns;			 /* the kernel cannot: nothing is shared */
	bool ask_host; /* what comes from outside to a published port passes the chain `host` first */
};

/* `table inet NAME {...}` both; the second stands on the first.  The chain `router`, which sees what is forwarded
 * between devices that are no bridges, is left empty. */
void ruleset_render_base(const struct ruleset *ruleset, struct buffer *out);
void ruleset_render(const struct ruleset *ruleset, struct buffer *out);

/* The same of a table of the bridges' own; nothing: it is not to be there. */
void ruleset_render_lift_base(const struct ruleset *ruleset, struct buffer *out);
void ruleset_render_lift(const struct ruleset *ruleset, struct buffer *out);

/* The rule that closes the chain `router`: nothing is forwarded that was not before we came. */
void ruleset_render_guard(const char *table, struct buffer *out);

/* What its maps and sets hold, sorted. */
void ruleset_list_elements(const struct ruleset *ruleset, struct element_list *out);

/* As commands that add them; sorted. */
void elements_render(const char *table, const struct element_list *elements, struct buffer *out);

/* Visits the names of all maps and sets that the base has. */
const char *ruleset_map_name(const struct ruleset *ruleset, size_t index); /* NULL: no more */
