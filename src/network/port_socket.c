/* Who holds a port that is bound but not listening?  Everybody else gets EADDRINUSE from bind().  Only
 * connections of a former program that are in TIME_WAIT stand in our own way for a minute, and
 * SO_REUSEADDR, which looks past them, would let two such reservations stand side by side.  So the
 * second try is bound with SO_REUSEADDR, then made to listen for a moment, which the kernel refuses
 * while anybody listens or reserves in this way, and then takes the option back: from there on it
 * stops others as the plain one does. */
#include "network/port_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static bool set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static int open_socket(const struct port_key *key, struct error *err)
{
	int type = key->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(key->host.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		error_errno(err, "cannot open a socket");
	else if (key->host.family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	return fd;
}

static bool bind_socket(int fd, const struct port_key *key)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_socket(&key->host, key->port, &address);

	return bind(fd, (struct sockaddr *)&address, size) == 0;
}

static bool drop_datagrams(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &nothing};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

/* The second try of the head comment, on a fresh socket. */
static bool bind_past_time_wait(int fd, const struct port_key *key)
{
	return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) && bind_socket(fd, key) &&
	       listen(fd, 0) == 0 && shutdown(fd, SHUT_RD) == 0 &&
	       set_option(fd, SOL_SOCKET, SO_REUSEADDR, 0);
}

static int reserve_past_time_wait(const struct port_key *key, struct error *err)
{
	scoped_fd int fd = open_socket(key, err);

	if (fd >= 0 && bind_past_time_wait(fd, key))
		return take_fd(fd);
	error_errno(err, "cannot bind");
	return -1;
}

int port_socket_reserve(const struct port_key *key, struct error *err)
{
	scoped_fd int fd = open_socket(key, err);
	bool udp = key->protocol == IPPROTO_UDP;

	if (fd < 0)
		return -1;
	/* The filter stands before the port does, so that no datagram is ever queued. */
	if (udp && !drop_datagrams(fd)) {
		error_errno(err, "cannot filter a socket");
		return -1;
	}
	if (bind_socket(fd, key))
		return take_fd(fd);
	if (errno == EADDRINUSE && !udp)
		return reserve_past_time_wait(key, err);
	error_errno(err, "cannot bind");
	return -1;
}

int port_socket_serve(const struct port_key *key, struct error *err)
{
	scoped_fd int fd = open_socket(key, err);
	bool tcp = key->protocol == IPPROTO_TCP;

	if (fd < 0)
		return -1;
	if ((!tcp || set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) && bind_socket(fd, key) &&
	    (!tcp || listen(fd, BACKLOG) == 0))
		return take_fd(fd);
	error_errno(err, "cannot bind");
	return -1;
}

int port_socket_share(const struct port_key *key, bool serve, struct error *err)
{
	scoped_fd int fd = open_socket(key, err);
	bool tcp = key->protocol == IPPROTO_TCP;

	if (fd < 0)
		return -1;
	if (set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) && (tcp || serve || drop_datagrams(fd)) &&
	    (!tcp || set_option(fd, SOL_SOCKET, SO_REUSEADDR, serve)) && bind_socket(fd, key) &&
	    (!tcp || !serve || listen(fd, BACKLOG) == 0))
		return take_fd(fd);
	error_errno(err, "cannot bind");
	return -1;
}
