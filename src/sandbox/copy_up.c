#include "sandbox/copy_up.h"

#include "base/map.h"
#include "base/text.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { DEPTH_LIMIT = 256, ATTRIBUTES_LIMIT = 64 << 10 };

struct copy {
	int to; /* borrowed: the top of the target */
	struct map
		links; /* "device:inode" to its path (owned) below `to`, of files with several names */
};

/* One entry on its way: where it is, where it goes. */
struct entry {
	int from, to; /* folders */
	const char *name;
	const char *path; /* of the target, below the top */
	struct stat st;
};

static bool fail(struct error *err, const char *what, const struct entry *e)
{
	return error_errno(err, "cannot %s '%s'", what, e->path);
}

static bool copy_folder(struct copy *c, int from, int to, const char *path, int depth,
			struct error *err);

/* ---- owners, attributes, times ---- */

static void copy_attribute(int from, int to, const char *name)
{
	scoped_free char *value = NULL;
	ssize_t size = fgetxattr(from, name, NULL, 0);

	if (size < 0 || size > ATTRIBUTES_LIMIT)
		return;
	value = mem_zeroed(1, (size_t)size);
	size = fgetxattr(from, name, value, (size_t)size);
	if (size >= 0 && fsetxattr(to, name, value, (size_t)size, 0) < 0)
		return; /* labels of a security module, or a filesystem without such attributes */
}

static void copy_attributes(int from, int to)
{
	ssize_t size = flistxattr(from, NULL, 0);
	scoped_free char *names = NULL;

	if (size <= 0 || size > ATTRIBUTES_LIMIT)
		return;
	names = mem_zeroed(1, (size_t)size + 1);
	size = flistxattr(from, names, (size_t)size);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
		copy_attribute(from, to, names + at);
}

/* The owner first: changing it clears setuid bits and capabilities. */
static bool copy_meta(int from, int to, const struct stat *st, const char *path, struct error *err)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return error_errno(err, "cannot set the owner of '%s'", path);
	copy_attributes(from, to);
	if (futimens(to, times) < 0)
		return error_errno(err, "cannot set the times of '%s'", path);
	return true;
}

/* ---- files ---- */

/* Between an overlay and what lies below it nothing can be shared, so the bytes go by. */
static bool copy_range(int from, int to, off_t start, off_t end)
{
	if (lseek(to, start, SEEK_SET) < 0)
		return false;
	while (start < end) {
		ssize_t n = sendfile(to, from, &start, (size_t)(end - start));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0; /* it shrank */
	}
	return true;
}

/* Only where there is data, so that holes stay holes. */
static bool copy_data(int from, int to, off_t size)
{
	off_t data, hole;

	if (ftruncate(to, size) < 0)
		return false;
	for (off_t at = 0; at < size; at = hole) {
		data = lseek(from, at, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO; /* a hole up to the end */
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || !copy_range(from, to, data, hole))
			return false;
	}
	return true;
}

static bool copy_file(const struct entry *e, struct error *err)
{
	scoped_fd int from = openat(e->from, e->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	scoped_fd int to =
		openat(e->to, e->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (from < 0 || to < 0)
		return fail(err, "make", e);
	if (!copy_data(from, to, e->st.st_size))
		return fail(err, "copy", e);
	return copy_meta(from, to, &e->st, e->path, err);
}

/* A file that was copied under another name becomes a link to it.  *done tells. */
static bool link_file(struct copy *c, const struct entry *e, bool *done, struct error *err)
{
	char key[48];
	const char *first;

	*done = false;
	if (e->st.st_nlink < 2)
		return true;
	snprintf(key, sizeof(key), "%llx:%llx", (unsigned long long)e->st.st_dev,
		 (unsigned long long)e->st.st_ino);
	first = map_get(&c->links, key);
	if (!first) {
		map_put(&c->links, key, str_dup(e->path));
		return true;
	}
	*done = true;
	return linkat(c->to, first, e->to, e->name, 0) == 0 || fail(err, "link", e);
}

/* ---- the others ---- */

static bool copy_link(const struct entry *e, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(e->from, e->name, target, sizeof(target) - 1);

	if (n < 0)
		return fail(err, "read link", e);
	target[n] = '\0';
	if (symlinkat(target, e->to, e->name) < 0 ||
	    fchownat(e->to, e->name, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, "make link", e);
	return true;
}

static bool copy_node(const struct entry *e, struct error *err)
{
	if (mknodat(e->to, e->name, e->st.st_mode, e->st.st_rdev) < 0 ||
	    fchownat(e->to, e->name, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, "make", e);
	return true;
}

static bool copy_subfolder(struct copy *c, const struct entry *e, int depth, struct error *err)
{
	scoped_fd int from =
		openat(e->from, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scoped_fd int to = -1;

	if (mkdirat(e->to, e->name, 0700) < 0)
		return fail(err, "make folder", e);
	to = openat(e->to, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return fail(err, "open folder", e);
	return copy_folder(c, from, to, e->path, depth + 1, err) &&
	       copy_meta(from, to, &e->st, e->path, err);
}

static bool copy_entry(struct copy *c, const struct entry *e, int depth, struct error *err)
{
	bool linked = false;

	if (S_ISDIR(e->st.st_mode))
		return copy_subfolder(c, e, depth, err);
	if (S_ISLNK(e->st.st_mode))
		return copy_link(e, err);
	if (!S_ISREG(e->st.st_mode))
		return copy_node(e, err);
	return link_file(c, e, &linked, err) && (linked || copy_file(e, err));
}

/* Names of an open folder one by one; its descriptor is copied, since closedir() closes. */
static DIR *open_list(int folder)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		close_fd(&copy);
	return dir;
}

static struct dirent *next_name(DIR *dir)
{
	struct dirent *entry;

	do
		entry = readdir(dir);
	while (entry && (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..")));
	return entry;
}

static bool copy_folder(struct copy *c, int from, int to, const char *path, int depth,
			struct error *err)
{
	DIR *dir = depth < DEPTH_LIMIT ? open_list(from) : NULL;
	struct dirent *name;
	bool ok = true;

	if (!dir)
		return error_set(err, ERROR_INVALID, "cannot copy '%s': its folders are too deep",
				 path);
	while (ok && (name = next_name(dir))) {
		scoped_free char *target =
			str_format("%s%s%s", path, *path ? "/" : "", name->d_name);
		struct entry e = {from, to, name->d_name, target};

		ok = fstatat(from, name->d_name, &e.st, AT_SYMLINK_NOFOLLOW) == 0
			     ? copy_entry(c, &e, depth, err)
			     : fail(err, "look at", &e);
	}
	closedir(dir);
	return ok;
}

static bool is_empty(int folder)
{
	DIR *dir = open_list(folder);
	bool empty = dir && !next_name(dir);

	if (dir)
		closedir(dir);
	return empty;
}

static void copy_fini(struct copy *c)
{
	for (struct map_slot *slot = map_first(&c->links); slot; slot = map_next(&c->links, slot))
		free(slot->value);
	map_fini(&c->links);
}

bool copy_up(int from, int to, struct error *err)
{
	scoped_fd int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_fd int target = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_with(copy_fini) struct copy c = {.to = target};
	struct stat st;

	if (source < 0 || target < 0 || fstat(source, &st) < 0 || !is_empty(target))
		return true;
	return copy_folder(&c, source, target, "", 0, err) &&
	       copy_meta(source, target, &st, "/", err);
}
