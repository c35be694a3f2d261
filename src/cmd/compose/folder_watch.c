/* inotify knows single folders, so each one has a watch of its own.  A new folder is watched first and listed then:
 * what came into it before the watch stands in the list, what comes later is told.  A folder that went or moved away
 * takes the watches below it with it. */
#include "cmd/compose/folder_watch.h"

#include "base/map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	EVENTS = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
		 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW,
	DEPTH_LIMIT = 100,
};

struct watched_folder {
	int descriptor;
	char *path; /* owned: relative to the root; "" is the root */
};

struct folder_watch {
	int fd, root;
	char *only; /* owned: name of the one file that is meant; NULL: all */
	struct folder_watch_rules rules;
	struct {
		struct watched_folder *items;
		size_t count, capacity;
	} folders;
};

static char *join(const char *folder, const char *name)
{
	return *folder ? str_format("%s/%s", folder, name) : str_dup(name);
}

static bool is_ignored(const struct folder_watch *watch, const char *path, bool folder)
{
	if (watch->only && (folder || strcmp(watch->only, path) != 0))
		return true;
	return watch->rules.ignores && watch->rules.ignores(watch->rules.data, path, folder);
}

/* ---- folders ---- */

static ssize_t find_folder(const struct folder_watch *watch, int descriptor)
{
	for (size_t i = 0; i < watch->folders.count; i++)
		if (watch->folders.items[i].descriptor == descriptor)
			return (ssize_t)i;
	return -1;
}

static void drop_folder(struct folder_watch *watch, size_t index)
{
	free(watch->folders.items[index].path);
	vector_remove(&watch->folders, index);
}

/* Those of `path` and below it. */
static void drop_below(struct folder_watch *watch, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = watch->folders.count; i-- > 0;) {
		const struct watched_folder *folder = &watch->folders.items[i];

		if (strncmp(folder->path, path, length) != 0 ||
		    (folder->path[length] && folder->path[length] != '/'))
			continue;
		inotify_rm_watch(watch->fd, folder->descriptor);
		drop_folder(watch, i);
	}
}

static bool fail_watch(const char *path, struct error *err)
{
	if (errno == ENOSPC)
		return error_set(err, ERROR_UNAVAILABLE,
				 "cannot watch '%s': the host allows no more watches; raise "
				 "fs.inotify.max_user_watches",
				 path);
	return error_errno(err, "cannot watch '%s'", path);
}

/* What is not there any more was told already, or will be. */
static bool is_gone(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

static bool watch_folder(struct folder_watch *watch, const char *path, struct error *err)
{
	scoped_free char *place =
		str_format("/proc/self/fd/%d/%s", watch->root, *path ? path : ".");
	int descriptor = inotify_add_watch(watch->fd, place, EVENTS);

	if (descriptor < 0)
		return is_gone() || fail_watch(path, err);
	ssize_t known = find_folder(watch, descriptor);
	if (known >= 0)
		drop_folder(watch, (size_t)known);
	vector_add(&watch->folders, ((struct watched_folder){descriptor, str_dup(path)}));
	return true;
}

static void tell(struct strings *changed, const char *path)
{
	if (changed && !strings_contain(changed, path))
		strings_add(changed, path);
}

static bool add_tree(struct folder_watch *watch, const char *path, unsigned depth,
		     struct strings *changed, struct error *err);

static bool add_entry(struct folder_watch *watch, int folder, const char *path, const char *name,
		      unsigned depth, struct strings *changed, struct error *err)
{
	scoped_free char *below = join(path, name);
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    is_ignored(watch, below, S_ISDIR(status.st_mode)))
		return true;
	if (S_ISDIR(status.st_mode))
		return add_tree(watch, below, depth + 1, changed, err);
	tell(changed, below);
	return true;
}

