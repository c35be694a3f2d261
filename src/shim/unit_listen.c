/* Who listens does not read: what comes is left to the service that is started for it.  With Accept=yes
 * connections are taken here and go to the daemon one by one. */
#include "shim/unit_listen.h"

#include "base/log.h"
#include "os/fd.h"
#include "shim/acceptor.h"
#include "shim/unit_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNTAKEN_LIMIT = 16 };

struct unit_listeners {
	struct unit_shim *unit;
	struct listener {
		struct unit_listeners *all;
		struct acceptor acceptor;
	} * items;
	size_t count;
	bool watched;
};

static const struct execution_socket *spec(const struct unit_shim *u, size_t i)
{
	return RECORD_AT(u->start.plan.socket.sockets, struct execution_socket, i);
}

static bool accepts(const struct unit_shim *u, const struct listener *l)
{
	int listens = 0;
	socklen_t size = sizeof(listens);

	return u->start.plan.socket.accept &&
	       getsockopt(l->acceptor.source.fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	       listens;
}

static void watch_all(struct unit_listeners *all, bool watched)
{
	for (size_t i = 0; i < all->count; i++)
		acceptor_watch(&all->items[i].acceptor, watched);
	all->watched = watched;
}

/* ---- traffic ---- */

static void describe_peer(int connection, struct unit_triggered *out)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const void *)&peer;
	const struct sockaddr_in6 *v6 = (const void *)&peer;

	if (getpeername(connection, (struct sockaddr *)&peer, &size) < 0)
		return;
	if (peer.ss_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host))) {
		out->remote_address = str_dup(host);
		out->remote_port = str_format("%d", ntohs(v4->sin_port));
	} else if (peer.ss_family == AF_INET6 &&
		   inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host))) {
		bool mapped = str_starts_with(host, "::ffff:") && strchr(host, '.');

		out->remote_address = str_dup(mapped ? host + strlen("::ffff:") : host);
		out->remote_port = str_format("%d", ntohs(v6->sin6_port));
	}
}

/* A connection that nobody is there to hear of, or that comes faster than the daemon takes them, waits in the
 * kernel's queue. */
static void take_connection(struct unit_shim *u, struct listener *l)
{
	struct unit_triggered told = {0};
	scoped_fd int connection = -1;

	if (!u->controls.daemon || controls_waiting(&u->controls) >= UNTAKEN_LIMIT) {
		watch_all(l->all, false);
		return;
	}
	connection = acceptor_take(&l->acceptor, SOCK_CLOEXEC);
	if (connection < 0)
		return;
	told.connection = u->status.connections++;
	describe_peer(connection, &told);
	controls_tell_with_fd(&u->controls, UNIT_TRIGGERED, &unit_triggered_type, &told,
			      connection);
	record_fini(&unit_triggered_type, &told);
	unit_tell_status(u, false);
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct listener *l = container_of(source, struct listener, acceptor.source);
	struct unit_shim *u = l->all->unit;

	if (accepts(u, l)) {
		take_connection(u, l);
		return;
	}
	watch_all(l->all, false);
	controls_tell(&u->controls, UNIT_TRIGGERED, &unit_triggered_type,
		      &(struct unit_triggered){0});
	UNIT_EVENT(u, EVENT_TRIGGERED);
}

/* ---- life ---- */

static bool may_be_open(const struct execution_socket_options *o,
			const struct execution_socket *socket, struct error *err)
{
	if (!o->accept || socket->kind == SOCKET_STREAM || socket->kind == SOCKET_SEQPACKET)
		return true;
	return error_set(err, ERROR_INVALID, "Accept=yes: '%s' has no connections",
			 socket->address ? socket->address : "");
}

static bool open_all(struct unit_shim *u, struct unit_listeners *all, struct error *err)
{
	const struct execution_socket_options *o = &u->start.plan.socket;

	for (; all->count < o->sockets.count; all->count++) {
		struct listener *l = &all->items[all->count];
		int fd = may_be_open(o, spec(u, all->count), err)
				 ? unit_socket_open(o, spec(u, all->count), err)
				 : -1;

		if (fd < 0 || !unit_socket_link(o, spec(u, all->count), err)) {
			close_fd(&fd);
			return false;
		}
		l->all = all;
		acceptor_init(&l->acceptor, &u->loop, fd, listener_ready);
	}
	return true;
}

void unit_listen_open(struct unit_shim *u)
{
	char text[ERROR_TEXT_SIZE];
	struct error err;

	u->listeners = mem_new(struct unit_listeners);
	u->listeners->unit = u;
	u->listeners->items =
		mem_zeroed(u->start.plan.socket.sockets.count, sizeof(*u->listeners->items));
	if (open_all(u, u->listeners, &err)) {
		UNIT_EVENT(u, EVENT_SOCKETS_OPEN);
		return;
	}
	unit_say(u, 3, "%s: cannot listen: %s", u->start.plan.unit,
		 error_text(&err, text, sizeof(text)));
	unit_listen_close(u);
	UNIT_EVENT(u, EVENT_SOCKETS_FAILED);
}

static void flush_pending(const struct listener *l)
{
	char drain[4096];
	int fd;

	while ((fd = accept4(l->acceptor.source.fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
	if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOTSOCK)
		while (read(l->acceptor.source.fd, drain, sizeof(drain)) > 0)
			;
}

void unit_listen_watch(struct unit_shim *u)
{
	if (!u->listeners)
		return;
	for (size_t i = 0; u->start.plan.socket.flush_pending && i < u->listeners->count; i++)
		if (!accepts(u, &u->listeners->items[i]))
			flush_pending(&u->listeners->items[i]);
	watch_all(u->listeners, true);
}

void unit_listen_close(struct unit_shim *u)
{
	struct unit_listeners *all = u->listeners;

	if (!all)
		return;
	watch_all(all, false);
	for (size_t i = 0; i < all->count; i++) {
		acceptor_fini(&all->items[i].acceptor);
		if (u->start.plan.socket.remove_on_stop)
			unit_socket_remove(&u->start.plan.socket, spec(u, i));
	}
	free(all->items);
	free(all);
	u->listeners = NULL;
}

void unit_listen_give(struct unit_shim *u)
{
	const char *name = u->start.plan.socket.descriptor_name;
	struct unit_sockets names = {0};
	int fds[MESSAGE_FDS];
	size_t count = u->listeners ? u->listeners->count : 0;

	if (count > MESSAGE_FDS)
		count = MESSAGE_FDS;
	for (size_t i = 0; i < count; i++) {
		fds[i] = u->listeners->items[i].acceptor.source.fd;
		strings_add(&names.names, name ? name : u->start.plan.unit);
	}
	controls_tell_with_fds(&u->controls, UNIT_SOCKETS_ARE, &unit_sockets_type, &names, fds,
			       count);
	record_fini(&unit_sockets_type, &names);
}

void unit_listen_resume(struct unit_shim *u)
{
	if (u->listeners && !u->listeners->watched && u->machine.sub == SUB_LISTENING &&
	    u->controls.daemon && !controls_are_busy(&u->controls))
		watch_all(u->listeners, true);
}

/* Another daemon: what came while there was none is told to it. */
void unit_listen_again(struct unit_shim *u)
{
	if (!u->listeners)
		return;
	if (u->machine.sub == SUB_LISTENING && !u->listeners->watched)
		watch_all(u->listeners, true);
	else if (u->machine.sub == SUB_RUNNING)
		controls_tell(&u->controls, UNIT_TRIGGERED, &unit_triggered_type,
			      &(struct unit_triggered){0});
}
