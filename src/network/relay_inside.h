/* What relay.c, relay_tcp.c and relay_udp.c know of each other. */
#pragma once

#include "base/memory.h"
#include "network/address.h"
#include "network/relay.h"

#include <sys/epoll.h>

/* A descriptor in the shared epoll; lives in the struct of whoever watches it. */
struct relay_source {
	int fd; /* owned; -1: closed */
	void (*ready)(struct relay_source *source, uint32_t events);
};

/* One published port. */
struct relay {
	struct relays *relays; /* borrowed */
	struct relay_source listener;
	struct address target; /* family 0: nowhere */
	uint16_t port;
	int32_t number;			    /* of its socket */
	void (*close)(struct relay *relay); /* frees it too */

	/* Take nothing new, or take it again.  NULL: it cannot. */
	void (*rest)(struct relay *relay, bool rests);

	/* It leads elsewhere now.  NULL: what is there goes on where it did. */
	void (*moved)(struct relay *relay);

	/* Close the socket, which is not watched any more.  False: nothing is left to be carried. */
	bool (*retire)(struct relay *relay);
	struct relay *next;
};

bool relay_watch(struct relays *relays, struct relay_source *source, uint32_t events);

void relay_unwatch(struct relays *relays, struct relay_source *source);

/* The same descriptor again: a level that is still up is told anew. */
void relay_rearm(struct relays *relays, struct relay_source *source, uint32_t events);

/* Closes it.  Events of the present round that name it may still be on their way: what holds a source
 * is freed by relay_free_later. */
void relay_close_source(struct relay_source *source);
void relay_free_later(struct relays *relays, void *memory);

bool relay_open_tcp(struct relays *relays, int socket, const struct relay_spec *spec,
		    struct relay **out, struct error *err);
bool relay_open_udp(struct relays *relays, int socket, const struct relay_spec *spec,
		    struct relay **out, struct error *err);
