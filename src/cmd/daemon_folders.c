#include "cmd/daemon_folders.h"

#include "cmd/daemon_lock.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* Beside our own program, unless said otherwise. */
static bool find_programs(struct daemon *d, struct error *err)
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

bool daemon_open_folders(struct daemon *d, struct error *err)
{
	if (!find_programs(d, err) || !daemon_make_absolute(&d->settings.data_root, err) ||
	    !daemon_make_absolute(&d->settings.exec_root, err))
		return false;
	if (!folder_make(AT_FDCWD, d->settings.data_root, 0711, err) ||
	    !folder_make(AT_FDCWD, d->settings.exec_root, 0711, err))
		return false;
	d->data_root = folder_open(AT_FDCWD, d->settings.data_root, err);
	return d->data_root >= 0 &&
	       (d->data_lock = daemon_lock(DATA_LOCK, d->settings.data_root, err)) >= 0 &&
	       (d->exec_lock = daemon_lock(EXEC_LOCK, d->settings.exec_root, err)) >= 0;
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
