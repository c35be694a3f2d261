#include "cmd/cli/streams.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* Our stdout may be non-blocking: another program that shares the terminal can make it so. */
static bool write_all(int fd, const char *data, size_t size, struct error *err)
{
	while (size) {
		ssize_t wrote = write(fd, data, size);

		if (wrote < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = fd, .events = POLLOUT};

			poll(&wait, 1, -1);
			continue;
		}
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return error_errno(err, "cannot write to std%s",
					   fd == STDOUT_FILENO ? "out" : "err");
		data += wrote;
		size -= (size_t)wrote;
	}
	return true;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool write_payload(struct streams *streams, const char *data, size_t size, struct error *err)
{
	size_t room = sizeof(streams->trouble.text) - 1 - streams->trouble.size;

	if (streams->kind != STREAM_SYSTEM)
		return write_all(streams->kind == STREAM_STDERR ? STDERR_FILENO : STDOUT_FILENO,
				 data, size, err);
	memcpy(streams->trouble.text + streams->trouble.size, data, smaller(size, room));
	streams->trouble.size += smaller(size, room);
	return true;
}

/* Bytes of the next header; returns how many of them were taken. */
static size_t take_header(struct streams *streams, const char *data, size_t size)
{
	size_t part = smaller(size, sizeof(streams->header) - streams->header_size);

	memcpy(streams->header + streams->header_size, data, part);
	streams->header_size += part;
	return part;
}

bool streams_write(struct streams *streams, const char *data, size_t size, struct error *err)
{
	if (!streams->framed)
		return write_all(STDOUT_FILENO, data, size, err);
	while (size) {
		size_t part = smaller(size, streams->left);

		if (!streams->left)
			part = take_header(streams, data, size);
		else if (!write_payload(streams, data, part, err))
			return false;
		else
			streams->left -= (uint32_t)part;
		if (streams->header_size == sizeof(streams->header)) {
			streams->header_size = 0;
			if (!stream_frame_read(streams->header, &streams->kind, &streams->left))
				return error_set(err, ERROR_SYSTEM, "Unrecognized input header: %d",
						 streams->header[0]);
		}
		data += part;
		size -= part;
	}
	return true;
}

bool streams_end(const struct streams *streams, struct error *err)
{
	if (!streams->trouble.size)
		return true;
	return error_set(err, ERROR_SYSTEM, "error from daemon in stream: %.*s",
			 (int)streams->trouble.size, streams->trouble.text);
}
