#include "unit/install_link.h"

#include "base/id.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

char *install_link_read(const char *path)
{
	char text[PATH_MAX];
	ssize_t size = readlink(path, text, sizeof(text) - 1);

	return size < 0 ? NULL : str_dup_n(text, (size_t)size);
}

/* Also where the text of the link is another way to the same file. */
static bool is_same_file(const char *path, const char *target)
{
	struct stat here, there;

	return stat(path, &here) == 0 && stat(target, &there) == 0 && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

/* Whether a link may be put at `path`; `done`: it is right as it is. */
static bool look(const char *path, const char *target, bool force, bool *done, struct error *err)
{
	scoped_free char *present = install_link_read(path);
	struct stat st;

	*done = present && (str_equal(present, target) || is_same_file(path, target));
	if (*done || (lstat(path, &st) < 0 && errno == ENOENT) || (present && force))
		return true;
	if (present)
		return error_set(err, ERROR_CONFLICT,
				 "File '%s' already exists and is a symlink to %s", path, present);
	return error_set(err, ERROR_CONFLICT, "File '%s' already exists", path);
}

static char *folder_of(const char *path)
{
	return str_dup_n(path, (size_t)(strrchr(path, '/') - path));
}

bool install_link_make(const char *path, const char *target, bool force, bool *made,
		       struct error *err)
{
	scoped_free char *folder = folder_of(path);
	char id[ID_SIZE];
	bool done;

	*made = false;
	if (!look(path, target, force, &done, err))
		return false;
	if (done)
		return true;
	if (!folder_make(AT_FDCWD, folder, 0755, err))
		return false;
	id_new(id);
	scoped_free char *temporary = str_format("%s/.%.16s", folder, id);
	if (symlink(target, temporary) < 0)
		return error_errno(err, "cannot make a link in '%s'", folder);
	if (rename(temporary, path) < 0) {
		error_errno(err, "cannot make the link '%s'", path);
		unlink(temporary);
		return false;
	}
	*made = true;
	return true;
}

bool install_link_remove(const char *path, struct install_result *result, struct error *err)
{
	scoped_free char *folder = folder_of(path);

	if (unlink(path) < 0)
		return errno == ENOENT || error_errno(err, "cannot remove '%s'", path);
	if (str_ends_with(folder, ".wants") || str_ends_with(folder, ".requires"))
		rmdir(folder);
	strings_add(&result->removed, path);
	return true;
}
