/* The two directions of one TLS connection, with back-pressure and half-close on each: what one side has
 * sent and the other did not take is the only thing stored, and nothing more is read before it is gone. */
#pragma once

#include "base/text.h"

#include <openssl/ssl.h>
#include <stdint.h>

struct tls_pump {
	SSL *ssl;
	int net;   /* the client's socket; owned, as `ssl` is */
	int local; /* our end of the socketpair; owned, -1 during the handshake */
	struct buffer up, down;
	bool net_ended;	  /* the client has ended its direction (close_notify) */
	bool local_ended; /* the daemon's side has ended its own */
	bool local_gone;  /* and takes nothing more either */
	bool told;	  /* the client knows that our direction has ended */
	bool broken;
	uint32_t net_events,
		local_events; /* epoll events to wait for; PUMP_NOTHING: leave it out */
};

#define PUMP_NOTHING (~0u)

enum tls_pump_state {
	PUMP_WAITS,   /* for what net_events and local_events say */
	PUMP_BUSY,    /* had its turn, has more to do */
	PUMP_LINGERS, /* waits, but only for the client to end: not for ever */
	PUMP_DONE,
};

/* One turn.  `scratch` is of PUMP_SCRATCH bytes, for everybody in turn. */
#define PUMP_SCRATCH 16384
enum tls_pump_state tls_pump_run(struct tls_pump *pump, char *scratch);

/* One step of the handshake: PUMP_DONE when it is over, well or (broken) not. */
enum tls_pump_state tls_pump_shake_hands(struct tls_pump *pump);

void tls_pump_fini(struct tls_pump *pump);
