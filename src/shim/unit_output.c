#include "shim/unit_output.h"

#include "os/file.h"
#include "shim/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ROUNDS = 64, /* of pieces, then others have a turn */
};

struct unit_output {
	struct unit_outputs *outputs;
	struct unit_output *next;
	struct source source; /* owned */
	char *identifier;
	struct buffer line; /* what is not whole yet */
	struct unit_voice voice;
	char comm[17];
};

static void remove_output(struct unit_output *o)
{
	struct unit_output **at = &o->outputs->first;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	loop_watch(o->outputs->loop, &o->source, 0);
	close_fd(&o->source.fd);
	buffer_fini(&o->line);
	free(o->identifier);
	free(o);
}

/* ---- lines ---- */

static void write_line(struct unit_output *o, const char *text, size_t size)
{
	while (size > 0 && (text[size - 1] == '\r' || text[size - 1] == '\0'))
		size--;
	unit_journal_line(o->outputs->journal, &o->voice, text, size);
}

static void flush_rest(struct unit_output *o)
{
	if (o->line.size)
		write_line(o, o->line.data, o->line.size);
	buffer_clear(&o->line);
}

/* A line that is too long is several. */
static void take_lines(struct unit_output *o)
{
	size_t done = 0;

	for (;;) {
		const char *text = o->line.data + done;
		size_t left = o->line.size - done;
		const char *newline = left ? memchr(text, '\n', left) : NULL;
		size_t size = newline ? (size_t)(newline - text) : left;

		if (!newline && left < JOURNAL_LINE_LIMIT)
			break;
		if (size > JOURNAL_LINE_LIMIT) {
			size = JOURNAL_LINE_LIMIT;
			newline = NULL;
		}
		write_line(o, text, size);
		done += size + (newline ? 1 : 0);
	}
	if (done)
		buffer_consume(&o->line, done);
}

/* ---- reading ---- */

union ancillary {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(8 * sizeof(int))];
};

static void read_comm(struct unit_output *o)
{
	scoped_free char *path = str_format("/proc/%lld/comm", (long long)o->voice.pid);
	scoped_buffer struct buffer text = {0};
	struct error gone;

	if (!file_read(AT_FDCWD, path, 64, &text, &gone) || !text.data)
		return; /* what was known before is the better guess */
	text.data[strcspn(text.data, "\n")] = '\0';
	snprintf(o->comm, sizeof(o->comm), "%s", text.data);
	o->voice.comm = o->comm;
}

/* Half a line of one writer is not completed by another. */
static void take_credentials(struct unit_output *o, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct ucred who;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
		    c->cmsg_len != CMSG_LEN(sizeof(who)))
			continue;
		memcpy(&who, CMSG_DATA(c), sizeof(who));
		if (who.pid == o->voice.pid)
			continue;
		flush_rest(o);
		o->voice.pid = who.pid;
		o->voice.uid = who.uid;
		o->voice.gid = who.gid;
		read_comm(o);
	}
}

/* Descriptors that somebody sends along are nothing to us. */
static void close_gifts(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count =
			c->cmsg_len > CMSG_LEN(0) ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			close(fd);
		}
	}
}

static ssize_t read_piece(struct unit_output *o)
{
	char *piece = scratch_area();
	union ancillary control;
	struct iovec part = {piece, SCRATCH_SIZE};
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(o->source.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	close_gifts(&msg);
	if (n > 0) {
		take_credentials(o, &msg);
		buffer_add(&o->line, piece, (size_t)n);
		take_lines(o);
	}
	return n;
}

static void read_some(struct unit_output *o)
{
	for (int i = 0; i < ROUNDS; i++) {
		ssize_t n = read_piece(o);

		if (n < 0)
			return;
		if (n > 0)
			continue;
		flush_rest(o);
		remove_output(o);
		return;
	}
}

static void output_ready(struct source *source, uint32_t events)
{
	read_some(container_of(source, struct unit_output, source));
}

/* ---- all of them ---- */

int unit_outputs_open(struct unit_outputs *outputs, const char *identifier, struct error *err)
{
	struct unit_output *o;
	int ends[2], on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		error_errno(err, "cannot make a socket for output");
		return -1;
	}
	shutdown(ends[0], SHUT_WR);
	o = mem_new(struct unit_output);
	*o = (struct unit_output){.outputs = outputs,
				  .next = outputs->first,
				  .source = {.fd = ends[0], .ready = output_ready},
				  .identifier = str_dup(identifier)};
	o->voice.identifier = o->identifier;
	outputs->first = o;
	loop_watch(outputs->loop, &o->source, EPOLLIN);
	return ends[1];
}

void unit_outputs_drain(struct unit_outputs *outputs)
{
	for (struct unit_output *o = outputs->first, *next; o; o = next) {
		next = o->next;
		read_some(o);
	}
}

void unit_outputs_shrink(struct unit_outputs *outputs)
{
	for (struct unit_output *o = outputs->first; o; o = o->next)
		if (!o->line.size)
			buffer_fini(&o->line);
}
