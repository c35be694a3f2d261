#include "os/file.h"

#include "base/id.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* error_errno, with absence as a kind of its own. */
static bool fail(struct error *err, const char *what, const char *path)
{
	error_errno(err, "cannot %s '%s'", what, path);
	if (err->os == ENOENT)
		err->kind = ERROR_NOT_FOUND;
	return false;
}

static bool read_open(int fd, const char *path, size_t limit, struct buffer *out, struct error *err)
{
	size_t before = out->size;

	for (;;) {
		ssize_t n = read(fd, buffer_reserve(out, 4096), 4096);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, "read", path);
		if (n == 0)
			return true;
		buffer_wrote(out, (size_t)n);
		if (out->size - before > limit)
			return error_set(err, ERROR_INVALID, "'%s' is larger than %zu bytes", path,
					 limit);
	}
}

bool file_read(int folder, const char *path, size_t limit, struct buffer *out, struct error *err)
{
	scoped_fd int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, "open", path);
	return read_open(fd, path, limit, out, err);
}

bool file_read_fd(int fd, size_t limit, struct buffer *out, struct error *err)
{
	return read_open(fd, "a file", limit, out, err);
}

static bool write_new_file(int folder, const char *name, const struct file_content *content,
			   struct error *err)
{
	scoped_fd int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(err, "make", name);
	if (!fd_write_all(fd, content->data, content->size, err))
		return error_prefix(err, "'%s'", name);
	if (fchmod(fd, content->mode) < 0)
		return fail(err, "set the mode of", name);
	if (content->durable && fsync(fd) < 0)
		return fail(err, "sync", name);
	return true;
}

bool file_replace(int folder, const char *name, const struct file_content *content,
		  struct error *err)
{
	unsigned long long random;
	scoped_free char *fresh = NULL;

	random_bytes(&random, sizeof(random));
	fresh = str_format(".%s.%016llx", name, random);
	if (!write_new_file(folder, fresh, content, err) ||
	    (renameat(folder, fresh, folder, name) < 0 && !fail(err, "replace", name))) {
		unlinkat(folder, fresh, 0);
		return false;
	}
	if (content->durable) {
		scoped_fd int self = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (self < 0 || fsync(self) < 0)
			return fail(err, "sync the folder of", name);
	}
	return true;
}

bool file_write(int folder, const char *path, const char *text, struct error *err)
{
	scoped_fd int fd = openat(folder, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, "open", path);
	if (write(fd, text, strlen(text)) < 0)
		return error_errno(err, "cannot write '%s' to '%s'", text, path);
	return true;
}

static bool make_one(int folder, const char *path, mode_t mode)
{
	return mkdirat(folder, path, mode) == 0 || errno == EEXIST;
}

bool folder_make(int folder, const char *path, mode_t mode, struct error *err)
{
	scoped_free char *part = str_dup(path);

	for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (!make_one(folder, part, mode))
			return fail(err, "make folder", part);
		*slash = '/';
	}
	if (!make_one(folder, part, mode))
		return fail(err, "make folder", path);
	return true;
}

int folder_open(int folder, const char *path, struct error *err)
{
	int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail(err, "open folder", path);
	return fd;
}

/* ---- lists ---- */

DIR *folder_list(int folder)
{
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again < 0 ? NULL : fdopendir(again);

	if (!list)
		close_fd(&again);
	return list;
}

struct dirent *folder_next(DIR *list)
{
	struct dirent *entry;

