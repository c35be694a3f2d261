#include "sandbox/terminal.h"

#include "base/memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

/* /dev/pts belongs to the container: it may have put something else there. */
static bool is_devpts(int fd, struct error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return error_errno(err, "cannot look at the container's terminals");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return error_set(err, ERROR_FORBIDDEN, "the container's /dev/pts is not a devpts");
	return true;
}

bool terminal_new(int devpts, int *master, int *slave, struct error *err)
{
	scoped_fd int ours = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	int unlocked = 0, theirs;

	if (ours < 0)
		return error_errno(err, "cannot make a terminal");
	if (!is_devpts(ours, err))
		return false;
	if (ioctl(ours, TIOCSPTLCK, &unlocked) < 0)
		return error_errno(err, "cannot unlock a terminal");
	theirs = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs < 0)
		return error_errno(err, "cannot open a terminal");
	*master = take_fd(ours);
	*slave = theirs;
	return true;
}

bool terminal_resize(int terminal, int32_t rows, int32_t columns, struct error *err)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	if (rows <= 0 || columns <= 0)
		return true;
	if (ioctl(terminal, TIOCSWINSZ, &size) < 0)
		return error_errno(err, "cannot resize a terminal");
	return true;
}

bool terminal_take_control(int slave, struct error *err)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return error_errno(err, "cannot take control of the terminal");
	return true;
}
