#include "shim/body.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

static bool wait_for_room(int connection)
{
	struct pollfd p = {.fd = connection, .events = POLLOUT};

	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static void skip_sent(struct iovec *parts, size_t count, size_t sent)
{
	for (size_t i = 0; i < count; i++) {
		size_t taken = sent < parts[i].iov_len ? sent : parts[i].iov_len;

		parts[i].iov_base = (char *)parts[i].iov_base + taken;
		parts[i].iov_len -= taken;
		sent -= taken;
	}
}

static size_t total(const struct iovec *parts, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].iov_len;
	return size;
}

/* false: the client is gone. */
static bool send_parts(int connection, struct iovec *parts, size_t count)
{
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = count};

	while (total(parts, count) > 0) {
		ssize_t n = sendmsg(connection, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			skip_sent(parts, count, (size_t)n);
		else if (errno == EAGAIN ? !wait_for_room(connection) : errno != EINTR)
			return false;
	}
	return true;
}

bool body_send(int connection, bool chunked, const void *data, size_t size)
{
	char head[24];
	int length = snprintf(head, sizeof(head), "%zx\r\n", size);
	struct iovec parts[] = {
		{head, (size_t)length}, {(void *)(uintptr_t)data, size}, {(char[]){'\r', '\n'}, 2}};

	if (!size)
		return true;
	return send_parts(connection, chunked ? parts : &parts[1], chunked ? 3 : 1);
}

void body_end(int connection, bool chunked)
{
	struct iovec end = {(char[]){'0', '\r', '\n', '\r', '\n'}, 5};

	if (chunked)
		send_parts(connection, &end, 1);
}
