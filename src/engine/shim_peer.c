/* A shim's process and the connection to it.  The end of the process is what counts as its end: the
 * connection may close before, when a shim that was released has nothing more to say. */
#include "engine/shim_peer.h"

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "os/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct reply {
	struct link link;
	shim_replied *replied;
	void *data;
};

struct shim_peer {
	uv_loop_t *loop;
	const struct shim_peer_handlers *handlers;
	void *data;
	pid_t pid;
	int pidfd;   /* owned; -1: not known yet */
	int control; /* owned; open until its handle is closed: libuv forgets by number */
	bool control_ended;
	uv_poll_t on_control, on_exit;
	bool polls_exit, closing;
	unsigned open_handles;
	struct message_reader reader;
	struct message_queue queue;
	struct link replies;
};

/* ---- ending ---- */

static void close_one(uv_handle_t *handle)
{
	struct shim_peer *peer = handle->data;

	if (--peer->open_handles > 0)
		return;
	message_reader_fini(&peer->reader);
	message_queue_fini(&peer->queue);
	close_fd(&peer->control);
	close_fd(&peer->pidfd);
	free(peer);
}

static void drop_replies(struct shim_peer *peer, const struct error *err)
{
	while (!list_is_empty(&peer->replies)) {
		struct reply *reply = list_first(&peer->replies, struct reply, link);

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
	uv_close((uv_handle_t *)&peer->on_control, close_one);
	if (peer->polls_exit)
		uv_close((uv_handle_t *)&peer->on_exit, close_one);
}

static void end(struct shim_peer *peer)
{
	struct error err;

	if (peer->closing)
		return;
	error_set(&err, ERROR_SYSTEM, "the shim has ended");
	drop_replies(peer, &err);
	shim_peer_free(peer);
	peer->handlers->gone(peer->data);
}

/* ---- messages ---- */

static void take_reply(struct shim_peer *peer, const struct message *message)
{
	struct reply *reply = list_first(&peer->replies, struct reply, link);
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
	uv_poll_stop(&peer->on_control);
	peer->control_ended = true;
	if (!peer->polls_exit) /* we never learned who it is: that was all */
		end(peer);
}

/* Everything that is there; a handler may free the peer meanwhile. */
static void read_messages(struct shim_peer *peer)
{
	struct error err;

	while (!peer->control_ended && !peer->closing) {
		switch (message_read(&peer->reader, peer->control, &err)) {
		case MESSAGE_READY:
			give_message(peer, &peer->reader.message);
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

static void on_control(uv_poll_t *handle, int status, int events);

static void flush(struct shim_peer *peer)
{
	struct error err;
	int events = UV_READABLE;

	if (peer->control_ended || peer->closing)
		return;
	if (!message_queue_flush(&peer->queue, peer->control, &err))
		return; /* the end will be read */
	if (peer->queue.count > 0)
		events |= UV_WRITABLE;
	uv_poll_start(&peer->on_control, events, on_control);
}

static void on_control(uv_poll_t *handle, int status, int events)
{
	struct shim_peer *peer = handle->data;

	if (events & UV_WRITABLE)
		flush(peer);
	if (status < 0 || events & (UV_READABLE | UV_DISCONNECT))
		read_messages(peer);
}

static void on_exit_readable(uv_poll_t *handle, int status, int events)
{
	struct shim_peer *peer = handle->data;

	(void)status;
	(void)events;
	waitid(P_PIDFD, (id_t)peer->pidfd, &(siginfo_t){0}, WEXITED | WNOHANG);
	uv_poll_stop(&peer->on_exit);
	read_messages(peer); /* what it said before */
	end(peer);
}

/* ---- making ---- */

static void watch_exit(struct shim_peer *peer)
{
	uv_poll_init(peer->loop, &peer->on_exit, peer->pidfd);
	peer->on_exit.data = peer;
	peer->polls_exit = true;
	peer->open_handles++;
	uv_poll_start(&peer->on_exit, UV_READABLE, on_exit_readable);
}

struct shim_peer *shim_peer_new(uv_loop_t *loop, const struct shim_process *process,
				const struct shim_peer_handlers *handlers, void *data)
{
	struct shim_peer *peer = mem_new(struct shim_peer);

	peer->loop = loop;
	peer->handlers = handlers;
	peer->data = data;
	peer->pid = process->pid;
	peer->pidfd = process->pidfd;
	peer->control = process->control;
	list_init(&peer->replies);
	uv_poll_init(loop, &peer->on_control, peer->control);
	peer->on_control.data = peer;
	peer->open_handles = 1;
	uv_poll_start(&peer->on_control, UV_READABLE, on_control);
	if (peer->pidfd >= 0)
		watch_exit(peer);
	return peer;
}

bool shim_peer_watch(struct shim_peer *peer, pid_t pid, int64_t start_time)
{
	if (peer->polls_exit)
		return true;
	peer->pid = pid;
	peer->pidfd = process_open(pid, start_time);
	if (peer->pidfd < 0)
		return false;
	watch_exit(peer);
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

	if (shim_send(&peer->queue, message, type, record, fds, fd_count, &err))
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
	list_append(&peer->replies, &reply->link);
	shim_peer_send(peer, message, type, record, NULL, 0);
}