/* Watch a folder and those below it; what is in them is told where somebody listens. */
static bool add_tree(struct folder_watch *watch, const char *path, unsigned depth,
		     struct strings *changed, struct error *err)
{
	if (depth > DEPTH_LIMIT)
		return error_set(err, ERROR_INVALID, "'%s' is more than %d folders deep", path,
				 DEPTH_LIMIT);
	if (!watch_folder(watch, path, err))
		return false;
	tell(changed, path);
	int fd = openat(watch->root, *path ? path : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	if (!listing)
		return true;
	bool good = true;
	for (struct dirent *entry; good && !watch->only && (entry = readdir(listing));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			good = add_entry(watch, fd, path, entry->d_name, depth, changed, err);
	closedir(listing);
	return good;
}

/* ---- opening ---- */

/* The folder to watch, and the file in it where one is meant. */
static bool open_root(struct folder_watch *watch, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct stat status;

	if (stat(path, &status) < 0)
		return error_errno(err, "cannot watch '%s'", path);
	scoped_free char *folder = S_ISDIR(status.st_mode) || !slash
					   ? str_dup(path)
					   : str_dup_n(path, (size_t)(slash - path + 1));
	if (!S_ISDIR(status.st_mode))
		watch->only = str_dup(slash ? slash + 1 : path);
	watch->root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return watch->root >= 0 || error_errno(err, "cannot watch '%s'", path);
}

struct folder_watch *folder_watch_new(const char *path, const struct folder_watch_rules *rules,
				      struct error *err)
{
	scoped(folder_watch) struct folder_watch *watch = mem_new(struct folder_watch);

	watch->root = -1;
	watch->rules = *rules;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		error_errno(err, "cannot watch files");
		return NULL;
	}
	if (!open_root(watch, path, err) || !add_tree(watch, "", 0, NULL, err))
		return NULL;
	return take(watch);
}

void folder_watch_free(struct folder_watch *watch)
{
	if (!watch)
		return;
	close_at(&watch->fd);
	close_at(&watch->root);
	free(watch->only);
	while (watch->folders.count)
		drop_folder(watch, watch->folders.count - 1);
	vector_fini(&watch->folders);
	free(watch);
}

int folder_watch_fd(const struct folder_watch *watch)
{
	return watch->fd;
}

/* ---- reading ---- */

/* A new file is told when it was written and closed; a new link or a changed mode is told at once. */
static bool is_unfinished(const struct folder_watch *watch, uint32_t mask, const char *path)
{
	struct stat status;

	return (mask & IN_CREATE) &&
	       fstatat(watch->root, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_size == 0;
}

static bool take_folder_event(struct folder_watch *watch, uint32_t mask, const char *path,
			      struct strings *changed, struct error *err)
{
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		drop_below(watch, path);
	if (mask & (IN_CREATE | IN_MOVED_TO))
		return add_tree(watch, path, 0, changed, err);
	tell(changed, path);
	return true;
}

static bool take_event(struct folder_watch *watch, const struct inotify_event *event,
		       struct strings *changed, struct error *err)
{
	if (event->mask & IN_Q_OVERFLOW) {
		tell(changed, "");
		return true;
	}
	ssize_t index = find_folder(watch, event->wd);
	if (index < 0)
		return true;
	if (event->mask & IN_IGNORED) { /* the kernel's own end of the watch */
		drop_folder(watch, (size_t)index);
		return true;
	}
	if (!event->len) /* the folder itself: its parent tells */
		return true;
	scoped_free char *path = join(watch->folders.items[index].path, event->name);
	bool folder = event->mask & IN_ISDIR;
	if (is_ignored(watch, path, folder) || is_unfinished(watch, event->mask, path))
		return true;
	if (folder)
		return take_folder_event(watch, event->mask, path, changed, err);
	tell(changed, path);
	return true;
}

bool folder_watch_read(struct folder_watch *watch, struct strings *changed, struct error *err)
{
	char bytes[16 << 10] __attribute__((aligned(__alignof__(struct inotify_event))));

	for (;;) {
		ssize_t size = read(watch->fd, bytes, sizeof(bytes));

		if (size < 0)
			return errno == EAGAIN || errno == EINTR ||
			       error_errno(err, "cannot read what files changed");
		for (char *at = bytes; at < bytes + size;) {
			const struct inotify_event *event = (const void *)at;

			if (!take_event(watch, event, changed, err))
				return false;
			at += sizeof(*event) + event->len;
		}
	}
}
