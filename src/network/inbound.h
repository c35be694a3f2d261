/* In the worker: TCP connections from others into a container, and waiting for their end. */
#pragma once

#include "format/record.h"

/* What `wherry-network drain` is asked, and what it answers. */
struct inbound_request {
	int64_t pid, start_time; /* the container's first process */
	int64_t timeout_ms;	 /* 0: only count */
};

struct inbound_report {
	int64_t connections; /* that were left */
};
extern const struct record_type inbound_request_type, inbound_report_type;

/* Counts the connections that others have to ports on which the container listens, however they came there
 * (a published port, a relay, a neighbour), and waits until there are none, or for the time.  The calling
 * process is in the container's network namespace afterwards. */
bool inbound_wait(const struct inbound_request *request, struct inbound_report *report,
		  struct error *err);
