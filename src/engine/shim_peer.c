/* A shim's process and the connection to it.  The end of the process is what counts as its end: the
 * connection may close before, when a shim that was released has nothing more to say. */
#include "engine/shim_peer.h"

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "os/process.h"
#include "shim/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct reply {
	struct link link;
	shim_replied *replied;
	void *data;
};

/* What is on its way. */
struct exchange {
	struct message_reader reader;
	struct message_queue queue;
	struct link replies;
};

/* Thousands of them are idle. */
struct shim_peer {
	const struct shim_peer_handlers *handlers;
	void *data;
	struct exchange *exchange;   /* owned; NULL: nothing is said, nothing is awaited */
	struct source control, exit; /* their descriptors are owned; -1: not known yet */
	pid_t pid;
	bool control_ended, closing;
	bool told; /* of an event: it is not freed before that has been dealt with */
};

/* ---- watching ---- */

/* One handle of libuv for all peers of its loop; each peer is a few words in an epoll instance below it. */
struct watch {
	struct loop loop;
	uv_poll_t handle;
	size_t peers;
};

static struct watch *watch; /* owned by its peers; NULL: there are none */

static void on_ready(uv_poll_t *handle, int status, int events)
{
	struct watch *ready = handle->data;

	(void)status;
	(void)events;
	loop_turn(&ready->loop);
}

static void watch_ref(uv_loop_t *loop)
{
	struct error err;

	if (!watch) {
		watch = mem_new(struct watch);
		if (!loop_init(&watch->loop, &err)) {
			log_error("cannot watch shims", &err, "");
			abort(); /* as without memory: they live on, the next daemon finds them */
		}
		uv_poll_init(loop, &watch->handle, watch->loop.epoll);
		watch->handle.data = watch;
		uv_poll_start(&watch->handle, UV_READABLE, on_ready);
	}
	assert(watch->handle.loop == loop);
	watch->peers++;
}

static void on_closed(uv_handle_t *handle)
{
	struct watch *closed = handle->data;

	loop_fini(&closed->loop);
	free(closed);
}

static void watch_unref(void)
{
	if (--watch->peers == 0)
		uv_close((uv_handle_t *)&take(watch)->handle, on_closed);
}

/* ---- what is on its way ---- */

static struct exchange *exchange(struct shim_peer *peer)
{
	if (!peer->exchange) {
		peer->exchange = mem_new(struct exchange);
		list_init(&peer->exchange->replies);
	}
	return peer->exchange;
}

static void drop_exchange(struct shim_peer *peer)
{
	struct exchange *dropped = take(peer->exchange);

	if (!dropped)
		return;
	message_reader_fini(&dropped->reader);
	message_queue_fini(&dropped->queue);
	free(dropped);
}

/* Nothing is kept for what may be said one day. */
static void rest(struct shim_peer *peer)
{
	const struct exchange *e = peer->exchange;

	if (e && !peer->told && message_reader_is_between(&e->reader) && !e->queue.count &&
	    list_is_empty(&e->replies))
		drop_exchange(peer);
}

/* ---- ending ---- */

static void drop(struct shim_peer *peer)
{
	drop_exchange(peer);
	close_fd(&peer->control.fd);
	close_fd(&peer->exit.fd);
	watch_unref();
	free(peer);
}

static void drop_replies(struct shim_peer *peer, const struct error *err)
{
	while (peer->exchange && !list_is_empty(&peer->exchange->replies)) {
		struct reply *reply = list_first(&peer->exchange->replies, struct reply, link);

		list_remove(&reply->link);
		if (err && reply->replied)
			reply->replied(reply->data, err);
		free(reply);
	}
}

void shim_peer_free(struct shim_peer *peer)
{
	if (!peer || peer->closing)
		return;
	peer->closing = true;
	drop_replies(peer, NULL);
	loop_watch(&watch->loop, &peer->control, 0);
	loop_watch(&watch->loop, &peer->exit, 0);
	if (!peer->told)
		drop(peer);
}

/* From an event only. */
static void end(struct shim_peer *peer)
{
	struct error err;

	if (peer->closing)
		return;
	error_set(&err, ERROR_SYSTEM, "the shim has ended");
	err.os = ESRCH; /* and what ran under it */
	drop_replies(peer, &err);
	if (peer->closing)
		return; /* by who was told */
	shim_peer_free(peer);
	peer->handlers->gone(peer->data);
}

/* ---- messages ---- */

static void take_reply(struct shim_peer *peer, const struct message *message)
{
	struct reply *reply = list_first(&exchange(peer)->replies, struct reply, link);
	struct shim_failure failure = {0};
	struct error err;

	if (!reply)
		return;
	list_remove(&reply->link);
	if (!record_decode(&shim_failure_type, message->data, message->size, &failure, &err))
		failure.kind = err.kind;
	else if (failure.kind != ERROR_NONE)
		error_set(&err, failure.kind, "%s", failure.text ? failure.text : "");
	err.os = failure.os;
	if (reply->replied)
		reply->replied(reply->data, failure.kind == ERROR_NONE ? NULL : &err);
	free(reply);
	record_fini(&shim_failure_type, &failure);
}

