/* Those who ask by TCP: few, one question at a time each, gone after 10 s without one. */
#pragma once

#include "base/list.h"
#include "shim/acceptor.h"

#include <stdbool.h>
#include <stddef.h>

struct names_client;

struct names_clients {
	struct loop *loop;
	struct link all; /* who was active last is last */
	size_t count;
	struct deadline idle;

	/* One message; answered by names_client_answer, now or later. */
	void (*asked)(struct names_clients *clients, struct names_client *client, const void *query,
		      size_t size);
	/* It will not take an answer any more. */
	void (*gone)(struct names_clients *clients, struct names_client *client);
};

void names_clients_init(struct names_clients *clients, struct loop *loop);
void names_clients_fini(struct names_clients *clients);

/* Accept who is waiting; the one that was idle longest makes room. */
void names_clients_accept(struct names_clients *clients, struct acceptor *listener);

/* `size` 0: no answer; the connection ends. */
void names_client_answer(struct names_client *client, const void *answer, size_t size);
