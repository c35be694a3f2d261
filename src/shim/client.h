/* The clients that are attached: each one's socket gets the output and gives the input.
 *
 * Their HTTP headers are sent, so a socket is plain bytes, or frames of 8 bytes and payload.  A client
 * that reads slowly has room for CLIENT_BUFFER; with that full it holds the process up, as a pipe
 * would.  If it then takes nothing for CLIENT_PATIENCE it is dropped: it gets no more output and a
 * last word, when it reads again.  A client that is gone costs nobody anything. */
#pragma once

#include "base/time.h"
#include "format/stream_frame.h"
#include "shim/loop.h"
#include "shim/shim_protocol.h"

#define CLIENT_BUFFER	(256 << 10)
#define CLIENT_CHUNK	(64 << 10) /* so much output at once, while there are clients */
#define CLIENT_PATIENCE (10 * NS_PER_SECOND)

struct client;
struct log_writer;

/* What clients do to the process. */
struct client_target {
	/* Takes all of the input; false: it has enough, until clients_take_input(). */
	bool (*input)(struct client_target *target, const char *data, size_t size);
	void (*close_input)(struct client_target *target);
	void (*detached)(struct client_target *target);
	/* A client is full, or none is any more: clients_are_full(). */
	void (*full_changed)(struct client_target *target);
	bool terminal;
	bool once; /* the end of a client's input is the end of the process's, not of the attach */
};

struct clients {
	struct loop *loop;
	struct log_writer *log; /* for replays */
	struct client_target *target;
	struct client *first;
	int full;
	bool input_held; /* the process has enough, or is not there yet */
	bool lost_input; /* one that gave input is gone */
	bool ended;	 /* no more output will come */
	bool may_close;	 /* and who asks for the exit code now is told it */
};

/* Takes the socket over. */
void clients_add(struct clients *clients, int socket, const struct shim_attach *attach);

/* Output of the process; it is in the log already. */
void clients_output(struct clients *clients, enum stream_kind stream, const char *data,
		    size_t size);

bool clients_are_full(const struct clients *clients);
void clients_take_input(struct clients *clients);

/* No more output will come: each client gets what waits for it.  Its stream ends after clients_close():
 * many ask for the exit code as soon as they see the end. */
void clients_end(struct clients *clients);
void clients_close(struct clients *clients);

/* Whether all are gone; that is at the latest when each has taken nothing for CLIENT_PATIENCE. */
bool clients_are_gone(const struct clients *clients);
