/* What `wherry-worker network` is asked to do, and what it answers: the daemon decides, the worker
 * waits for the kernel. */
#pragma once

#include "format/record.h"

struct plan_bridge {
	char *name;
	struct strings addresses; /* "172.17.0.1/16", "fd00::1/64"; what is missing is added */
	char *mac;
	int32_t mtu;
};

/* Flows of a UDP port: the kernel goes on sending them where it did until told otherwise. */
struct plan_flow {
	char *address; /* of the container that answered; NULL: any */
	int32_t port;  /* of the host; 0: any */
};

struct network_plan {
	struct record_list bridges; /* struct plan_bridge */
	bool forward;		    /* ip_forward on */
	bool forward6;
	bool guard;	/* close the chain `router` also when ip_forward is on already */
	bool may_guard; /* close it when ip_forward was off */
	char *ruleset;	/* replaces the table; NULL: leave the firewall alone */
	char *table;
	char *nft;
	struct record_list flows; /* struct plan_flow: to be forgotten */
};
extern const struct record_type plan_bridge_type, plan_flow_type, network_plan_type;

struct network_report {
	struct strings warnings;
	bool guarded;		      /* the chain `router` is closed */
	int32_t error_kind, error_os; /* enum error_kind; 0: all done */
	char *error;
};
extern const struct record_type network_report_type;
