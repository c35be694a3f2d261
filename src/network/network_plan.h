/* What `wherry-network change` is asked to do, and what it answers: the daemon decides, the worker
 * waits for the kernel. */
#pragma once

#include "format/record.h"
#include "network/element.h"
#include "network/endpoint.h"

struct plan_bridge { /* a device of the host that a network stands on */
	char *name;
	struct strings addresses; /* "172.17.0.1/16", "fd00::1/64"; what is missing is added */
	struct strings dropped;	  /* that it had, and is not to have any more */
	char *mac;
	int32_t mtu;
	char *kind; /* NULL: "bridge"; "macvlan": a parent that is made where it can be; "ipvlan" */
	bool apart; /* who is on it reaches others through the host alone, as the rules allow */
};

/* A change of what a running container is connected to. */
struct plan_links {
	int64_t pid, start_time;  /* its first process; 0: none */
	struct record_list added; /* struct endpoint_spec */
	struct record_list removed;
	char *gateway, *device; /* the default route from now on; NULL: as it is */
	char *gateway6, *device6;
	bool ended; /* the container: its namespace came along (JOB_KEPT), and what is removed goes down */
};

/* Flows of a UDP port: the kernel goes on sending them where it did until told otherwise. */
struct plan_flow {
	char *address; /* of the container that answered; NULL: any */
	int32_t port;  /* of the host; 0: any */
};

/* A published port, as its clients see it; the worker tells who can reach it. */
struct plan_port {
	int32_t protocol, port;
	char *host_ip;
	char *address; /* where it is forwarded to; NULL: it is not, a shim carries it */
	int32_t container_port;
	char *bridge;
};

/* What a map or a set of the table is to hold: keys, each with its data, one behind another. */
struct plan_map {
	char *name;
	int32_t key_size, data_size;
	struct buffer elements;
};

struct network_plan {
	struct record_list bridges; /* struct plan_bridge */
	bool forward;		    /* ip_forward on */
	bool forward6;
	bool guard;		 /* close the chain `router`: ip_forward was off before us */
	char *ruleset;		 /* the table's rules; NULL: leave the firewall alone */
	char *base;		 /* what they stand on; see ruleset.h */
	struct record_list maps; /* struct plan_map: all that the base has */
	char *lift, *lift_base;	 /* the same of the bridges' table; NULL: it is not to be there */
	char *table;
	char *nft;
	struct record_list flows; /* struct plan_flow: to be forgotten */
	struct strings removed;	  /* devices that go */
	bool look;		  /* at the rules of others */
	bool ask_host;		  /* fill the chain `host` with the host's own rules */
	char *host_seen;	  /* what they were: if they still are, do nothing; NULL: do */
	char *host_known; /* what they are as far as the kernel has told: not asked for again */
	bool only_others; /* nothing is done but what follows from the rules of others */
	bool no_turns;	  /* the ruleset does without */
	bool pass;	  /* see to our rules in the tables of others: there are to be some, */
	bool pass_off;	  /* or none */
	bool list_host;	  /* report the rules for these ports; nothing else is done then */
	struct record_list ports; /* struct plan_port */
	struct plan_links *links; /* nothing else is done then; NULL: no change */
	bool again;		  /* not sent: a worker was killed while it carried this out */
};
extern const struct record_type plan_bridge_type, plan_flow_type, plan_links_type, plan_map_type,
	network_plan_type;

/* Those of `elements`, which are sorted, that stand in this map. */
void plan_map_fill(struct plan_map *map, const struct element_list *elements);

/* Adds them to `out`, which borrows the name; false: this makes no sense. */
bool plan_map_read(const struct plan_map *map, struct element_list *out);

struct port_rule { /* one that decides, in the order they are asked */
	char *who;
	bool allowed;
	char *rule, *chain;
};

struct port_reach {
	int32_t reach;		  /* enum host_reach */
	struct record_list rules; /* struct port_rule */
};
extern const struct record_type plan_port_type, port_rule_type, port_reach_type;

struct failed_device {
	char *name;
	int32_t error_kind, error_os;
	char *error;
};

struct network_report {
	struct strings warnings;
	int32_t error_kind, error_os; /* enum error_kind; 0: all done */
	char *error;
	struct record_list failed; /* struct failed_device: these alone could not be made
				       * or removed */
	char *host;		   /* the rules that the chain `host` has, as text */
	bool no_turns;		   /* without that the ruleset may be loaded */
	bool passes_gone;	   /* there are no rules of ours in the tables of others any more */
	bool unchanged;		   /* they are what they were: nothing was done */
	struct record_list ports;  /* struct port_reach, in the order of the plan's */
};
extern const struct record_type failed_device_type, network_report_type;
