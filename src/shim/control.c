#include "shim/control.h"

#include "base/log.h"
#include "os/fd.h"
#include "os/socket.h"
#include "shim/shim.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTION_LIMIT = 16,
	QUEUE_LIMIT = 1024, /* of messages that a daemon has not taken: it hangs */
};

struct control {
	struct controls *controls;
	struct control *next;
	struct source source;
	struct message_reader reader;
	struct message_queue queue;
	bool broken;
};

/* ---- connections ---- */

static void remove_control(struct control *c)
{
	struct controls *all = c->controls;
	struct control **at = &all->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	all->count--;
	loop_watch(all->loop, &c->source, 0);
	close_fd(&c->source.fd);
	message_reader_fini(&c->reader);
	message_queue_fini(&c->queue);
	if (all->daemon == c) {
		all->daemon = NULL;
		all->requests->daemon_gone(all->owner);
	}
	free(c);
}

static void control_ready(struct source *source, uint32_t events);

static struct control *add_control(struct controls *all, int fd)
{
	struct control *c = mem_new(struct control);

	*c = (struct control){
		.controls = all, .next = all->first, .source = {.fd = fd, .ready = control_ready}};
	all->first = c;
	all->count++;
	loop_watch(all->loop, &c->source, EPOLLIN);
	return c;
}

static bool is_trusted(int fd)
{
	pid_t pid;
	uid_t uid;
	gid_t gid;

	return socket_peer(fd, &pid, &uid, &gid) && (uid == 0 || uid == geteuid());
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct controls *all = container_of(source, struct controls, listener.source);
	int fd = acceptor_take(&all->listener, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (all->count < CONNECTION_LIMIT && is_trusted(fd))
		add_control(all, fd);
	else
		close(fd);
}

/* ---- telling ---- */

static void flush(struct control *c)
{
	struct error err;

	if (!message_queue_flush(&c->queue, c->source.fd, &err))
		c->broken = true; /* its end is told by the loop */
	loop_watch(c->controls->loop, &c->source,
		   EPOLLIN | (c->queue.count && !c->broken ? EPOLLOUT : 0));
}

static void send_to(struct control *c, int message, const struct record_type *type,
		    const void *record, const int *fds, size_t fd_count)
{
	struct error err;

	if (c->queue.count >= QUEUE_LIMIT) {
		c->broken = true;
		shutdown(c->source.fd, SHUT_RDWR);
	}
	if (c->broken)
		return;
	if (!shim_send(&c->queue, (enum shim_message)message, type, record, fds, fd_count, &err))
		log_error("cannot tell the daemon", &err, "message=%d", message);
	flush(c);
}

void controls_tell(struct controls *controls, int message, const struct record_type *type,
		   const void *record)
{
	controls_tell_with_fds(controls, message, type, record, NULL, 0);
}

void controls_tell_with_fd(struct controls *controls, int message, const struct record_type *type,
			   const void *record, int fd)
{
	controls_tell_with_fds(controls, message, type, record, &fd, 1);
}

void controls_tell_with_fds(struct controls *controls, int message, const struct record_type *type,
			    const void *record, const int *fds, size_t fd_count)
{
	if (controls->daemon)
		send_to(controls->daemon, message, type, record, fds, fd_count);
}

void control_reply(struct control *c, bool done, const struct error *err)
{
	struct shim_failure failure = {0};

	if (!done)
		failure = (struct shim_failure){.kind = (int32_t)err->kind,
						.os = err->os,
						.text = (char *)(uintptr_t)err->text};
	send_to(c, c->controls->requests->reply, &shim_failure_type, &failure, NULL, 0);
}

void *control_owner(const struct control *c)
{
	return c->controls->owner;
}

void control_is_daemon(struct control *c)
{
	c->controls->daemon = c;
}

/* ---- hearing ---- */

/* A message that is not known is of a newer daemon, and is nothing that we could do. */
static bool handle_message(struct control *c, struct message *m, struct error *err)
{
	const struct control_requests *known = c->controls->requests;
	const struct control_handler *h =
		m->type < known->handler_count ? &known->handlers[m->type] : NULL;
	void *record = NULL;
	bool ok = true;

	if (!h || !h->handle)
		return true;
	if (m->fd_count < h->fds)
		return error_set(err, ERROR_INVALID, "message %d lacks its descriptor", m->type);
	if (h->type) {
		record = mem_zeroed(1, h->type->size);
		ok = record_decode(h->type, m->data, m->size, record, err);
	}
	if (ok)
		h->handle(c, record, m);
	if (h->type)
		record_fini(h->type, record);
	free(record);
	return ok;
}

/* false: this connection is at its end. */
static bool read_messages(struct control *c)
{
	struct error err;

	for (;;) {
		switch (message_read(&c->reader, c->source.fd, &err)) {
		case MESSAGE_READY:
			if (handle_message(c, &c->reader.message, &err))
				continue;
			break;
		case MESSAGE_PARTIAL:
			return true;
		case MESSAGE_END:
			return false;
		case MESSAGE_FAILED:
			break;
		}
		log_error("a daemon's message was not understood", &err, "pid=%d", getpid());
		return false;
	}
}

static void control_ready(struct source *source, uint32_t events)
{
	struct control *c = container_of(source, struct control, source);

	if (events & EPOLLOUT)
		flush(c);
	if ((events & ~(uint32_t)EPOLLOUT) && !read_messages(c))
		remove_control(c);
}

/* ---- all of them ---- */

void controls_init(struct controls *controls, struct loop *loop,
		   const struct control_requests *requests, void *owner)
{
	int listener = SHIM_LISTENER_FD;
	struct error err;

	*controls = (struct controls){.loop = loop, .requests = requests, .owner = owner};
	controls->daemon = add_control(controls, SHIM_CONTROL_FD);
	if (!fd_set_nonblocking(listener, true, &err))
		log_error("cannot listen", &err, "pid=%d", getpid());
	acceptor_init(&controls->listener, loop, listener, listener_ready);
	acceptor_watch(&controls->listener, true);
}

void controls_stop_listening(struct controls *controls)
{
	acceptor_fini(&controls->listener);
}

void controls_fini(struct controls *controls)
{
	controls->daemon = NULL;
	while (controls->first)
		remove_control(controls->first);
	controls_stop_listening(controls);
}

bool controls_are_busy(const struct controls *controls)
{
	for (const struct control *c = controls->first; c; c = c->next)
		if (c->queue.count && !c->broken)
			return true;
	return false;
}

size_t controls_waiting(const struct controls *controls)
{
	return controls->daemon ? controls->daemon->queue.count : 0;
}

void controls_shrink(struct controls *controls)
{
	for (struct control *c = controls->first; c; c = c->next) {
		if (c->reader.header_size == 0)
			message_reader_fini(&c->reader);
		if (c->queue.count == 0)
			message_queue_fini(&c->queue);
	}
}
