#include "os/root.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINK_LIMIT = 40, RETRY_LIMIT = 1000 };

/* The kernel gives EAGAIN when a rename or a mount elsewhere came between: it cannot prove that ".."
 * stayed inside.  Trying again is what it asks for. */
static int resolve(int root, const char *path, int flags, uint64_t rules)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
			       .mode = flags & O_CREAT ? 0644 : 0,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | rules};
	int fd = -1;

	for (int i = 0; i < RETRY_LIMIT; i++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

static int fail(struct error *err, const char *what, const char *path)
{
	error_errno(err, "cannot %s '%s' in the container", what, path);
	if (err->os == ENOENT)
		err->kind = ERROR_NOT_FOUND;
	return -1;
}

int root_resolve(int root, const char *path, int flags)
{
	return resolve(root, path, flags, 0);
}

int root_open(int root, const char *path, int flags, struct error *err)
{
	int fd = resolve(root, path, flags, 0);

	return fd < 0 ? fail(err, "open", path) : fd;
}

int root_open_plain(int root, const char *path, int flags, struct error *err)
{
	int fd = resolve(root, path, flags, RESOLVE_NO_SYMLINKS);

	return fd < 0 ? fail(err, "open", path) : fd;
}

/* ---- making ---- */

/* The present path, of which the first `done` bytes exist. */
struct way {
	char *path; /* owned */
	size_t done;
	int links;
};

static bool make_entry(int above, const char *name, enum root_entry what)
{
	scoped_fd int file = -1;

	if (what == ROOT_FOLDER)
		return mkdirat(above, name, 0755) == 0;
	file = openat(above, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return file >= 0;
}

/* Something stands at NAME although the path did not resolve: what somebody else has made meanwhile, or a
 * link that leads nowhere.  Put what this says into the path in its place and begin again. */
static bool follow_link(struct way *w, int above, const char *name, size_t end, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(above, name, target, sizeof(target) - 1);
	scoped_free char *old = w->path;
	size_t start = end - strlen(name);

	if (n < 0 && errno == EINVAL) { /* no link */
		w->path = take(old);
		w->done = end;
		return true;
	}
	if (n < 0 || w->links++ == LINK_LIMIT) {
		w->path = take(old);
		errno = n < 0 ? errno : ELOOP;
		return fail(err, "follow link", w->path) == 0;
	}
	target[n] = '\0';
	w->path = str_format("%.*s/%s%s", *target == '/' ? 0 : (int)start, old, target, old + end);
	w->done = 0;
	return true;
}

/* Make the part of the path that ends at `end`; its folder exists. */
static bool make_part(struct way *w, int root, size_t end, enum root_entry what, struct error *err)
{
	scoped_free char *part = str_dup_n(w->path, end);
	char *slash = strrchr(part, '/');
	const char *name = slash ? slash + 1 : part;
	scoped_free char *above_path =
		slash ? str_dup_n(part, (size_t)(slash - part)) : str_dup("");
	scoped_fd int above =
		resolve(root, *above_path ? above_path : "/", O_PATH | O_DIRECTORY, 0);

	if (above < 0)
		return fail(err, "open", *above_path ? above_path : "/") == 0;
	if (make_entry(above, name, what)) {
		w->done = end;
		return true;
	}
	if (errno == EEXIST)
		return follow_link(w, above, name, end, err);
	return fail(err, "make", part) == 0;
}

static size_t end_of_part(const char *path, size_t from)
{
	from += strspn(path + from, "/");
	return from + strcspn(path + from, "/");
}

/* One step: the next part of the path is there or is made. */
static bool advance(struct way *w, int root, enum root_entry what, struct error *err)
{
	size_t end = end_of_part(w->path, w->done);
	bool last = w->path[end + strspn(w->path + end, "/")] == '\0';
	scoped_free char *part = str_dup_n(w->path, end);
	scoped_fd int there = resolve(root, part, O_PATH, 0);

	if (there >= 0) {
		w->done = end;
		return true;
	}
	if (errno != ENOENT)
		return fail(err, "open", part) == 0;
	return make_part(w, root, end, last ? what : ROOT_FOLDER, err);
}

int root_make(int root, const char *path, enum root_entry what, struct error *err)
{
	int fd = resolve(root, path, O_PATH, 0);
	struct way w = {0};

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return fail(err, "open", path);
	w.path = str_dup(path);
	while (w.path[w.done + strspn(w.path + w.done, "/")])
		if (!advance(&w, root, what, err))
			goto out;
	fd = root_open(root, w.path, O_PATH, err);
out:
	free(w.path);
	return fd;
}

int root_make_above(int root, const char *path, const char **name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	scoped_free char *above = slash ? str_dup_n(path, (size_t)(slash - path)) : str_dup("");

	*name = slash ? slash + 1 : path;
	return root_make(root, *above ? above : "/", ROOT_FOLDER, err);
}
