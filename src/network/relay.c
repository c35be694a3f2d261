#include "network/relay_inside.h"

#include <errno.h>
#include <unistd.h>

#define EVENTS_A_ROUND 32
#define BACKLOG	       4096
#define RETIRED	       (-1) /* the number of none */

struct relays {
	int epoll;
	struct relay *first;
	struct {
		void **items;
		size_t count, capacity;
	} garbage; /* freed when the round is over */
};

struct relays *relays_new(struct error *err)
{
	struct relays *relays = mem_new(struct relays);

	relays->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (relays->epoll >= 0)
		return relays;
	error_errno(err, "cannot make an epoll descriptor");
	free(relays);
	return NULL;
}

static void free_garbage(struct relays *relays)
{
	for (size_t i = 0; i < relays->garbage.count; i++)
		free(relays->garbage.items[i]);
	vector_fini(&relays->garbage);
}

void relays_free(struct relays *relays)
{
	if (!relays)
		return;
	while (relays->first) {
		struct relay *relay = relays->first;

		relays->first = relay->next;
		relay->close(relay);
	}
	free_garbage(relays);
	close_fd(&relays->epoll);
	free(relays);
}

bool relays_add(struct relays *relays, int socket, const struct relay_spec *spec, struct error *err)
{
	bool udp = spec->protocol == IPPROTO_UDP;
	struct relay *relay;

	if (!(udp ? relay_open_udp : relay_open_tcp)(relays, socket, spec, &relay, err))
		return false;
	relay->number = spec->socket;
	relay->next = relays->first;
	relays->first = relay;
	return true;
}

static void lead(struct relay *relay, const struct relay_spec *spec)
{
	struct address before = relay->target;
	uint16_t port = relay->port;

	address_parse(spec->address, &relay->target);
	relay->port = (uint16_t)spec->port;
	if (relay->moved && (port != relay->port || !address_equal(&before, &relay->target)))
		relay->moved(relay);
}

bool relays_move(struct relays *relays, const struct relay_spec *spec)
{
	for (struct relay *relay = relays->first; relay; relay = relay->next) {
		if (relay->number != spec->socket)
			continue;
		lead(relay, spec);
		if (relay->rest)
			relay->rest(relay, spec->paused);
		return true;
	}
	return false;
}

int relays_socket(const struct relays *relays, int32_t number)
{
	for (const struct relay *relay = relays->first; relay; relay = relay->next)
		if (relay->number == number)
			return relay->listener.fd;
	return -1;
}

void relays_retire(struct relays *relays)
{
	struct relay **at = &relays->first;

	while (*at) {
		struct relay *relay = *at;

		relay_unwatch(relays, &relay->listener);
		relay->number = RETIRED;
		if (relay->retire(relay)) {
			at = &relay->next;
			continue;
		}
		*at = relay->next;
		relay->close(relay);
	}
	free_garbage(relays);
}

bool relay_listen(int socket, int protocol, struct error *err)
{
	int unused = 0;

	if (protocol == IPPROTO_UDP ? setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &unused,
						 sizeof(unused)) == 0 ||
					      errno == ENOENT /* it was served before, by another */
				    : listen(socket, BACKLOG) == 0)
		return true;
	return error_errno(err, "cannot serve a published port");
}

int relays_fd(const struct relays *relays)
{
	return relays->epoll;
}

void relays_run(struct relays *relays)
{
	struct epoll_event events[EVENTS_A_ROUND];
	int count = epoll_wait(relays->epoll, events, EVENTS_A_ROUND, 0);

	for (int i = 0; i < count; i++) {
		struct relay_source *source = events[i].data.ptr;

		if (source->fd >= 0)
			source->ready(source, events[i].events);
	}
	free_garbage(relays);
}

bool relay_watch(struct relays *relays, struct relay_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(relays->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

void relay_rearm(struct relays *relays, struct relay_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	epoll_ctl(relays->epoll, EPOLL_CTL_MOD, source->fd, &event);
}

/* A socket that somebody else holds too stays in an epoll when this descriptor is closed. */
void relay_unwatch(struct relays *relays, struct relay_source *source)
{
	if (source->fd >= 0)
		epoll_ctl(relays->epoll, EPOLL_CTL_DEL, source->fd, NULL);
}

void relay_close_source(struct relay_source *source)
{
	close_fd(&source->fd);
}

void relay_free_later(struct relays *relays, void *memory)
{
	vector_add(&relays->garbage, memory);
}
