#include "cmd/daemon_listen.h"

#include "base/log.h"
#include "base/time.h"
#include "cmd/daemon_supervisor.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_INHERITED 3
#define BACKLOG		4096

void daemon_sockets_fini(struct daemon_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++) {
		close_fd(&sockets->items[i].fd);
		free(sockets->items[i].address);
	}
	vector_fini(sockets);
}

void daemon_sockets_unlink(const struct daemon_sockets *sockets)
{
	static const char scheme[] = "unix://";

	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->items[i].ours && str_starts_with(sockets->items[i].address, scheme))
			unlink(sockets->items[i].address + strlen(scheme));
}

static void add_socket(struct daemon_sockets *sockets, int fd, const char *address, bool tls,
		       bool ours)
{
	struct daemon_socket socket = {fd, str_dup(address), tls, ours};

	vector_add(sockets, socket);
}

/* ---- unix ---- */

static bool group_of_file(const char *name, gid_t *gid)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *group;
	bool found = false;

	while (file && !found && (group = fgetgrent(file))) {
		found = str_equal(group->gr_name, name);
		if (found)
			*gid = group->gr_gid;
	}
	if (file)
		fclose(file);
	return found;
}

static void answer_group(const char *name, int out)
{
	const struct group *group = getgrnam(name);

	_exit(group && write(out, &group->gr_gid, sizeof(gid_t)) == sizeof(gid_t) ? 0 : 1);
}

/* Other sources than the file come with libraries that would stay for the one answer: a child asks. */
static bool group_of_host(const char *name, gid_t *gid)
{
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	child = fork();
	if (child == 0)
		answer_group(name, ends[1]);
	close(ends[1]);
	bool found = child > 0 && read(ends[0], gid, sizeof(*gid)) == sizeof(*gid);
	close(ends[0]);
	if (child > 0)
		waitpid(child, &status, 0);
	return found;
}

static bool group_id(const char *name, gid_t *gid)
{
	return group_of_file(name, gid) || group_of_host(name, gid);
}

/* A group that was asked for must be there; without one, root's stays. */
static bool choose_group(const char *wanted, gid_t *gid, struct error *err)
{
	*gid = getegid();
	if (wanted)
		return group_id(wanted, gid) ||
		       error_set(err, ERROR_NOT_FOUND, "group '%s' is not on this host", wanted);
	if (!group_id("wherry", gid))
		group_id("docker", gid);
	return true;
}

static int listen_unix(const char *path, const struct daemon_settings *settings, struct error *err)
{
	gid_t gid;

	if (*path != '/') {
		error_set(err, ERROR_INVALID, "the path must be absolute");
		return -1;
	}
	scoped_free char *folder = str_dup_n(path, (size_t)(strrchr(path, '/') - path));
	if (!choose_group(settings->group, &gid, err) ||
	    (*folder && !folder_make(AT_FDCWD, folder, 0755, err)))
		return -1;
	scoped_fd int fd = socket_listen(AT_FDCWD, path, 0600, err);
	if (fd < 0)
		return -1;
	if (chown(path, 0, gid) < 0 || chmod(path, 0660) < 0) {
		error_errno(err, "cannot set owner and mode of '%s'", path);
		return -1;
	}
	return take_fd(fd);
}

/* ---- TCP ---- */

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static int bind_tcp(const struct addrinfo *address, const char *text, struct error *err)
{
	scoped_fd int fd =
		socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		error_errno(err, "cannot listen on '%s'", text);
		return -1;
	}
	return take_fd(fd);
}

/* "HOST:PORT", "[::1]:PORT"; the port may not be left out: 2375 by accident is a hole. */
static bool split_host_port(const char *text, char **host, char **port)
{
	const char *colon = strrchr(text, ':');

	if (!colon || !colon[1])
		return false;
	size_t length = (size_t)(colon - text);
	if (*text == '[' && length > 1 && colon[-1] == ']')
		*host = str_dup_n(text + 1, length - 2);
	else
		*host = str_dup_n(text, length);
	*port = str_dup(colon + 1);
	return true;
}

/* `flags` beside those that any address of ours is looked up with; to be freed with freeaddrinfo(). */
static struct addrinfo *find_tcp(const char *text, int flags, struct error *err)
{
	scoped_free char *host = NULL;
	scoped_free char *port = NULL;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV | flags};
	struct addrinfo *found = NULL;

	if (!split_host_port(text, &host, &port)) {
		error_set(err, ERROR_INVALID, "'%s' wants ADDRESS:PORT", text);
		return NULL;
	}
	int code = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (code)
		error_set(err, ERROR_INVALID, "'%s': %s", text, gai_strerror(code));
	return found;
}

static bool allow_tcp(const struct sockaddr *address, bool tls, const char *text, struct error *err)
{
	return tls || is_loopback(address) ||
	       error_set(err, ERROR_INVALID,
			 "'%s' is not a loopback address: who reaches it is root here; use "
			 "--tlsverify",
			 text);
}

static void warn_of_plain_tcp(const char *text)
{
	log_warning("plain TCP: every local user can be root through it", NULL, "address=%s", text);
}

static int listen_tcp(const char *text, bool tls, struct error *err)
{
	struct addrinfo *found = find_tcp(text, 0, err);
	int fd = -1;

	if (!found)
		return -1;
	if (allow_tcp(found->ai_addr, tls, text, err))
		fd = bind_tcp(found, text, err);
	freeaddrinfo(found);
	if (fd >= 0 && !tls)
		warn_of_plain_tcp(text);
	return fd;
}

