#include "cmd/daemon_folders.h"

#include "base/time.h"
#include "cmd/daemon_supervisor.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>

/* Beside our own program, unless said otherwise. */
bool daemon_find_programs(struct daemon *d, struct error *err)
{
	char path[PATH_MAX];

	if (d->settings.programs) {
		d->programs = str_dup(d->settings.programs);
		return true;
	}
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length < 0)
		return error_errno(err, "cannot read /proc/self/exe");
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	d->programs = str_dup(path);
	return true;
}

bool daemon_make_absolute(char **path, struct error *err)
{
	char folder[PATH_MAX];

	if (**path == '/')
		return true;
	if (!getcwd(folder, sizeof(folder)))
		return error_errno(err, "cannot find the working folder");
	char *absolute = str_format("%s/%s", folder, *path);
	free(*path);
	*path = absolute;
	return true;
}

/* Not the same name: one folder may be both. */
#define DATA_LOCK "lock"
#define EXEC_LOCK "wherryd.lock"

/* A file that root alone can open, not the folder itself: whoever can open what is locked can lock it, and systemd
 * makes the folder of a socket readable for all. */
static bool lock_folder(const char *path, const char *name, int *lock, struct error *err)
{
	int64_t began = time_monotonic_ns();
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);

	if (folder < 0)
		return false;
	*lock = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*lock < 0)
		return error_errno(err, "cannot write in '%s'", path);
	do
		if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
			return true;
	while (errno == EWOULDBLOCK && daemon_await_predecessor(began));
	if (errno != EWOULDBLOCK)
		return error_errno(err, "cannot lock '%s'", path);
	return error_set(
		err, ERROR_CONFLICT,
		"another daemon uses '%s'; give this one its own --data-root and --exec-root",
		path);
}

/* Two daemons share neither: layers and records have one writer; and who finds run folders, events and sockets in
 * the exec root that it has no record of takes them for what is left of somebody. */
static bool lock_folders(struct daemon *d, struct error *err)
{
	return lock_folder(d->settings.data_root, DATA_LOCK, &d->data_lock, err) &&
	       lock_folder(d->settings.exec_root, EXEC_LOCK, &d->exec_lock, err);
}

bool daemon_open_folders(struct daemon *d, struct error *err)
{
	if (!daemon_find_programs(d, err) || !daemon_make_absolute(&d->settings.data_root, err) ||
	    !daemon_make_absolute(&d->settings.exec_root, err))
		return false;
	if (!folder_make(AT_FDCWD, d->settings.data_root, 0711, err) ||
	    !folder_make(AT_FDCWD, d->settings.exec_root, 0711, err))
		return false;
	d->data_root = folder_open(AT_FDCWD, d->settings.data_root, err);
	return d->data_root >= 0 && lock_folders(d, err);
}

void daemon_close_folders(struct daemon *d)
{
	close_fd(&d->exec_lock);
	close_fd(&d->data_lock);
	close_fd(&d->data_root);
}

char *daemon_program_path(const struct daemon *d, const char *name)
{
	return str_format("%s/%s", d->programs, name);
}
