#include "sandbox/channel.h"

#include "base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int))];
};

bool channel_pair(int *outside, int *inside, struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "cannot make a pair of sockets");
	*outside = ends[0];
	*inside = ends[1];
	return true;
}

static bool send_packet(int channel, const void *data, size_t size, int fd)
{
	struct iovec part = {(void *)(uintptr_t)data, size};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	ssize_t n;

	if (fd >= 0) {
		control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	do
		n = sendmsg(channel, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)size;
}

/* 0 at the end of file.  That the other end closed without having read all is told first, as ECONNRESET;
 * what it had sent before comes behind that. */
static ssize_t receive_packet(int channel, void *data, size_t size, int *fd)
{
	struct iovec part = {data, size};
	union control control;
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	*fd = -1;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

/* ---- inside: one byte names the descriptor beside it, a struct error is the end ---- */

void channel_fail(int channel, const struct error *error)
{
	send_packet(channel, error, sizeof(*error), -1);
}

bool channel_give_terminal(int channel, int master, struct error *err)
{
	return send_packet(channel, "t", 1, master) ||
	       error_errno(err, "cannot hand a terminal out");
}

bool channel_give_root(int channel, int root, struct error *err)
{
	return send_packet(channel, "r", 1, root) || error_errno(err, "cannot hand the root out");
}

bool channel_wait(int channel, int *fd)
{
	int ignored = -1;
	char word;
	ssize_t n = receive_packet(channel, &word, 1, fd ? fd : &ignored);

	close_fd(&ignored);
	return n == 1;
}

/* ---- outside ---- */

bool channel_go_on(int channel, int fd, struct error *err)
{
	/* a process that failed has closed its end; its reason waits in ours */
	return send_packet(channel, "g", 1, fd) || errno == EPIPE ||
	       error_errno(err, "cannot talk to the new process");
}

static void accept_gift(struct channel_gifts *gifts, char what, int fd)
{
	int *place = what == 'r' ? &gifts->root : &gifts->terminal;

	close_fd(place);
	*place = fd;
}

bool channel_wait_for_exec(int channel, struct channel_gifts *gifts, struct error *err)
{
	for (;;) {
		struct error told;
		int fd = -1;
		ssize_t n = receive_packet(channel, &told, sizeof(told), &fd);

		if (n == 0)
			return true;
		if (n < 0)
			return error_errno(err, "cannot hear from the new process");
		if (n == sizeof(told)) {
			told.text[sizeof(told.text) - 1] = '\0';
			*err = told;
			return false;
		}
		if (fd >= 0)
			accept_gift(gifts, *(const char *)&told, fd);
	}
}
