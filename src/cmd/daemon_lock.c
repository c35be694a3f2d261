#include "cmd/daemon_lock.h"

#include "base/text.h"
#include "base/time.h"
#include "cmd/daemon_supervisor.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *file;
	const char *variable; /* the descriptor that a supervisor has passed on */
} locks[] = {
	[DATA_LOCK] = {"lock", "WHERRY_DATA_LOCK"},
	[EXEC_LOCK] = {"wherryd.lock", "WHERRY_EXEC_LOCK"},
};

static int open_file(enum daemon_lock which, const char *path, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);

	if (folder < 0)
		return -1;
	int file = openat(folder, locks[which].file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		error_errno(err, "cannot write in '%s'", path);
	return file;
}

static bool is_same_file(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* What was passed on, in the place of `file` where it is the same: the folder may have been made anew. */
static int take_passed_on(enum daemon_lock which, int file)
{
	const char *text = getenv(locks[which].variable);
	uint64_t number = 0;
	bool good = text && parse_u64(text, &number) && number <= INT_MAX &&
		    is_same_file((int)number, file) && fcntl((int)number, F_SETFD, FD_CLOEXEC) == 0;

	unsetenv(locks[which].variable);
	if (!good)
		return file;
	close(file);
	return (int)number;
}

int daemon_lock(enum daemon_lock which, const char *folder, struct error *err)
{
	int64_t began = time_monotonic_ns();
	scoped_fd int file = open_file(which, folder, err);

	if (file < 0)
		return -1;
	file = take_passed_on(which, file);
	do
		if (flock(file, LOCK_EX | LOCK_NB) == 0)
			return take_fd(file);
	while (errno == EWOULDBLOCK && daemon_await_predecessor(began));
	if (errno != EWOULDBLOCK)
		error_errno(err, "cannot lock '%s'", folder);
	else
		error_set(err, ERROR_CONFLICT,
			  "another daemon uses '%s'; give this one its own --data-root and "
			  "--exec-root",
			  folder);
	return -1;
}

bool daemon_lock_pass_on(enum daemon_lock which, int lock, int least, struct error *err)
{
	char text[16];
	int copy = fcntl(lock, F_DUPFD, least);

	if (copy < 0)
		return error_errno(err, "cannot hand over the locks");
	snprintf(text, sizeof(text), "%d", copy);
	setenv(locks[which].variable, text, 1);
	return true;
}