	do
		entry = list ? readdir(list) : NULL;
	while (entry && (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..")));
	return entry;
}

void folder_list_end(DIR **list)
{
	if (*list)
		closedir(*list);
}

/* ---- removing trees ---- */

/* The folders from the root of the walk down to the present one.  An explicit list instead of
 * recursion: a container can nest folders deeper than our stack.  Only the deepest keeps a
 * descriptor open, the way up goes through "..", checked to be where we came from, so a folder that
 * is moved meanwhile cannot lead us out of the tree. */
struct level {
	char *name; /* owned; in the folder above */
	dev_t device;
	ino_t inode;
};

struct walk {
	struct level *items;
	size_t count, capacity;
	int top; /* borrowed: holds the root of the walk */
	int at;	 /* owned: the present folder */
	int again;
};

#define AGAIN_MOST 1000 /* somebody goes on filling it on purpose */

/* No mount is entered, not even one of the same filesystem: what somebody mounted here is not ours. */
static int open_below(const struct walk *w, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = w->count ? RESOLVE_NO_XDEV : 0,
	};

	return (int)syscall(SYS_openat2, w->at, name, &how, sizeof(how));
}

static bool descend(struct walk *w, const char *name, struct error *err)
{
	int fd = open_below(w, name);
	struct stat st;

	if (fd < 0 && errno == EXDEV)
		return error_set(err, ERROR_CONFLICT, "'%s' is a mount point", name);
	if (fd < 0 || fstat(fd, &st) < 0) {
		fail(err, "open folder", name);
		close_fd(&fd);
		return false;
	}
	vector_add(w, ((struct level){str_dup(name), st.st_dev, st.st_ino}));
	if (w->at != w->top)
		close(w->at);
	w->at = fd;
	return true;
}

static int open_above(const struct walk *w)
{
	struct level *above;
	struct stat st;
	int fd;

	if (w->count == 1)
		return w->top;
	above = &w->items[w->count - 2];
	fd = openat(w->at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 &&
	    (fstat(fd, &st) < 0 || st.st_dev != above->device || st.st_ino != above->inode)) {
		close_fd(&fd);
		errno = EXDEV;
	}
	return fd;
}

/* Leave the emptied folder and remove it; unless somebody who is about to end (a shim, a worker that was
 * killed) has made something in there meanwhile. */
static bool ascend(struct walk *w, struct error *err)
{
	scoped_free char *name = w->items[w->count - 1].name;
	int above = open_above(w);

	w->count--;
	if (above == -1) /* AT_FDCWD is negative too */
		return fail(err, "return from folder", name);
	close(w->at);
	w->at = above;
	if (unlinkat(above, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	if (errno == ENOTEMPTY && w->again++ < AGAIN_MOST)
		return descend(w, name, err);
	return fail(err, "remove folder", name);
}

/* Remove the files of the present folder.  True with *folder (owned) set: one that must be emptied
 * first. */
static bool remove_files(const struct walk *w, char **folder, struct error *err)
{
	scoped_list DIR *list = folder_list(w->at);
	struct dirent *entry;
	bool ok = true;

	if (!list)
		return error_errno(err, "cannot list a folder");
	while (ok && !*folder && (entry = folder_next(list))) {
		if (entry->d_type != DT_DIR && unlinkat(w->at, entry->d_name, 0) == 0)
			continue;
		if (entry->d_type == DT_DIR || errno == EISDIR)
			*folder = str_dup(entry->d_name);
		else if (errno != ENOENT)
			ok = fail(err, "remove", entry->d_name);
	}
	return ok;
}

static void walk_fini(struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].name);
	if (w->at != w->top)
		close(w->at);
	vector_fini(w);
}

static bool remove_folder(int parent, const char *name, struct error *err)
{
	scoped_with(walk_fini) struct walk w = {.top = parent, .at = parent};

	if (!descend(&w, name, err))
		return err->kind == ERROR_NOT_FOUND;
	while (w.count > 0) {
		scoped_free char *folder = NULL;

		if (!remove_files(&w, &folder, err))
			return false;
		if (!(folder ? descend(&w, folder, err) : ascend(&w, err)))
			return false;
	}
	return true;
}

bool tree_remove(int folder, const char *name, struct error *err)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return fail(err, "remove", name);
	return remove_folder(folder, name, err);
}
