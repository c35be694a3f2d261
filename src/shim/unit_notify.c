/* The notify socket of a unit.  It is this process's and not the daemon's, so that nothing that a service
 * says is lost while no daemon is there. */
#include "shim/unit.h"

#include "base/log.h"
#include "base/time.h"
#include "format/digest.h"
#include "format/sha256.h"
#include "os/fd.h"
#include "os/file.h"
#include "shim/notify_message.h"
#include "shim/unit_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FDS_LIMIT = 64, TOLD_LIMIT = 8 };

struct datagram {
	char data[NOTIFY_LIMIT];
	size_t size;
	struct ucred sender; /* pid 0: unknown */
	int fds[FDS_LIMIT];  /* owned */
	size_t fd_count;
};

/* ---- receiving ---- */

union ancillary {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FDS_LIMIT * sizeof(int))];
};

static void take_descriptors(const struct cmsghdr *c, struct datagram *d)
{
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (d->fd_count < FDS_LIMIT)
			d->fds[d->fd_count++] = fd;
		else
			close(fd);
	}
}

static void take_control(struct msghdr *msg, struct datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_len < CMSG_LEN(0))
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			take_descriptors(c, d);
		else if (c->cmsg_type == SCM_CREDENTIALS &&
			 c->cmsg_len == CMSG_LEN(sizeof(d->sender)))
			memcpy(&d->sender, CMSG_DATA(c), sizeof(d->sender));
	}
}

/* One that is cut is none. */
static bool receive(int socket, struct datagram *d)
{
	union ancillary control;
	struct iovec part = {d->data, sizeof(d->data)};
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	d->fd_count = 0;
	d->sender = (struct ucred){0};
	if (n < 0)
		return false;
	take_control(&msg, d);
	d->size = msg.msg_flags & MSG_TRUNC ? 0 : (size_t)n;
	return true;
}

/* ---- who may speak ---- */

static bool is_heard(struct unit_shim *u, pid_t pid)
{
	if (pid <= 0) /* unknown, as a main process that is not there is */
		return false;
	switch ((enum notify_access)u->start.plan.notify_access) {
	case NOTIFY_MAIN:
		return u->machine.main_alive && pid == u->main.pid;
	case NOTIFY_EXEC:
		return (u->machine.main_alive && pid == u->main.pid) ||
		       (u->machine.control_alive && pid == u->control.pid);
	case NOTIFY_ALL:
		return pid == u->main.pid || pid == u->control.pid || unit_owns(u, pid);
	case NOTIFY_NONE:
		break;
	}
	return false;
}

/* ---- what is said ---- */

static void take_main(struct unit_shim *u, const struct notify_message *m)
{
	pid_t pid = (pid_t)m->main_pid;

	if (!pid || pid == u->main.pid)
		return;
	if (kill(pid, 0) == 0 && unit_owns(u, pid))
		unit_take_main(u, pid);
	else
		unit_say(u, 4, "%s: MAINPID=%d is no process of this unit", u->start.plan.unit,
			 pid);
}

static void feed_watchdog(struct unit_shim *u, const struct notify_message *m)
{
	if (m->watchdog_us && u->watchdog_us)
		u->watchdog_us = m->watchdog_us;
	if ((m->watchdog || m->watchdog_us) && u->watchdog_us)
		loop_set_deadline(&u->loop, &u->watchdog,
				  time_monotonic_ns() + u->watchdog_us * 1000);
	if (m->watchdog_trigger)
		UNIT_EVENT(u, EVENT_WATCHDOG);
}

static void take_texts(struct unit_shim *u, const struct notify_message *m)
{
	if (m->has_status)
		str_replace(&u->status.status_text, *m->status ? m->status : NULL);
	if (m->has_errno)
		u->status.notify_errno = m->error;
}

static void take_store(struct unit_shim *u, const struct notify_message *m, struct datagram *d)
{
	if (m->remove && *m->name)
		unit_store_remove(u, m->name);
	for (size_t i = 0; m->store && i < d->fd_count; i++)
		unit_store_add(u, take_fd(d->fds[i]), m->name, !m->no_poll);
}

static void hear(struct unit_shim *u, struct datagram *d)
{
	struct notify_message m;

	notify_message_parse(d->data, d->size, &m);
	take_texts(u, &m);
	take_main(u, &m);
	take_store(u, &m, d);
	if (m.extend_us)
		UNIT_EVENT(u, EVENT_EXTEND, .us = m.extend_us);
	feed_watchdog(u, &m);
	if (m.reloading)
		UNIT_EVENT(u, EVENT_RELOADING);
	if (m.ready)
		UNIT_EVENT(u, EVENT_READY);
	if (m.stopping)
		UNIT_EVENT(u, EVENT_STOPPING);
	u->status_waits = true; /* one for all that came at once */
}

/* Closing what was sent and not stored is the answer to BARRIER=1. */
static void handle(struct unit_shim *u, struct datagram *d)
{
	if (d->size && is_heard(u, d->sender.pid))
		hear(u, d);
	else if (d->size && u->notify.ignored++ < TOLD_LIMIT)
		unit_say(u, 7, "%s: a notification of process %d is ignored", u->start.plan.unit,
			 d->sender.pid);
	for (size_t i = 0; i < d->fd_count; i++)
		close_fd(&d->fds[i]);
}

void unit_notify_drain(struct unit_shim *u)
{
	enum { ROUNDS = 256 };
	struct datagram d;

	for (int i = 0; u->notify.source.fd >= 0 && i < ROUNDS; i++) {
		if (!receive(u->notify.source.fd, &d))
			return;
		handle(u, &d);
	}
}

static void notify_ready(struct source *source, uint32_t events)
{
	unit_notify_drain(container_of(container_of(source, struct unit_notify, source),
				       struct unit_shim, notify));
}

/* ---- life ---- */

/* The same at each start, so that a socket that was left behind is replaced. */
static char *path_of(const struct unit_start *start)
{
	char digest[DIGEST_TEXT_SIZE];

	sha256_digest(start->plan.unit, strlen(start->plan.unit), digest);
	return str_format("%s/notify-%.12s", start->notify_folder, strchr(digest, ':') + 1);
}

/* Everybody may send: who is heard is decided by his credentials. */
static int bind_socket(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, room = 8 << 20;

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(err, ERROR_INVALID, "'%s' is too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0666) < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		error_errno(err, "cannot make the socket '%s'", path);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return take_fd(fd);
}

bool unit_notify_open(struct unit_shim *u, struct error *err)
{
	struct unit_notify *n = &u->notify;
	scoped_free char *path = NULL;
	int fd;

	n->ignored = 0;
	if (n->source.fd >= 0 || !u->start.notify_folder ||
	    u->start.plan.notify_access == NOTIFY_NONE)
		return true;
	path = path_of(&u->start);
	fd = bind_socket(path, err);
	if (fd < 0)
		return false;
	n->source = (struct source){.fd = fd, .ready = notify_ready};
	n->path = take(path);
	loop_watch(&u->loop, &n->source, EPOLLIN);
	return true;
}

void unit_notify_close(struct unit_shim *u)
{
	struct unit_notify *n = &u->notify;

	if (n->source.fd < 0)
		return;
	loop_watch(&u->loop, &n->source, 0);
	close_fd(&n->source.fd);
	unlink(n->path);
	free(take(n->path));
}
