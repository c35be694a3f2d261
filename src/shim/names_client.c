#include "shim/names_client.h"

#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (10 * NS_PER_SECOND)

enum {
	CLIENTS_MOST = 16,
	QUERY_MOST = 4096,
	LENGTH_SIZE = 2,
	ACCEPTS_A_ROUND = 16,
};

struct names_client {
	struct names_clients *clients;
	struct link link;
	struct source source; /* its descriptor is owned */
	struct buffer in, out;
	int64_t active_ns;
	bool waiting; /* for its answer */
	bool serving; /* serve() is under way */
	bool broken;
};

static void set_idle(struct names_clients *clients)
{
	struct names_client *first = list_first(&clients->all, struct names_client, link);

	loop_set_deadline(clients->loop, &clients->idle, first ? first->active_ns + PATIENCE : 0);
}

static void remove_client(struct names_client *c)
{
	struct names_clients *clients = c->clients;

	if (c->waiting)
		clients->gone(clients, c);
	loop_watch(clients->loop, &c->source, 0);
	close_fd(&c->source.fd);
	buffer_fini(&c->in);
	buffer_fini(&c->out);
	list_remove(&c->link);
	clients->count--;
	free(c);
}

static void touch(struct names_client *c)
{
	c->active_ns = time_monotonic_ns();
	list_remove(&c->link);
	list_append(&c->clients->all, &c->link);
	set_idle(c->clients);
}

/* ---- reading and writing ---- */

static void flush(struct names_client *c)
{
	while (c->out.size > 0 && !c->broken) {
		ssize_t sent = send(c->source.fd, c->out.data, c->out.size, MSG_NOSIGNAL);

		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (sent < 0)
			c->broken = true;
		else
			buffer_consume(&c->out, (size_t)sent);
	}
}

static void receive(struct names_client *c)
{
	enum { ROOM = 512 };
	ssize_t got = recv(c->source.fd, buffer_reserve(&c->in, ROOM), ROOM, 0);

	if (got > 0)
		buffer_wrote(&c->in, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		c->broken = true;
}

/* The size of the message that has come whole, its length included; 0: none. */
static size_t whole_message(struct names_client *c)
{
	const uint8_t *bytes = (const uint8_t *)c->in.data;
	size_t size;

	if (c->in.size < LENGTH_SIZE)
		return 0;
	size = (size_t)(bytes[0] << 8 | bytes[1]);
	if (size > QUERY_MOST)
		c->broken = true;
	return size <= QUERY_MOST && c->in.size >= LENGTH_SIZE + size ? LENGTH_SIZE + size : 0;
}

static void ask(struct names_client *c, size_t whole)
{
	c->waiting = true;
	c->clients->asked(c->clients, c, c->in.data + LENGTH_SIZE, whole - LENGTH_SIZE);
	buffer_consume(&c->in, whole);
}

/* Whatever has come, as long as the answers are taken.  May free it. */
static void serve(struct names_client *c)
{
	size_t whole;

	c->serving = true;
	flush(c);
	while (!c->broken && !c->waiting && c->out.size == 0 && (whole = whole_message(c)))
		ask(c, whole);
	c->serving = false;
	if (c->broken)
		remove_client(c);
	else
		loop_watch(c->clients->loop, &c->source,
			   c->out.size	? EPOLLOUT
			   : c->waiting ? 0
					: EPOLLIN);
}

void names_client_answer(struct names_client *c, const void *answer, size_t size)
{
	char length[LENGTH_SIZE] = {(char)(size >> 8), (char)size};

	c->waiting = false;
	if (size == 0)
		c->broken = true;
	buffer_add(&c->out, length, sizeof(length));
	buffer_add(&c->out, answer, size);
	touch(c);
	if (c->serving)
		flush(c);
	else
		serve(c);
}

static void client_ready(struct source *source, uint32_t events)
{
	struct names_client *c = container_of(source, struct names_client, source);

	touch(c);
	if (events & ~(uint32_t)EPOLLOUT)
		receive(c);
	serve(c);
}

/* ---- all ---- */

static void idle_passed(struct deadline *deadline)
{
	struct names_clients *clients = container_of(deadline, struct names_clients, idle);
	int64_t now = time_monotonic_ns();
	struct names_client *c;

	while ((c = list_first(&clients->all, struct names_client, link)) &&
	       c->active_ns + PATIENCE <= now) {
		if (c->waiting)
			touch(c);
		else
			remove_client(c);
	}
	set_idle(clients);
}

void names_clients_init(struct names_clients *clients, struct loop *loop)
{
	clients->loop = loop;
	clients->idle = (struct deadline){.passed = idle_passed};
	list_init(&clients->all);
}

void names_clients_fini(struct names_clients *clients)
{
	struct names_client *c;

	while ((c = list_first(&clients->all, struct names_client, link)))
		remove_client(c);
	set_idle(clients);
}

static void add_client(struct names_clients *clients, int fd)
{
	struct names_client *c;

	if (clients->count == CLIENTS_MOST)
		remove_client(list_first(&clients->all, struct names_client, link));
	c = mem_new(struct names_client);
	*c = (struct names_client){.clients = clients, .source = {.fd = fd, .ready = client_ready}};
	clients->count++;
	touch(c);
	loop_watch(clients->loop, &c->source, EPOLLIN);
}

void names_clients_accept(struct names_clients *clients, struct acceptor *listener)
{
	for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
		int fd = acceptor_take(listener, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		add_client(clients, fd);
	}
}
