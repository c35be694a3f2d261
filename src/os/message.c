#include "os/message.h"

#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
	uint32_t size;
	uint16_t type, version;
};

_Static_assert(sizeof(struct header) == 8, "the header has no gaps");

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

/* ---- sending ---- */

static void attach_fds(struct msghdr *msg, union control *control, const struct message *message)
{
	size_t size = message->fd_count * sizeof(int);
	struct cmsghdr *c = &control->align;

	if (size == 0)
		return;
	*c = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(c), message->fds, size);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(size);
}

/* Send the bytes behind the first *sent of header and payload; descriptors go with the first byte.
 */
static bool send_some(int socket, const struct message *m, size_t *sent, struct error *err)
{
	struct header header = {(uint32_t)m->size, m->type, m->version};
	size_t head = *sent < sizeof(header) ? sizeof(header) - *sent : 0;
	size_t skip = head ? 0 : *sent - sizeof(header);
	struct iovec parts[] = {{(char *)&header + sizeof(header) - head, head},
				{(char *)((uintptr_t)m->data + skip), m->size - skip}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = array_length(parts)};
	union control control;
	ssize_t n;

	if (*sent == 0)
		attach_fds(&msg, &control, m);
	do
		n = sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return error_errno(err, "cannot send a message");
	if (n > 0)
		*sent += (size_t)n;
	return true;
}

static bool fits(const struct message *m, struct error *err)
{
	if (m->size > MESSAGE_LIMIT || m->fd_count > MESSAGE_FDS)
		return error_set(err, ERROR_INVALID,
				 "a message of %zu bytes and %zu descriptors is too large", m->size,
				 m->fd_count);
	return true;
}

static bool is_sent(const struct message *m, size_t sent)
{
	return sent == sizeof(struct header) + m->size;
}

static int remaining_ms(int timeout_ms, int64_t since)
{
	int64_t left = timeout_ms - (time_monotonic_ns() - since) / NS_PER_MS;

	return timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0;
}

static bool wait_until(int socket, short events, int timeout_ms, struct error *err)
{
	struct pollfd p = {.fd = socket, .events = events};
	int n = poll(&p, 1, timeout_ms);

	if (n == 0)
		return error_set(err, ERROR_UNAVAILABLE, "the other end takes too long");
	if (n < 0 && errno != EINTR)
		return error_errno(err, "cannot wait for a message");
	return true;
}

bool message_send(int socket, const struct message *message, int timeout_ms, struct error *err)
{
	int64_t since = time_monotonic_ns();
	size_t sent = 0;

	if (!fits(message, err))
		return false;
	for (;;) {
		if (!send_some(socket, message, &sent, err))
			return false;
		if (is_sent(message, sent))
			return true;
		if (!wait_until(socket, POLLOUT, remaining_ms(timeout_ms, since), err))
			return false;
	}
}

/* ---- receiving ---- */

static void drop_message(struct message_reader *r)
{
	for (size_t i = 0; i < r->message.fd_count; i++)
		close_fd(&r->message.fds[i]);
	r->message = (struct message){0};
	r->header_size = 0;
	buffer_clear(&r->data);
}

void message_reader_fini(struct message_reader *r)
{
	drop_message(r);
	buffer_fini(&r->data);
}

/* Keep the descriptors that came along; more than fit are closed and are an error. */
static bool collect_fds(struct message_reader *r, struct msghdr *msg, struct error *err)
{
	bool ok = !(msg->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		const int *fds = (const int *)(const void *)CMSG_DATA(c);
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			if (r->message.fd_count < MESSAGE_FDS) {
				r->message.fds[r->message.fd_count++] = fds[i];
			} else {
				close(fds[i]);
				ok = false;
			}
		}
	}
	return ok || error_set(err, ERROR_INVALID, "a message carries too many descriptors");
}

/* Up to `size` bytes: > 0, 0 at the end, -1 with errno EAGAIN or after a failure with err set.  An end
 * that left words of ours unread is told as a reset, after all that was sent before it: an end, too. */
static ssize_t receive_some(struct message_reader *r, int socket, struct iovec *into,
			    struct error *err)
{
	union control control;
	struct msghdr msg = {.msg_iov = into,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0 && errno != EAGAIN)
		error_errno(err, "cannot receive a message");
	if (n > 0 && !collect_fds(r, &msg, err)) {
		errno = EPROTO;
		return -1;
	}
	return n;
}