/* ---- inherited ---- */

static size_t inherited_count(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t value, owner;

	if (!count || !parse_u64(count, &value) || value > 64)
		return 0;
	if (!getenv("WHERRY_SUPERVISED") &&
	    (!pid || !parse_u64(pid, &owner) || owner != (uint64_t)getpid()))
		return 0;
	return value;
}

static bool take_inherited(int fd, const char *address, bool tls, bool ours,
			   struct daemon_sockets *out, struct error *err)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_errno(err, "descriptor %d was not given to us", fd);
	if (!fd_set_nonblocking(fd, true, err))
		return false;
	add_socket(out, fd, address, tls, ours);
	return true;
}

union socket_name {
	struct sockaddr any;
	struct sockaddr_in ip;
	struct sockaddr_in6 ip6;
	struct sockaddr_un path;
};

/* By its own name, where it has one: that leads our commands to us. */
static char *address_of(const union socket_name *name)
{
	char host[INET6_ADDRSTRLEN];

	switch (name->any.sa_family) {
	case AF_UNIX:
		if (name->path.sun_path[0] == '/')
			return str_format("unix://%s", name->path.sun_path);
		break;
	case AF_INET:
		return str_format("tcp://%s:%d",
				  inet_ntop(AF_INET, &name->ip.sin_addr, host, sizeof(host)),
				  ntohs(name->ip.sin_port));
	case AF_INET6:
		return str_format("tcp://[%s]:%d",
				  inet_ntop(AF_INET6, &name->ip6.sin6_addr, host, sizeof(host)),
				  ntohs(name->ip6.sin6_port));
	}
	return str_dup("fd://");
}

/* A service manager binds what its unit says: it is no way round the rules of --host. */
static bool take_foreign(int fd, bool tls, struct daemon_sockets *out, struct error *err)
{
	union socket_name name = {0};
	socklen_t size = sizeof(name.path) - 1; /* a path may fill it without an end */

	if (getsockname(fd, &name.any, &size) < 0)
		return error_errno(err, "descriptor %d is no socket", fd);
	scoped_free char *address = address_of(&name);
	bool tcp = name.any.sa_family == AF_INET || name.any.sa_family == AF_INET6;
	if (tcp && !allow_tcp(&name.any, tls, address + strlen("tcp://"), err))
		return false;
	if (tcp && !tls)
		warn_of_plain_tcp(address + strlen("tcp://"));
	return take_inherited(fd, address, tcp && tls, false, out, err);
}

static bool take_all_inherited(size_t count, bool tls, struct daemon_sockets *out,
			       struct error *err)
{
	if (!count)
		return error_set(
			err, ERROR_INVALID,
			"fd:// wants sockets of a service manager (LISTEN_FDS), and none came");
	for (size_t i = 0; i < count; i++)
		if (!take_foreign(FIRST_INHERITED + (int)i, tls, out, err))
			return false;
	return true;
}

/* ---- all ---- */

static bool wants_tls(const struct daemon_settings *settings)
{
	return settings->tls > 0 || settings->tls_verify > 0;
}

bool daemon_listen_check(const struct daemon_settings *settings, struct error *err)
{
	for (size_t i = 0; i < settings->hosts.count; i++) {
		const char *host = settings->hosts.items[i], *text = host + strlen("tcp://");
		struct error unknown; /* a name: it is looked up when we listen */

		if (!str_starts_with(host, "tcp://"))
			continue;
		struct addrinfo *found = find_tcp(text, AI_NUMERICHOST, &unknown);
		bool good = !found || allow_tcp(found->ai_addr, wants_tls(settings), text, err);
		if (found)
			freeaddrinfo(found);
		if (!good)
			return error_prefix(err, "--host '%s'", host);
	}
	return true;
}

static bool is_taken(const struct error *err)
{
	return err->kind == ERROR_CONFLICT || err->os == EADDRINUSE;
}

static bool listen_one(const struct daemon_settings *settings, const char *address, size_t index,
		       struct daemon_sockets *out, struct error *err)
{
	size_t inherited = inherited_count();
	bool tcp = str_starts_with(address, "tcp://");
	bool tls = tcp && wants_tls(settings);
	int64_t began = time_monotonic_ns();
	int fd;

	if (str_starts_with(address, "fd://"))
		return take_all_inherited(inherited, wants_tls(settings), out, err);
	if (getenv("WHERRY_SUPERVISED") && index < inherited)
		return take_inherited(FIRST_INHERITED + (int)index, address, tls, true, out, err);
	if (!tcp && !str_starts_with(address, "unix://"))
		return error_set(err, ERROR_INVALID, "it must start with unix://, tcp:// or fd://");
	do
		fd = tcp ? listen_tcp(address + strlen("tcp://"), tls, err)
			 : listen_unix(address + strlen("unix://"), settings, err);
	while (fd < 0 && is_taken(err) && daemon_await_predecessor(began));
	if (fd < 0)
		return false;
	add_socket(out, fd, address, tls, true);
	return true;
}

bool daemon_listen(const struct daemon_settings *settings, struct daemon_sockets *out,
		   struct error *err)
{
	for (size_t i = 0; i < settings->hosts.count; i++)
		if (!listen_one(settings, settings->hosts.items[i], i, out, err))
			return error_prefix(err, "--host '%s'", settings->hosts.items[i]);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return true;
}
