/* The host's own firewall, as far as it decides about what comes in: published ports are led past the
 * hook `input`, so its rules there are asked on their behalf.  Those at `forward` are asked by the kernel;
 * they are read for what a person is told.
 *
 * Rules are read (host_rules_nft.c, host_rules_save.c) into one form, whoever made them: nft, iptables of
 * either kind, ufw, firewalld.  From it come a copy of the rules for our own table, which is asked with
 * the address and port that the client had sent to, and what a person is told of a port.
 *
 * What a rule asks for and we do not understand is read to the safe side: such a rule accepts nothing, and
 * drops whatever else fits it.  All functions here are pure. */
#pragma once

#include "network/address.h"

#include <jansson.h>

enum host_verdict {
	HOST_CONTINUE,
	HOST_ACCEPT,
	HOST_DROP,
	HOST_REJECT,
	HOST_JUMP,
	HOST_GOTO,
	HOST_RETURN,
};

enum host_hook { HOST_INPUT, HOST_FORWARD, HOST_HOOKS };

struct host_port_range {
	uint16_t first, last;
};

struct host_address_range {
	struct address first, last;
};

/* Conditions that all must hold; an empty list asks for nothing. */
struct host_rule {
	int family;    /* AF_INET, AF_INET6; 0: both */
	bool tcp, udp; /* it fits these: no other protocol is published */
	bool never;    /* it fits no new connection to a published port; nor one at this hook: */
	bool never_at[HOST_HOOKS];
	bool unknown;  /* and it asks for more */
	struct {
		struct host_port_range *items;
		size_t count, capacity;
	} ports;
	struct host_addresses {
		struct host_address_range *items;
		size_t count, capacity;
	} sources, destinations;
	struct strings devices; /* "eth0", "eth*" */
	struct strings outs;	/* the same of where it leaves, which `input` has not */
	bool not_ports, not_sources, not_destinations, not_devices, not_outs;
	char *limit; /* as nft writes it: "limit rate 3/minute burst 5 packets" */
	enum host_verdict verdict;
	char *target; /* of jump and goto */
	char *text;   /* for people; NULL: made from the above */
};

struct host_chain {
	char *name;
	bool at[HOST_HOOKS]; /* it is hooked there */
	enum host_verdict policy;
	struct {
		struct host_rule *items;
		size_t count, capacity;
	} rules;
};

struct host_table {
	char *title; /* "table inet filter", "iptables" */
	int family;  /* packets of the other one do not come to it; 0: both */
	struct {
		struct host_chain *items;
		size_t count, capacity;
	} chains;
};

struct host_rules {
	struct host_table *items;
	size_t count, capacity;
};

void host_rules_fini(struct host_rules *rules);
#define scoped_host_rules scoped_with(host_rules_fini)

/* ---- reading ---- */

/* One table, of `nft -j list table`. */
void host_rules_add_nft(struct host_rules *rules, const json_t *listing);

/* Does a rule hold what nft can name but not tell (of iptables)? */
bool host_rules_are_foreign(const json_t *listing);

/* What iptables-save (AF_INET) or ip6tables-save prints. */
void host_rules_add_save(struct host_rules *rules, int family, const char *text, const char *title);

/* ---- what follows ---- */

/* Adds a text for each rule that closes more than it says, because it is not understood in full. */
void host_rules_warn(const struct host_rules *rules, struct strings *warnings);

/* Is there any chain that could refuse something? */
bool host_rules_matter(const struct host_rules *rules);

/* Chains for our table, and the rule that sends a new connection, translated already, from our chain
 * `host` through them. */
void host_rules_render(const struct host_rules *rules, const char *table, struct buffer *out);

struct host_port { /* at HOST_INPUT as the client sees it, at HOST_FORWARD the container's */
	int protocol;
	struct address host; /* 0.0.0.0, ::, or one of the host's */
	uint16_t port;
	enum host_hook hook;
	const char *out; /* at HOST_FORWARD: the container's bridge */
};

/* What decides about a client from outside, in the order it is asked. */
struct host_finding {
	char *who; /* "anybody", "10.0.0.0/8 on eth0" */
	bool allowed;
	char *rule, *chain;
};
struct host_findings {
	struct host_finding *items;
	size_t count, capacity;
};
void host_findings_fini(struct host_findings *findings);

enum host_reach { HOST_REACH_ALL, HOST_REACH_SOME, HOST_REACH_NONE };
enum host_reach host_rules_judge(const struct host_rules *rules, const struct host_port *port,
				 struct host_findings *findings);

/* ---- for those who read ---- */

struct host_table *host_rules_add_table(struct host_rules *rules, int family,
					char *title /* taken */);
struct host_chain *host_table_chain(struct host_table *table,
				    const char *name); /* made if missing */
struct host_rule *host_chain_add(struct host_chain *chain);
void host_rule_fini(struct host_rule *rule);
const struct host_chain *host_table_find(const struct host_table *table,
					 const char *name); /* NULL: there is none */
size_t host_table_index(const struct host_table *table,
			const char *name); /* SIZE_MAX: there is none, or no name */
bool host_add_addresses(struct host_addresses *list, const char *text); /* address, CIDR, a-b */
bool host_add_device(struct strings *list, const char *name);
