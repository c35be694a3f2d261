#include "http/http_chunk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

size_t http_chunk_line(char out[static HTTP_CHUNK_LINE], size_t size)
{
	return (size_t)snprintf(out, HTTP_CHUNK_LINE, "%zx\r\n", size);
}

static bool wait_for_room(int socket)
{
	struct pollfd p = {.fd = socket, .events = POLLOUT};

	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

/* Skip `size` bytes that were sent. */
static void skip_sent(struct msghdr *message, size_t size)
{
	while (message->msg_iovlen && size >= message->msg_iov->iov_len) {
		size -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen) {
		message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + size;
		message->msg_iov->iov_len -= size;
	}
}

static bool send_all(int socket, struct iovec *parts, size_t count, struct error *err)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};

	while (message.msg_iovlen) {
		ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);

		if (sent >= 0)
			skip_sent(&message, (size_t)sent);
		else if (errno != EINTR && (errno != EAGAIN || !wait_for_room(socket)))
			return error_errno(err, "cannot write to the client");
	}
	return true;
}

bool http_chunk_write(int socket, bool chunked, const void *data, size_t size, struct error *err)
{
	char line[HTTP_CHUNK_LINE];

	if (!size)
		return true;
	struct iovec parts[] = {
		{line, http_chunk_line(line, size)}, {(void *)data, size}, {HTTP_CHUNK_END, 2}};
	return chunked ? send_all(socket, parts, 3, err) : send_all(socket, parts + 1, 1, err);
}

bool http_chunk_finish(int socket, bool chunked, struct error *err)
{
	return !chunked || send_all(socket, &(struct iovec){HTTP_CHUNK_LAST, 5}, 1, err);
}
