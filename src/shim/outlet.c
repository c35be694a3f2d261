#include "shim/outlet.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

void outlet_init(struct outlet *o, int fd)
{
	*o = (struct outlet){.fd = fd};
}

static void drop_queue(struct outlet *o)
{
	buffer_fini(&o->queue);
	o->taken = 0;
}

void outlet_fini(struct outlet *o)
{
	drop_queue(o);
	close_fd(&o->fd);
}

size_t outlet_waiting(const struct outlet *o)
{
	return o->queue.size - o->taken;
}

/* How many bytes the socket took; 0 when it is full or broken. */
static size_t send_now(struct outlet *o, const struct iovec *parts, size_t count)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
	ssize_t n;

	do
		n = sendmsg(o->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN) {
		o->broken = true;
		drop_queue(o);
	}
	return n > 0 ? (size_t)n : 0;
}

static void keep(struct outlet *o, const struct iovec *part, size_t skip)
{
	/* moved to the front only when that is cheaper than what it makes room for */
	if (o->taken > o->queue.size / 2) {
		buffer_consume(&o->queue, o->taken);
		o->taken = 0;
	}
	buffer_add(&o->queue, (const char *)part->iov_base + skip, part->iov_len - skip);
}

void outlet_send(struct outlet *o, const struct iovec *parts, size_t count)
{
	size_t sent = outlet_waiting(o) || o->broken ? 0 : send_now(o, parts, count);

	for (size_t i = 0; i < count && !o->broken; i++) {
		size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;

		sent -= skip;
		if (skip < parts[i].iov_len)
			keep(o, &parts[i], skip);
	}
}

void outlet_send_bytes(struct outlet *o, const void *data, size_t size)
{
	outlet_send(o, &(struct iovec){(void *)(uintptr_t)data, size}, 1);
}

size_t outlet_flush(struct outlet *o)
{
	size_t waiting = outlet_waiting(o), sent;

	if (!waiting)
		return 0;
	sent = send_now(o, &(struct iovec){o->queue.data + o->taken, waiting}, 1);
	o->taken += sent;
	if (sent == waiting)
		drop_queue(o);
	return sent;
}

void outlet_send_body(struct outlet *o, bool chunked, const void *data, size_t size)
{
	char head[24];
	int length = snprintf(head, sizeof(head), "%zx\r\n", size);
	struct iovec parts[] = {{head, (size_t)length},
				{(void *)(uintptr_t)data, size},
				{(void *)(uintptr_t) "\r\n", 2}};

	if (size && chunked)
		outlet_send(o, parts, array_length(parts));
	else if (size)
		outlet_send(o, &parts[1], 1);
}

void outlet_end_body(struct outlet *o, bool chunked)
{
	if (chunked)
		outlet_send_bytes(o, "0\r\n\r\n", 5);
}
