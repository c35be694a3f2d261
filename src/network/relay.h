/* Carrying a published port's bytes where NAT cannot: from [::] to a container without IPv6, and all
 * ports of a daemon that may not touch the firewall.  Runs in the shim's loop, without threads; libc
 * only.
 *
 *	TCP	spliced through a pipe for each direction, so no byte is copied, a slow side holds the
 *		other up, and a half-close goes through
 *	UDP	a socket for each client, forgotten 30 s after its last datagram
 * The container sees the bridge's address, as it would of any proxy on its host.
 *
 * All relays of a shim share one epoll descriptor: the shim watches that for reading and calls
 * relays_run.  SIGPIPE must be ignored. */
#pragma once

#include "format/record.h"

struct relay_spec {	  /* a value on the wire */
	int32_t socket;	  /* index among the descriptors of SHIM_PORTS; listening, or UDP */
	int32_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	char *address;	  /* of the container */
	int32_t port;
	bool paused; /* takes nothing new: others who share the port serve it (TCP) */
};
extern const struct record_type relay_spec_type;

struct relays;

struct relays *relays_new(struct error *err);
void relays_free(struct relays *relays); /* ends all connections; NULL is fine */

/* Takes `socket` over, also on failure. */
bool relays_add(struct relays *relays, int socket, const struct relay_spec *spec,
		struct error *err);

/* The port of `spec->socket` leads elsewhere from now on (without address: nowhere); connections that are
 * there go on, UDP clients are forgotten.  False: nothing is carried for that socket. */
bool relays_move(struct relays *relays, const struct relay_spec *spec);

/* The socket of that number, borrowed; -1: nothing is carried for it. */
int relays_socket(const struct relays *relays, int32_t number);

/* The ports are another's from now on: nothing new is taken.  TCP connections go on; UDP clients are
 * forgotten, for their next datagram is the other's. */
void relays_retire(struct relays *relays);

/* Take connections, or datagrams, on a socket that only reserved its port (or that was served before). */
bool relay_listen(int socket, int protocol, struct error *err);

int relays_fd(const struct relays *relays); /* borrowed */

/* Do what is ready; never waits. */
void relays_run(struct relays *relays);