static enum message_state why_nothing(const struct message_reader *r, ssize_t n, struct error *err)
{
	if (n < 0)
		return errno == EAGAIN ? MESSAGE_PARTIAL : MESSAGE_FAILED;
	if (r->header_size == 0)
		return MESSAGE_END;
	error_set(err, ERROR_UNAVAILABLE, "the other end closed within a message");
	return MESSAGE_FAILED;
}

static bool accept_header(struct message_reader *r, struct error *err)
{
	uint32_t limit = r->limit ? r->limit : MESSAGE_LIMIT;
	struct header header;

	memcpy(&header, r->header, sizeof(header));
	if (header.size > limit)
		return error_set(err, ERROR_INVALID, "a message of %u bytes is too large",
				 header.size);
	r->message.type = header.type;
	r->message.version = header.version;
	r->message.size = header.size;
	return true;
}

static enum message_state read_header(struct message_reader *r, int socket, struct error *err)
{
	while (r->header_size < sizeof(r->header)) {
		struct iovec into = {r->header + r->header_size,
				     sizeof(r->header) - r->header_size};
		ssize_t n = receive_some(r, socket, &into, err);

		if (n <= 0)
			return why_nothing(r, n, err);
		r->header_size += (size_t)n;
		if (r->header_size == sizeof(r->header) && !accept_header(r, err))
			return MESSAGE_FAILED;
	}
	return MESSAGE_READY;
}

/* Memory grows with what has arrived, not with what the header promises. */
static enum message_state read_payload(struct message_reader *r, int socket, struct error *err)
{
	enum { STEP = 64 << 10 };

	while (r->data.size < r->message.size) {
		size_t left = r->message.size - r->data.size;
		size_t size = left < STEP ? left : STEP;
		struct iovec into = {buffer_reserve(&r->data, size), size};
		ssize_t n = receive_some(r, socket, &into, err);

		if (n <= 0)
			return why_nothing(r, n, err);
		buffer_wrote(&r->data, (size_t)n);
	}
	return MESSAGE_READY;
}

static bool is_whole(const struct message_reader *r)
{
	return r->header_size == sizeof(r->header) && r->data.size == r->message.size;
}

enum message_state message_read(struct message_reader *r, int socket, struct error *err)
{
	enum message_state state;

	if (is_whole(r))
		drop_message(r);
	state = read_header(r, socket, err);
	if (state == MESSAGE_READY)
		state = read_payload(r, socket, err);
	if (state == MESSAGE_READY)
		r->message.data = r->data.data ? r->data.data : "";
	return state;
}

bool message_reader_is_between(const struct message_reader *r)
{
	return r->header_size == 0 && r->message.fd_count == 0;
}

bool message_receive(struct message_reader *r, int socket, int timeout_ms, struct error *err)
{
	int64_t since = time_monotonic_ns();

	for (;;) {
		enum message_state state = message_read(r, socket, err);

		if (state == MESSAGE_READY)
			return true;
		if (state == MESSAGE_END)
			return error_set(err, ERROR_UNAVAILABLE, "the other end closed");
		if (state == MESSAGE_FAILED ||
		    !wait_until(socket, POLLIN, remaining_ms(timeout_ms, since), err))
			return false;
	}
}

/* ---- the queue ---- */

struct queued_message {
	struct message message; /* data and descriptors owned */
	size_t sent;
};

static void queued_message_fini(struct queued_message *q)
{
	for (size_t i = 0; i < q->message.fd_count; i++)
		close_fd(&q->message.fds[i]);
	free((void *)(uintptr_t)q->message.data);
}

void message_queue_fini(struct message_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		queued_message_fini(&queue->items[i]);
	vector_fini(queue);
}

bool message_queue_add(struct message_queue *queue, const struct message *message,
		       struct error *err)
{
	struct queued_message q = {.message = *message};

	if (!fits(message, err))
		return false;
	q.message.data = mem_copy(message->data, message->size);
	for (q.message.fd_count = 0; q.message.fd_count < message->fd_count; q.message.fd_count++) {
		int copy = fcntl(message->fds[q.message.fd_count], F_DUPFD_CLOEXEC, 0);

		if (copy < 0) {
			error_errno(err, "cannot duplicate a descriptor");
			queued_message_fini(&q);
			return false;
		}
		q.message.fds[q.message.fd_count] = copy;
	}
	vector_add(queue, q);
	return true;
}

bool message_queue_flush(struct message_queue *queue, int socket, struct error *err)
{
	while (queue->count > 0) {
		struct queued_message *first = &queue->items[0];

		if (!send_some(socket, &first->message, &first->sent, err))
			return false;
		if (!is_sent(&first->message, first->sent))
			return true;
		queued_message_fini(first);
		vector_remove(queue, 0);
	}
	vector_fini(queue);
	return true;
}
