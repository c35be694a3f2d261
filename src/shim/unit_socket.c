#include "shim/unit_socket.h"

#include "execution/start.h"
#include "os/file.h"
#include "shim/listen_address.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_BACKLOG = 4096 };

static bool has_ipv6(void)
{
	return access("/proc/net/if_inet6", F_OK) == 0;
}

static mode_t mode_or(int32_t mode, mode_t otherwise)
{
	return mode ? (mode_t)mode : otherwise;
}

/* ---- files ---- */

static bool make_folder_above(const struct execution_socket_options *o, const char *path,
			      struct error *err)
{
	scoped_free char *folder = str_dup(path);
	char *slash = strrchr(folder, '/');

	if (!slash || slash == folder)
		return true;
	*slash = '\0';
	return folder_make(AT_FDCWD, folder, mode_or(o->directory_mode, 0755), err);
}

/* `type`: S_IFSOCK or S_IFIFO.  Whose folder it is may put another file in its place meanwhile, or a link. */
static bool give(const struct execution_socket_options *o, const char *path, mode_t type,
		 struct error *err)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	scoped_fd int file = -1;
	struct stat st;

	if (!o->user && !o->group)
		return true;
	if (!start_find_owner(o->user, o->group, &uid, &gid, err))
		return false;
	file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0 || fstat(file, &st) < 0)
		return error_errno(err, "cannot open '%s'", path);
	if ((st.st_mode & S_IFMT) != type)
		return error_set(err, ERROR_CONFLICT, "'%s' was replaced by another file", path);
	return fchownat(file, "", uid, gid, AT_EMPTY_PATH) == 0 ||
	       error_errno(err, "cannot give '%s' away", path);
}

static int open_fifo(const struct execution_socket_options *o, const char *path, struct error *err)
{
	scoped_fd int fd = -1;
	struct stat st;

	if (!make_folder_above(o, path, err))
		return -1;
	if (mkfifo(path, mode_or(o->socket_mode, 0666)) < 0 && errno != EEXIST) {
		error_errno(err, "cannot make '%s'", path);
		return -1;
	}
	fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode)) {
		error_set(err, ERROR_CONFLICT, "'%s' is there and is no fifo", path);
		return -1;
	}
	if (fchmod(fd, mode_or(o->socket_mode, 0666)) < 0) {
		error_errno(err, "cannot set the mode of '%s'", path);
		return -1;
	}
	return give(o, path, S_IFIFO, err) ? take_fd(fd) : -1;
}

/* ---- options ---- */

static bool turn_on(int fd, bool wanted, int level, int option, const char *what, struct error *err)
{
	int on = 1;

	return !wanted || setsockopt(fd, level, option, &on, sizeof(on)) == 0 ||
	       error_errno(err, "cannot set %s", what);
}

static bool set_ipv6_only(const struct execution_socket_options *o, int fd, struct error *err)
{
	int only = str_equal(o->bind_ipv6_only, "ipv6-only");

	if (!o->bind_ipv6_only || str_equal(o->bind_ipv6_only, "default"))
		return true;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) == 0 ||
	       error_errno(err, "cannot set BindIPv6Only=");
}

static bool set_options(const struct execution_socket_options *o, int fd, int family, bool stream,
			struct error *err)
{
	bool internet = family != AF_UNIX;

	return turn_on(fd, internet, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", err) &&
	       turn_on(fd, internet && o->reuse_port, SOL_SOCKET, SO_REUSEPORT,
		       "ReusePort=", err) &&
	       turn_on(fd, internet && o->free_bind, IPPROTO_IP, IP_FREEBIND, "FreeBind=", err) &&
	       turn_on(fd, internet && o->transparent, IPPROTO_IP, IP_TRANSPARENT,
		       "Transparent=", err) &&
	       turn_on(fd, internet && stream && o->keep_alive, SOL_SOCKET, SO_KEEPALIVE,
		       "KeepAlive=", err) &&
	       turn_on(fd, internet && stream && o->no_delay, IPPROTO_TCP, TCP_NODELAY,
		       "NoDelay=", err) &&
	       turn_on(fd, o->pass_credentials, SOL_SOCKET, SO_PASSCRED, "PassCredentials=", err) &&
	       (family != AF_INET6 || set_ipv6_only(o, fd, err));
}

/* ---- sockets ---- */

static int type_of(int32_t kind)
{
	if (kind == SOCKET_DATAGRAM)
		return SOCK_DGRAM;
	return kind == SOCKET_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM;
}

/* It has its mode from the start: a chmod would go to where a link leads. */
static bool bind_with_mode(const struct execution_socket_options *o, int fd,
			   const struct listen_address *address)
{
	mode_t before = umask(~mode_or(o->socket_mode, 0666) & 0777);
	bool ok = bind(fd, &address->any, address->size) == 0;

	umask(before);
	return ok;
}

/* What stands there from a former life is replaced. */
static bool bind_to(const struct execution_socket_options *o, int fd,
		    const struct listen_address *address, const char *text, struct error *err)
{
	struct stat st;

	if (address->path && !make_folder_above(o, address->path, err))
		return false;
	if (address->path && lstat(address->path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(address->path);
	if (!bind_with_mode(o, fd, address))
		return error_errno(err, "cannot bind to '%s'", text);
	return !address->path || give(o, address->path, S_IFSOCK, err);
}

static int backlog_of(const struct execution_socket_options *o)
{
	return o->backlog.given && o->backlog.value >= 0 && o->backlog.value < INT32_MAX
		       ? (int)o->backlog.value
		       : LONGEST_BACKLOG;
}

int unit_socket_open(const struct execution_socket_options *o, const struct execution_socket *s,
		     struct error *err)
{
	struct listen_address address;
	int type = type_of(s->kind);
	scoped_fd int fd = -1;

	if (s->kind == SOCKET_FIFO)
		return open_fifo(o, s->address ? s->address : "", err);
	if (!listen_address_parse(s->address, has_ipv6(), &address, err))
		return -1;
	fd = socket(address.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		error_errno(err, "cannot make a socket for '%s'", s->address);
		return -1;
	}
	if (!set_options(o, fd, address.any.sa_family, type == SOCK_STREAM, err) ||
	    !bind_to(o, fd, &address, s->address, err))
		return -1;
	if (type != SOCK_DGRAM && listen(fd, backlog_of(o)) < 0) {
		error_errno(err, "cannot listen on '%s'", s->address);
		return -1;
	}
	return take_fd(fd);
}

/* ---- links ---- */

static const char *path_of(const struct execution_socket *s)
{
	return s->address && *s->address == '/' ? s->address : NULL;
}

void unit_socket_remove(const struct execution_socket_options *o, const struct execution_socket *s)
{
	for (size_t i = 0; path_of(s) && i < o->symlinks.count; i++)
		unlink(o->symlinks.items[i]);
	if (path_of(s))
		unlink(path_of(s));
}

bool unit_socket_link(const struct execution_socket_options *o, const struct execution_socket *s,
		      struct error *err)
{
	for (size_t i = 0; path_of(s) && i < o->symlinks.count; i++) {
		const char *link = o->symlinks.items[i];

		if (!make_folder_above(o, link, err))
			return false;
		unlink(link);
		if (symlink(path_of(s), link) < 0)
			return error_errno(err, "cannot link '%s' to '%s'", link, path_of(s));
	}
	return true;
}
