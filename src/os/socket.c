#include "os/socket.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* An address for NAME in a folder.  `pin` (owned by the caller) keeps the folder that the address
 * names alive. */
static bool address_of(int folder, const char *name, int *pin, struct sockaddr_un *out,
		       struct error *err)
{
	const char *base = strrchr(name, '/');
	scoped_free char *above = base ? str_dup_n(name, (size_t)(base - name) + 1) : str_dup(".");
	int written;

	*pin = openat(folder, above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*pin < 0) {
		error_errno(err, "cannot open the folder of socket '%s'", name);
		if (err->os == ENOENT)
			err->kind = ERROR_NOT_FOUND;
		return false;
	}
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	written = snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", *pin,
			   base ? base + 1 : name);
	if ((size_t)written >= sizeof(out->sun_path))
		return error_set(err, ERROR_INVALID, "the name of socket '%s' is too long", name);
	return true;
}

static int new_socket(int flags, struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		error_errno(err, "cannot make a unix socket");
	return fd;
}

static bool somebody_answers(const struct sockaddr_un *address)
{
	struct error ignored;
	scoped_fd int probe = new_socket(SOCK_NONBLOCK, &ignored);

	if (probe < 0)
		return true; /* do not take away what we could not look at */
	if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return true;
	return errno != ECONNREFUSED && errno != ENOENT;
}

static bool bind_socket(int fd, const struct sockaddr_un *address)
{
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

int socket_listen(int folder, const char *name, mode_t mode, struct error *err)
{
	scoped_fd int pin = -1;
	scoped_fd int fd = new_socket(SOCK_NONBLOCK, err);
	struct sockaddr_un address;

	if (fd < 0 || !address_of(folder, name, &pin, &address, err))
		return -1;
	if (!bind_socket(fd, &address)) {
		if (errno == EADDRINUSE && somebody_answers(&address)) {
			error_set(err, ERROR_CONFLICT, "socket '%s' is in use", name);
			return -1;
		}
		unlink(address.sun_path);
		if (!bind_socket(fd, &address)) {
			error_errno(err, "cannot bind socket '%s'", name);
			return -1;
		}
	}
	if (chmod(address.sun_path, mode) < 0 || listen(fd, SOMAXCONN) < 0) {
		error_errno(err, "cannot listen on socket '%s'", name);
		return -1;
	}
	return take_fd(fd);
}

int socket_connect(int folder, const char *name, struct error *err)
{
	scoped_fd int pin = -1;
	scoped_fd int fd = new_socket(0, err);
	struct sockaddr_un address;

	if (fd < 0 || !address_of(folder, name, &pin, &address, err))
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error_errno(err, "cannot connect to socket '%s'", name);
		if (err->os == ENOENT || err->os == ECONNREFUSED)
			err->kind = ERROR_NOT_FOUND;
		return -1;
	}
	return take_fd(fd);
}

int socket_accept(int listener)
{
	int fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	return fd;
}

bool socket_pair(int out[static 2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out) < 0)
		return error_errno(err, "cannot make a pair of sockets");
	return true;
}

bool socket_peer(int socket, pid_t *pid, uid_t *uid, gid_t *gid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	*pid = peer.pid;
	*uid = peer.uid;
	*gid = peer.gid;
	return true;
}
