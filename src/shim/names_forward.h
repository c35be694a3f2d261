/* Queries for names that are nobody's here: asked of other servers, from the host's network, which is
 * the shim's own; so a server on the host's loopback can be asked too.
 *
 * One server after the other has 4 s.  An answer counts when it comes from the address and port that
 * were asked (connected sockets, each at a random port), with the random id of the question and the
 * question itself. */
#pragma once

#include "base/list.h"
#include "shim/loop.h"
#include "shim/names_answer.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct names_client;

enum { FORWARD_SERVERS_MOST = 8 };

/* Who is to get the answer. */
struct forward_origin {
	struct sockaddr_in address;
	struct names_client *client; /* NULL: by UDP, at the address */
};

struct forwards {
	struct loop *loop;
	struct {
		struct sockaddr_storage address;
		socklen_t size;
	} servers[FORWARD_SERVERS_MOST];
	size_t server_count;
	struct link waiting; /* those who asked last are last */
	size_t count;
	struct deadline due;

	/* `answer` may be written to; NULL: no server has answered. */
	void (*answered)(struct forwards *forwards, const struct names_query *query,
			 const struct forward_origin *origin, void *answer, size_t size);
};

void forwards_init(struct forwards *forwards, struct loop *loop);
void forwards_fini(struct forwards *forwards);

/* What is no address is left out. */
void forwards_set_servers(struct forwards *forwards, const struct strings *servers);

/* The query is copied.  False: there is nobody to ask, or too much is asked already. */
bool forwards_add(struct forwards *forwards, const struct names_query *query,
		  const struct forward_origin *origin);

/* This client is gone. */
void forwards_forget(struct forwards *forwards, const struct names_client *client);
