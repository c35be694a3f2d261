#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_hold_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR); /* stays open in what we start, as theirs */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	poll(&p, 1, -1); /* whatever it says, the next read or write tells more */
}

bool fd_write_all(int fd, const void *data, size_t size, struct error *err)
{
	const char *from = data;

	while (size > 0) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EAGAIN)
			wait_for(fd, POLLOUT);
		else if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot write");
		if (n > 0) {
			from += n;
			size -= (size_t)n;
		}
	}
	return true;
}

bool fd_read_all(int fd, void *out, size_t size, struct error *err)
{
	char *to = out;

	while (size > 0) {
		ssize_t n = read(fd, to, size);

		if (n == 0)
			return error_set(err, ERROR_UNAVAILABLE, "the other end closed too early");
		if (n < 0 && errno == EAGAIN)
			wait_for(fd, POLLIN);
		else if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot read");
		if (n > 0) {
			to += n;
			size -= (size_t)n;
		}
	}
	return true;
}

bool fd_set_nonblocking(int fd, bool nonblocking, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);
	int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;

	if (flags < 0 || (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0))
		return error_errno(err, "cannot change the flags of a descriptor");
	return true;
}

const char *fd_path(int fd, char out[static FD_PATH_SIZE])
{
	snprintf(out, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return out;
}

static bool seal(int fd, struct error *err)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return error_errno(err, "cannot seal a memory file");
	lseek(fd, 0, SEEK_SET);
	return true;
}

static int memfd_new(const char *name, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		error_errno(err, "cannot make a memory file");
	return fd;
}

int memfd_sealed(const char *name, const void *data, size_t size, struct error *err)
{
	scoped_fd int fd = memfd_new(name, err);

	if (fd < 0 || !fd_write_all(fd, data, size, err) || !seal(fd, err))
		return -1;
	return take_fd(fd);
}

static bool copy_bytes(int from, int to, size_t size, struct error *err)
{
	off_t at = 0;

	while ((size_t)at < size) {
		ssize_t n = sendfile(to, from, &at, size - (size_t)at);

		if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot copy to a memory file");
		if (n == 0)
			return error_set(err, ERROR_CONFLICT,
					 "the file shrank while it was copied");
	}
	return true;
}

int memfd_sealed_copy(const char *name, int source, size_t limit, struct error *err)
{
	scoped_fd int fd = memfd_new(name, err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(source, &st) < 0) {
		error_errno(err, "cannot read the size of a file");
		return -1;
	}
	if ((size_t)st.st_size > limit) {
		error_set(err, ERROR_INVALID, "the file is larger than %zu bytes", limit);
		return -1;
	}
	if (!copy_bytes(source, fd, (size_t)st.st_size, err) || !seal(fd, err))
		return -1;
	return take_fd(fd);
}
