/* Descriptors of a process: 0, 1 and 2, and sockets from 3 on. */
#include "execution/start_private.h"

#include "os/fd.h"
#include "sandbox/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- where they come from ---- */

static int open_or_error(const char *path, int flags, struct error *err)
{
	int fd = open(path, flags | O_NOCTTY | O_CLOEXEC, 0666);

	if (fd < 0)
		error_errno(err, "cannot open '%s'", path);
	return fd;
}

/* A path that is a socket is connected to. */
static int connect_to(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(err, ERROR_INVALID, "'%s' is too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error_errno(err, "cannot connect to '%s'", path);
		return -1;
	}
	return take_fd(fd);
}

static int open_file(const char *path, int flags, struct error *err)
{
	int fd;

	if (!path) {
		error_set(err, ERROR_INVALID, "no path is given");
		return -1;
	}
	fd = open(path, flags | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0 && errno == ENXIO)
		return connect_to(path, err);
	if (fd < 0)
		error_errno(err, "cannot open '%s'", path);
	return fd;
}

static int socket_named(const struct starting *s, const char *name, struct error *err)
{
	const struct start_sockets *sockets = &s->start->sockets;

	for (size_t i = 0; sockets->names && i < sockets->names->count; i++)
		if (!name || str_equal(sockets->names->items[i], name))
			return fcntl(sockets->fds[i], F_DUPFD_CLOEXEC, 3);
	error_set(err, ERROR_NOT_FOUND, "there is no socket '%s'", name ? name : "");
	return -1;
}

static const char *terminal_path(const struct starting *s)
{
	return s->context->tty_path ? s->context->tty_path : "/dev/console";
}

/* Puts it at its place and closes it. */
static bool place(int fd, int number, struct error *err)
{
	int placed;

	if (fd < 0)
		return false;
	if (fd == number)
		return fcntl(fd, F_SETFD, 0) == 0 || error_errno(err, "cannot place a descriptor");
	placed = dup2(fd, number);
	close(fd);
	return placed >= 0 || error_errno(err, "cannot place descriptor %d", number);
}

/* ---- input ---- */

static bool take_terminal(const struct starting *s, struct error *err)
{
	return place(open_or_error(terminal_path(s), O_RDWR, err), 0, err) &&
	       terminal_take_control(0, err);
}

bool start_input(struct starting *s, struct error *err)
{
	const struct execution_context *c = s->context;

	switch ((enum execution_input)c->in) {
	case INPUT_TTY:
		return take_terminal(s, err);
	case INPUT_FILE: /* it may be output as well */
		return place(
			open_file(c->in_path, c->out == OUTPUT_INHERIT ? O_RDWR : O_RDONLY, err), 0,
			err);
	case INPUT_SOCKET:
		return place(socket_named(s, NULL, err), 0, err);
	case INPUT_FD:
		return place(socket_named(s, c->in_path ? c->in_path : "stdin", err), 0, err);
	case INPUT_DATA:
		return place(memfd_sealed("input", c->in_data.data, c->in_data.size, err), 0, err);
	case INPUT_NULL:
		break;
	}
	return place(open_or_error("/dev/null", O_RDONLY, err), 0, err);
}

/* ---- output ---- */

static int append_flags(int32_t output)
{
	return O_WRONLY | O_CREAT |
	       (output == OUTPUT_APPEND	    ? O_APPEND
		: output == OUTPUT_TRUNCATE ? O_TRUNC
					    : 0);
}

static int open_journal(const struct starting *s, struct error *err)
{
	if (s->start->journal >= 0)
		return fcntl(s->start->journal, F_DUPFD_CLOEXEC, 3);
	return open_or_error("/dev/null", O_WRONLY, err);
}

static bool open_output(const struct starting *s, int number, int32_t output, const char *path,
			struct error *err)
{
	switch ((enum execution_output)output) {
	case OUTPUT_FILE:
	case OUTPUT_APPEND:
	case OUTPUT_TRUNCATE:
		return place(open_file(path, append_flags(output), err), number, err);
	case OUTPUT_SOCKET:
		return place(socket_named(s, NULL, err), number, err);
	case OUTPUT_FD:
		return place(socket_named(s,
					  path		? path
					  : number == 1 ? "stdout"
							: "stderr",
					  err),
			     number, err);
	case OUTPUT_TTY:
		return place(open_or_error(terminal_path(s), O_RDWR, err), number, err);
	case OUTPUT_NULL:
		return place(open_or_error("/dev/null", O_WRONLY, err), number, err);
	case OUTPUT_INHERIT: /* what the one below it has */
		return dup2(number - 1, number) >= 0 || error_errno(err, "cannot place output");
	case OUTPUT_JOURNAL:
		break;
	}
	return place(open_journal(s, err), number, err);
}

/* What is inherited from no input is no output. */
bool start_output(struct starting *s, struct error *err)
{
	const struct execution_context *c = s->context;
	int32_t output = c->out;

	if (output == OUTPUT_INHERIT && (c->in == INPUT_NULL || c->in == INPUT_DATA))
		output = OUTPUT_NULL;
	return open_output(s, 1, output, c->out_path, err);
}

/* One file for both is opened once, so that they do not overwrite each other. */
bool start_error_output(struct starting *s, struct error *err)
{
	const struct execution_context *c = s->context;
	bool same = c->err == c->out && str_equal(c->err_path, c->out_path) && c->out != OUTPUT_FD;

	return open_output(s, 2, same ? OUTPUT_INHERIT : c->err, c->err_path, err);
}

/* ---- sockets ---- */

/* First out of the way of the numbers that they will have, then there. */
static bool place_sockets(struct starting *s, size_t count, struct error *err)
{
	scoped_free int *lifted = mem_zeroed(count, sizeof(*lifted));

	for (size_t i = 0; i < count; i++) {
		lifted[i] = fcntl(s->start->sockets.fds[i], F_DUPFD_CLOEXEC, 4 + (int)count);
		if (lifted[i] < 0)
			return error_errno(err, "cannot move a descriptor");
	}
	for (size_t i = 0; i < count; i++) {
		if (dup2(lifted[i], 3 + (int)i) < 0 ||
		    !fd_set_nonblocking(3 + (int)i, s->plan->non_blocking, err))
			return error_errno(err, "cannot place a socket");
	}
	return true;
}

bool start_descriptors(struct starting *s, struct error *err)
{
	const struct strings *names = s->start->sockets.names;
	size_t count = names ? names->count : 0;
	int report = fcntl(s->report, F_DUPFD_CLOEXEC, 4 + (int)count);

	if (report < 0)
		return error_errno(err, "cannot move a descriptor");
	s->report = report;
	if (!place_sockets(s, count, err))
		return false;
	if (dup3(s->report, 3 + (int)count, O_CLOEXEC) < 0)
		return error_errno(err, "cannot place a descriptor");
	s->report = 3 + (int)count;
	if (syscall(SYS_close_range, 4 + (unsigned)count, ~0u, 0) < 0)
		return error_errno(err, "cannot close descriptors");
	return true;
}
