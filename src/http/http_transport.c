#include "http/http_transport.h"

#include "os/fd.h"
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- addresses ---- */

void http_address_fini(struct http_address *address)
{
	free(address->path);
	free(address->host);
	free(address->port);
	free(address->authority);
	*address = (struct http_address){0};
}

/* host:port, [v6]:port */
static bool parse_authority(struct http_address *address, const char *text, struct error *err)
{
	scoped_free char *authority = str_dup_n(text, strcspn(text, "/"));
	bool bracketed = authority[0] == '[';
	char *end = bracketed ? strchr(authority, ']') : strrchr(authority, ':');
	const char *port = end && bracketed ? end + 1 : end;

	if (!port || port[0] != ':' || !port[1] || port[1 + strspn(port + 1, "0123456789")])
		return error_set(err, ERROR_INVALID, "address '%s' has no port", text);
	if (end == authority + bracketed)
		return error_set(err, ERROR_INVALID, "address '%s' has no host", text);
	address->host = str_dup_n(authority + bracketed, (size_t)(end - authority) - bracketed);
	address->port = str_dup(port + 1);
	address->authority = take(authority);
	return true;
}

bool http_address_parse(struct http_address *address, const char *text, struct error *err)
{
	static const char *const tcp[] = {"tcp://", "http://", "https://"};

	*address = (struct http_address){0};
	if (str_starts_with(text, "unix://") && text[7]) {
		address->path = str_dup(text + 7);
		address->authority = str_dup("api.moby.localhost");
		return true;
	}
	for (size_t i = 0; i < array_length(tcp); i++)
		if (str_starts_with(text, tcp[i]))
			return parse_authority(address, text + strlen(tcp[i]), err);
	return error_set(err, ERROR_INVALID, "address '%s' is neither unix:// nor tcp://", text);
}

/* ---- plain sockets ---- */

static ssize_t again_or_failed(struct http_transport *t, short events, const char *what,
			       struct error *err)
{
	t->waits_for = events;
	if (errno == EAGAIN || errno == EINTR)
		return TRANSPORT_AGAIN;
	error_errno(err, "%s", what);
	return TRANSPORT_FAILED;
}

static ssize_t plain_read(struct http_transport *t, void *out, size_t size, struct error *err)
{
	ssize_t n = recv(t->fd, out, size, 0);

	return n >= 0 ? n : again_or_failed(t, POLLIN, "cannot read from the daemon", err);
}

static ssize_t plain_write(struct http_transport *t, const void *data, size_t size,
			   struct error *err)
{
	ssize_t n = send(t->fd, data, size, MSG_NOSIGNAL);

	return n >= 0 ? n : again_or_failed(t, POLLOUT, "cannot write to the daemon", err);
}

static bool plain_pending(const struct http_transport *t)
{
	return false;
}

static void plain_shut(struct http_transport *t)
{
	shutdown(t->fd, SHUT_WR);
}

static void plain_close(struct http_transport *t)
{
}

static const struct http_transport_driver plain = {plain_read, plain_write, plain_pending,
						   plain_shut, plain_close};

/* ---- opening ---- */

static int connect_tcp(const struct http_address *address, struct error *err)
{
	struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
	int failure = getaddrinfo(address->host, address->port, &hints, &found);
	int fd = -1;

	if (failure) {
		error_set(err, ERROR_UNAVAILABLE, "cannot resolve '%s': %s", address->host,
			  gai_strerror(failure));
		return -1;
	}
	for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		error_errno(err, "cannot connect to '%s'", address->authority);
		err->kind = ERROR_UNAVAILABLE;
		close_fd(&fd);
	}
	freeaddrinfo(found);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

bool http_transport_open(struct http_transport *t, const struct http_address *address,
			 const struct http_client_tls *tls, struct error *err)
{
	scoped_fd int fd = address->path ? socket_connect(AT_FDCWD, address->path, err)
					 : connect_tcp(address, err);

	if (fd < 0 || !fd_set_nonblocking(fd, true, err))
		return false;
	*t = (struct http_transport){.driver = &plain, .fd = take_fd(fd)};
	if (!tls || http_transport_start_tls(t, address->host, tls, err))
		return true;
	http_transport_close(t);
	return false;
}

void http_transport_close(struct http_transport *t)
{
	if (t->fd < 0)
		return;
	t->driver->close(t);
	close_fd(&t->fd);
}

bool http_transport_wait(const struct http_transport *t, int timeout_ms)
{
	struct pollfd p = {.fd = t->fd, .events = t->waits_for};

	return poll(&p, 1, timeout_ms) != 0;
}
