/* Carrying a published port's bytes where NAT cannot: from [::] to a container without IPv6, and
 * all ports of a daemon that may not touch the firewall.  Runs in the shim's epoll loop, without
 * threads, without allocation per byte (TCP: splice through a pipe), with back-pressure and
 * half-close; UDP clients are remembered for 30 s after their last datagram.  libc only.
 *
 * The shim's part: for each relay_spec, relay_new with the socket it names, then epoll_ctl is done
 * by the relay itself on the shim's epoll descriptor; whatever event carries a `struct relay_event
 * *` goes to relay_handle.  Events are told from the shim's own by their data pointer's first word:
 * every epoll_event.data.ptr of the relay points to a struct whose first member is a relay_event.
 */
#pragma once

#include "format/record.h"

#include <stdint.h>
#include <sys/epoll.h>

struct relay_spec {	  /* a value on the wire */
	int32_t socket;	  /* index among the descriptors of SHIM_PORTS; listening, or UDP */
	int32_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	char *address;	  /* of the container */
	int32_t port;
};
extern const struct record_type relay_spec_type;

struct relay;

/* What an epoll event of the relay's points at. */
struct relay_event {
	void (*handle)(struct relay_event *self, uint32_t events);
};

/* Takes `socket` over.  `epoll` is borrowed for the relay's life. */
struct relay *relay_new(int epoll, int socket, const struct relay_spec *spec, struct error *err);
void relay_free(struct relay *relay); /* ends its connections; NULL is fine */

static inline void relay_handle(const struct epoll_event *event)
{
	struct relay_event *self = event->data.ptr;

	self->handle(self, event->events);
}

/* UDP clients age only while datagrams flow or when the shim asks: no timer of its own.  Returns ms
 * until the next client is due to be forgotten, -1: none, for the shim's epoll timeout. */
int relay_expire(struct relay *relay);
