#include "cmd/compose/files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

static bool fail(struct error *err, const char *path)
{
	error_errno(err, "cannot read '%s'", path);
	if (err->os == ENOENT || err->os == ENOTDIR)
		error_set(err, ERROR_NOT_FOUND, "there is no file '%s'", path);
	return false;
}

/* /dev/null is how people say "no file". */
static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static bool check_kind(const struct stat *st, const char *path, struct error *err)
{
	if (S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode) ||
	    is_null_device(st))
		return true;
	return error_set(err, ERROR_INVALID, "'%s' is %s, not a file", path,
			 S_ISDIR(st->st_mode) ? "a folder" : "a device");
}

/* Until there is something to read; a pipe that nobody opened for writing is silent, too. */
static bool wait_for_bytes(int fd, const char *path, int timeout_ms, struct error *err)
{
	struct pollfd item = {.fd = fd, .events = POLLIN};
	int ready;

	do
		ready = poll(&item, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return fail(err, path);
	return ready > 0 ? true
			 : error_set(err, ERROR_UNAVAILABLE,
				     "'%s' is a pipe from which nothing came for %d seconds", path,
				     timeout_ms / 1000);
}

struct reading {
	int fd;
	const char *path;
	size_t limit;
	bool waits;	/* for a pipe */
	int timeout_ms; /* -1: for ever */
};

static bool read_all(const struct reading *reading, struct buffer *out, struct error *err)
{
	size_t before = out->size;

	for (;;) {
		if (reading->waits &&
		    !wait_for_bytes(reading->fd, reading->path, reading->timeout_ms, err))
			return false;
		ssize_t n = read(reading->fd, buffer_reserve(out, PIECE), PIECE);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return fail(err, reading->path);
		if (n == 0)
			return true;
		buffer_wrote(out, (size_t)n);
		if (out->size - before > reading->limit)
			return error_set(err, ERROR_INVALID, "'%s' is larger than %zu bytes",
					 reading->path, reading->limit);
	}
}

static bool read_standard_input(size_t limit, struct buffer *out, struct error *err)
{
	static struct buffer kept; /* what came is gone from the descriptor */
	static bool was_read;
	struct reading reading = {STDIN_FILENO, "standard input", limit, true, -1};

	if (!was_read && !read_all(&reading, &kept, err))
		return false;
	was_read = true;
	if (kept.size)
		buffer_add(out, kept.data, kept.size);
	return true;
}

bool host_file_read(const char *path, size_t limit, int wait_ms, struct buffer *out,
		    struct error *err)
{
	struct stat st;

	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, path);
	if (!check_kind(&st, path, err))
		return false;
	if (S_ISREG(st.st_mode) && (unsigned long long)st.st_size > limit)
		return error_set(err, ERROR_INVALID, "'%s' is larger than %zu bytes", path, limit);
	struct reading reading = {fd, path, limit, S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode),
				  wait_ms};
	return read_all(&reading, out, err);
}

static bool read_path(void *data, const char *path, size_t limit, struct buffer *out,
		      struct error *err)
{
	if (strcmp(path, "-") == 0)
		return read_standard_input(limit, out, err);
	return host_file_read(path, limit, FILES_WAIT_S * 1000, out, err);
}

static bool path_exists(void *data, const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISDIR(st.st_mode));
}

static char *path_large(void *data, const char *path, size_t limit)
{
	struct stat st;

	if (stat(path, &st) != 0 ||
	    !(S_ISDIR(st.st_mode) ||
	      (S_ISREG(st.st_mode) && (unsigned long long)st.st_size > limit)))
		return NULL;
	return str_format("%llu %lld %lld.%09ld", (unsigned long long)st.st_ino,
			  (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

const struct compose_files host_files = {
	.read = read_path, .exists = path_exists, .large = path_large};
