#include "shim/names.h"

#include "base/id.h"
#include "shim/names_answer.h"
#include "shim/names_client.h"
#include "shim/names_forward.h"
#include "shim/names_zones.h"
#include "shim/scratch.h"

#include <assert.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
	DATAGRAMS_A_ROUND = 32,
	/* The scratch area holds what came, and behind it what goes out. */
	AREA_SIZE = SCRATCH_SIZE / 2,
};

static_assert((int)AREA_SIZE >= (int)DNS_MESSAGE_MOST,
	      "a message and its answer fit the scratch area");

struct names {
	struct source udp; /* its descriptor is owned */
	struct acceptor listener;
	struct loop *loop;
	struct names_zones zones;
	struct pairs links;
	struct forwards forwards;
	struct names_clients clients;
	uint32_t random;
};

static void *incoming_area(void)
{
	return scratch_area();
}

static void *outgoing_area(void)
{
	return scratch_area() + AREA_SIZE;
}

/* xorshift: only for the order of addresses. */
static uint32_t next_random(struct names *n)
{
	n->random ^= n->random << 13;
	n->random ^= n->random >> 17;
	n->random ^= n->random << 5;
	return n->random;
}

/* ---- a query ---- */

static void send_answer(struct names *n, const struct forward_origin *origin, const void *answer,
			size_t size)
{
	if (origin->client)
		names_client_answer(origin->client, answer, size);
	else if (size > 0)
		sendto(n->udp.fd, answer, size, MSG_NOSIGNAL,
		       (const struct sockaddr *)&origin->address, sizeof(origin->address));
}

static void refuse(struct names *n, const struct names_query *query,
		   const struct forward_origin *origin, enum dns_code code, bool truncated)
{
	void *out = outgoing_area();

	send_answer(n, origin, out, names_refuse(query, code, truncated, out));
}

static void answer(struct names *n, const void *data, size_t size,
		   const struct forward_origin *origin)
{
	struct dns_message message;
	struct names_query query = {
		.data = data, .size = size, .tcp = origin->client, .message = &message};
	struct names_view view;
	void *out = outgoing_area();
	size_t out_size = 0;

	names_zones_refresh(&n->zones);
	view = (struct names_view){.zones = n->zones.open,
				   .zone_count = n->zones.open_count,
				   .links = &n->links,
				   .random = next_random(n)};
	switch (names_answer(&view, &query, out, &out_size)) {
	case NAMES_ANSWERED:
	case NAMES_IGNORED:
		send_answer(n, origin, out, out_size);
		break;
	case NAMES_FOREIGN:
		if (!forwards_add(&n->forwards, &query, origin))
			refuse(n, &query, origin, DNS_SERVER_FAILURE, false);
		break;
	}
}

static void foreign_answered(struct forwards *forwards, const struct names_query *query,
			     const struct forward_origin *origin, void *answer, size_t size)
{
	struct names *n = container_of(forwards, struct names, forwards);

	if (!answer)
		refuse(n, query, origin, DNS_SERVER_FAILURE, false);
	else if (size > names_limit(query))
		refuse(n, query, origin, DNS_NO_ERROR, true);
	else
		send_answer(n, origin, answer, size);
}

/* ---- who asks ---- */

static void udp_ready(struct source *source, uint32_t events)
{
	struct names *n = container_of(source, struct names, udp);

	for (int i = 0; i < DATAGRAMS_A_ROUND; i++) {
		struct forward_origin origin = {0};
		socklen_t length = sizeof(origin.address);
		void *data = incoming_area();
		ssize_t size = recvfrom(source->fd, data, AREA_SIZE, 0,
					(struct sockaddr *)&origin.address, &length);

		if (size < 0)
			return;
		answer(n, data, (size_t)size, &origin);
	}
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct names *n = container_of(source, struct names, listener.source);

	names_clients_accept(&n->clients, &n->listener);
}

static void client_asked(struct names_clients *clients, struct names_client *client,
			 const void *query, size_t size)
{
	answer(container_of(clients, struct names, clients), query, size,
	       &(struct forward_origin){.client = client});
}

static void client_gone(struct names_clients *clients, struct names_client *client)
{
	forwards_forget(&container_of(clients, struct names, clients)->forwards, client);
}

/* ---- the whole ---- */

struct names *names_new(struct loop *loop, struct names_sockets *sockets)
{
	struct names *n = mem_new(struct names);

	n->loop = loop;
	n->udp = (struct source){.fd = take_fd(sockets->udp), .ready = udp_ready};
	acceptor_init(&n->listener, loop, take_fd(sockets->tcp), listener_ready);
	names_zones_init(&n->zones);
	forwards_init(&n->forwards, loop);
	n->forwards.answered = foreign_answered;
	names_clients_init(&n->clients, loop);
	n->clients.asked = client_asked;
	n->clients.gone = client_gone;
	random_bytes(&n->random, sizeof(n->random));
	n->random |= 1;
	loop_watch(loop, &n->udp, EPOLLIN);
	acceptor_watch(&n->listener, true);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	names_clients_fini(&n->clients);
	forwards_fini(&n->forwards);
	names_zones_fini(&n->zones);
	pairs_fini(&n->links);
	loop_watch(n->loop, &n->udp, 0);
	close_fd(&n->udp.fd);
	acceptor_fini(&n->listener);
	free(n);
}

void names_set(struct names *n, const struct shim_names *what)
{
	names_zones_set(&n->zones, what->folder, &what->zones);
	forwards_set_servers(&n->forwards, &what->servers);
	pairs_fini(&n->links);
	n->links = pairs_copy(&what->links);
}