static void give_message(struct shim_peer *peer, struct message *message)
{
	uint16_t reply = peer->handlers->reply ? peer->handlers->reply : SHIM_REPLY;

	if (message->type == reply)
		take_reply(peer, message);
	else
		peer->handlers->message(peer->data, message);
}

static void stop_reading(struct shim_peer *peer)
{
	loop_watch(&watch->loop, &peer->control, 0);
	peer->control_ended = true;
	if (peer->exit.fd < 0) /* we never learned who it is: that was all */
		end(peer);
}

/* Everything that is there; a handler may free the peer meanwhile. */
static void read_messages(struct shim_peer *peer)
{
	struct message_reader *reader = &exchange(peer)->reader;
	struct error err;

	while (!peer->control_ended && !peer->closing) {
		switch (message_read(reader, peer->control.fd, &err)) {
		case MESSAGE_READY:
			give_message(peer, &reader->message);
			break;
		case MESSAGE_PARTIAL:
			return;
		case MESSAGE_FAILED:
			log_warning("a shim's connection broke", &err, "pid=%d", (int)peer->pid);
			stop_reading(peer);
			return;
		case MESSAGE_END:
			stop_reading(peer);
			return;
		}
	}
}

static void flush(struct shim_peer *peer)
{
	struct error err;
	uint32_t events = EPOLLIN;

	if (peer->control_ended || peer->closing)
		return;
	if (!message_queue_flush(&exchange(peer)->queue, peer->control.fd, &err))
		return; /* the end will be read */
	if (peer->exchange->queue.count > 0)
		events |= EPOLLOUT;
	loop_watch(&watch->loop, &peer->control, events);
	rest(peer);
}

static void begin_event(struct shim_peer *peer)
{
	peer->told = true;
}

static void end_event(struct shim_peer *peer)
{
	peer->told = false;
	if (peer->closing)
		drop(peer);
	else
		rest(peer);
}

static void on_control(struct source *source, uint32_t events)
{
	struct shim_peer *peer = container_of(source, struct shim_peer, control);

	begin_event(peer);
	if (events & EPOLLOUT)
		flush(peer);
	if (events & ~(uint32_t)EPOLLOUT)
		read_messages(peer);
	end_event(peer);
}

static void on_exit_readable(struct source *source, uint32_t events)
{
	struct shim_peer *peer = container_of(source, struct shim_peer, exit);

	(void)events;
	begin_event(peer);
	waitid(P_PIDFD, (id_t)source->fd, &(siginfo_t){0}, WEXITED | WNOHANG);
	loop_watch(&watch->loop, source, 0);
	read_messages(peer); /* what it said before */
	end(peer);
	end_event(peer);
}

/* ---- making ---- */

struct shim_peer *shim_peer_new(uv_loop_t *loop, const struct shim_process *process,
				const struct shim_peer_handlers *handlers, void *data)
{
	struct shim_peer *peer = mem_new(struct shim_peer);

	watch_ref(loop);
	peer->handlers = handlers;
	peer->data = data;
	peer->pid = process->pid;
	peer->control = (struct source){.fd = process->control, .ready = on_control};
	peer->exit = (struct source){.fd = process->pidfd, .ready = on_exit_readable};
	loop_watch(&watch->loop, &peer->control, EPOLLIN);
	if (peer->exit.fd >= 0)
		loop_watch(&watch->loop, &peer->exit, EPOLLIN);
	return peer;
}

bool shim_peer_watch(struct shim_peer *peer, pid_t pid, int64_t start_time)
{
	if (peer->exit.fd >= 0)
		return true;
	peer->pid = pid;
	peer->exit.fd = process_open(pid, start_time);
	if (peer->exit.fd < 0)
		return false;
	loop_watch(&watch->loop, &peer->exit, EPOLLIN);
	return true;
}

pid_t shim_peer_pid(const struct shim_peer *peer)
{
	return peer->pid;
}

/* ---- sending ---- */

void shim_peer_send(struct shim_peer *peer, enum shim_message message,
		    const struct record_type *type, const void *record, const int *fds,
		    size_t fd_count)
{
	struct error err;

	if (shim_send(&exchange(peer)->queue, message, type, record, fds, fd_count, &err))
		flush(peer);
	else
		log_error("cannot talk to a shim", &err, "pid=%d", (int)peer->pid);
}

void shim_peer_ask(struct shim_peer *peer, enum shim_message message,
		   const struct record_type *type, const void *record, shim_replied *replied,
		   void *data)
{
	struct reply *reply = mem_new(struct reply);

	reply->replied = replied;
	reply->data = data;
	list_append(&exchange(peer)->replies, &reply->link);
	shim_peer_send(peer, message, type, record, NULL, 0);
}
