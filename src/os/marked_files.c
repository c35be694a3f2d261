#include "os/marked_files.h"

#include "base/memory.h"
#include "os/fd.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MARK_LIMIT = 128 };

static int open_part(int folder, const char *name, int flags)
{
	return openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
}

static bool begins_with(int fd, const char *mark)
{
	char head[MARK_LIMIT];
	size_t size = strlen(mark);
	struct stat st;

	return size <= sizeof(head) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       pread(fd, head, size, 0) == (ssize_t)size && memcmp(head, mark, size) == 0;
}

/* Whether we may put a file there: nothing is there, or what we have written. */
static bool check_place(int folder, const char *mark, const char *path, struct error *err)
{
	scoped_fd int fd = open_part(folder, path, 0);

	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd >= 0 && begins_with(fd, mark))
		return true;
	return error_set(err, ERROR_CONFLICT, "'%s' is there and was not written by wherry", path);
}

bool marked_files_check(int folder, const char *mark, const struct pairs *files, struct error *err)
{
	for (size_t i = 0; i < files->count; i++)
		if (!check_place(folder, mark, files->items[i].name, err))
			return false;
	return true;
}

/* "web.service.d" of "web.service.d/x.conf"; NULL: no folder. */
static char *folder_of(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? str_dup_n(path, (size_t)(slash - path)) : NULL;
}

/* The folder that holds `path`: `folder` itself, or one below it that is no link.  -1 on failure. */
static int open_folder(int folder, const char *path, struct error *err)
{
	scoped_free char *part = folder_of(path);
	int fd = open_part(folder, part ? part : ".", O_DIRECTORY);

	if (fd < 0)
		error_errno(err, "cannot open the folder '%s'", part ? part : ".");
	return fd;
}

static bool make_folders(int folder, const struct pairs *files, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		scoped_free char *part = folder_of(files->items[i].name);

		if (part && mkdirat(folder, part, 0755) < 0 && errno != EEXIST)
			return error_errno(err, "cannot make the folder '%s'", part);
		scoped_fd int holder = open_folder(folder, files->items[i].name, err);
		if (holder < 0)
			return false;
	}
	return true;
}

static bool holds(int folder, const char *name, const char *text)
{
	size_t size = strlen(text);
	scoped_buffer struct buffer there = {0};
	struct stat st;
	struct error err;
	scoped_fd int fd = open_part(folder, name, 0);

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == (off_t)size &&
	       file_read_fd(fd, size + 1, &there, &err) && there.size == size &&
	       (!size || memcmp(there.data, text, size) == 0);
}

static bool write_one(int folder, const struct pair *file, bool *changed, struct error *err)
{
	const char *slash = strchr(file->name, '/'), *name = slash ? slash + 1 : file->name;
	struct file_content content = {file->value, strlen(file->value), 0644, false};
	scoped_fd int holder = open_folder(folder, file->name, err);

	if (holder < 0)
		return false;
	if (holds(holder, name, file->value))
		return true;
	*changed = true;
	return file_replace(holder, name, &content, err);
}

static void remove_marked(int folder, const char *mark, const char *name, bool *changed)
{
	scoped_fd int file = open_part(folder, name, 0);

	if (file >= 0 && begins_with(file, mark) && unlinkat(folder, name, 0) == 0)
		*changed = true;
}

/* Marked files of the folder `part` that are not among `files`. */
static bool remove_others(int folder, const char *mark, const struct pairs *files, const char *part,
			  bool *changed)
{
	int fd = open_part(folder, part, O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		close_fd(&fd);
		return false;
	}
	while ((entry = readdir(dir))) {
		scoped_free char *path = str_format("%s/%s", part, entry->d_name);

		if (!pairs_have(files, path))
			remove_marked(fd, mark, entry->d_name, changed);
	}
	closedir(dir);
	return true;
}

bool marked_files_write(int folder, const char *mark, const struct pairs *files, bool *changed,
			struct error *err)
{
	bool ignored = false;

	if (!changed)
		changed = &ignored;
	if (!make_folders(folder, files, err))
		return false;
	for (size_t i = 0; i < files->count; i++) {
		scoped_free char *part = folder_of(files->items[i].name);

		if (!write_one(folder, &files->items[i], changed, err))
			return false;
		if (part && !remove_others(folder, mark, files, part, changed))
			return error_errno(err, "cannot read the folder '%s'", part);
	}
	return true;
}

void marked_files_remove(int folder, const char *mark, const char *name, bool *changed)
{
	static const struct pairs none = {0};
	scoped_free char *part = str_format("%s.d", name);
	bool ignored = false;

	if (!changed)
		changed = &ignored;
	remove_marked(folder, mark, name, changed);
	if (remove_others(folder, mark, &none, part, changed))
		unlinkat(folder, part, AT_REMOVEDIR);
}
