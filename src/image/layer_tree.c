#include "image/layer_tree.h"

#include "base/text.h"
#include "os/file.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OPAQUE_XATTR "trusted.overlay.opaque"
#define HERE	     AT_SYMLINK_NOFOLLOW

struct late_time {
	char *path; /* owned */
	struct timespec mtime;
};

struct layer_tree {
	int root; /* borrowed */

	/* The folder of the last entry: tars go folder by folder, so most entries find it open. */
	char parent[PATH_MAX];
	int parent_fd;
	bool stale;    /* something was taken away that may have been on the way there */
	bool replaced; /* ... ever */

	struct {
		struct late_time *items;
		size_t count, capacity;
	} late;
};

struct layer_tree *layer_tree_new(int root)
{
	struct layer_tree *tree = mem_new(struct layer_tree);

	tree->root = root;
	tree->parent_fd = -1;
	return tree;
}

void layer_tree_free(struct layer_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->late.count; i++)
		free(tree->late.items[i].path);
	vector_fini(&tree->late);
	close_fd(&tree->parent_fd);
	free(tree);
}

/* ---- finding the folder of an entry ---- */

static int open_in_root(int root, const char *path, int flags)
{
	return root_resolve(root, *path ? path : ".", flags);
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static bool make_opaque(int parent, const char *name)
{
	scoped_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) == 0;
}

/* A folder in the place of a whiteout hides what lower layers have there. */
static bool make_opaque_folder(int parent, const char *name)
{
	return unlinkat(parent, name, 0) == 0 && mkdirat(parent, name, 0755) == 0 &&
	       make_opaque(parent, name);
}

static bool make_one_parent(int folder, const char *name)
{
	struct stat st;

	if (mkdirat(folder, name, 0755) == 0)
		return true;
	if (errno != EEXIST || fstatat(folder, name, &st, HERE) < 0)
		return false;
	if (is_whiteout(&st))
		return make_opaque_folder(folder, name);
	errno = ENOTDIR; /* a file, or a link that leads nowhere */
	return false;
}

/* Walk down from the root and make what is missing.  -1 with errno on failure. */
static int make_parents(const struct layer_tree *tree, const char *path)
{
	scoped_free char *prefix = str_dup(path);
	scoped_fd int folder = open_in_root(tree->root, "", O_PATH | O_DIRECTORY);

	for (char *name = prefix, *end; folder >= 0 && *name; name = end) {
		end = name + strcspn(name, "/");
		bool last = *end == '\0';
		*end = '\0';
		int next = open_in_root(tree->root, prefix, O_PATH | O_DIRECTORY);
		if (next < 0 && make_one_parent(folder, name))
			next = open_in_root(tree->root, prefix, O_PATH | O_DIRECTORY);
		close_fd(&folder);
		folder = next;
		if (last)
			break;
		*end++ = '/';
	}
	return take_fd(folder);
}

static int open_parent(const struct layer_tree *tree, const char *path)
{
	int fd = open_in_root(tree->root, path, O_PATH | O_DIRECTORY);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		fd = make_parents(tree, path);
	return fd;
}

/* The descriptor of the folder that holds `path`, borrowed; -1 on failure. */
static int enter(struct layer_tree *tree, const struct layer_path *path, struct error *err)
{
	char parent[PATH_MAX];

	layer_path_parent(path, parent);
	if (tree->parent_fd >= 0 && !tree->stale && str_equal(parent, tree->parent))
		return tree->parent_fd;
	close_fd(&tree->parent_fd);
	tree->stale = false;
	tree->parent_fd = open_parent(tree, parent);
	if (tree->parent_fd < 0)
		error_errno(err, "cannot make the folder of '%.200s'", path->text);
	memcpy(tree->parent, parent, strlen(parent) + 1);
	return tree->parent_fd;
}

static const char *base_of(const struct layer_path *path)
{
	return path->text + path->base;
}

bool layer_tree_look(struct layer_tree *tree, const struct layer_path *path, struct stat *st,
		     bool *found, struct error *err)
{
	int folder = enter(tree, path, err);

	if (folder < 0)
		return false;
	*found = fstatat(folder, base_of(path), st, HERE) == 0;
	return *found || errno == ENOENT || error_errno(err, "cannot look at '%.200s'", path->text);
}

/* ---- making room ---- */

/* Remove what stands at `path`, whose folder is entered. */
static bool clear(struct layer_tree *tree, const struct layer_path *path, struct error *err)
{
	tree->stale = tree->replaced = true;
	if (!tree_remove(tree->parent_fd, base_of(path), err))
		return error_prefix(err, "cannot replace '%.200s'", path->text);
	return true;
}

/* What one kind of entry is made of. */
struct wanted {
	mode_t type;
	dev_t device;	    /* S_IFCHR, S_IFBLK */
	const char *target; /* S_IFLNK */
	int link_folder;    /* a hard link: where its target is, else -1 */
};

/* 0, or a file's descriptor; -1 with errno. */
static int make_once(int folder, const char *name, const struct wanted *wanted)
{
	if (wanted->link_folder >= 0)
		return linkat(wanted->link_folder, wanted->target, folder, name, 0);
	switch (wanted->type) {
	case S_IFREG:
		return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			      0600);
	case S_IFDIR:
		return mkdirat(folder, name, 0700);
	case S_IFLNK:
		return symlinkat(wanted->target, folder, name);
	default:
		return mknodat(folder, name, wanted->type | 0600, wanted->device);
	}
}

/* As make_once, in the place of what may stand there. */
static bool make(struct layer_tree *tree, const struct layer_path *path,
		 const struct wanted *wanted, int *out, struct error *err)
{
	int folder = enter(tree, path, err);
	int result;

	if (folder < 0)
		return false;
	result = make_once(folder, base_of(path), wanted);
	if (result < 0 && errno == EEXIST) {
		if (!clear(tree, path, err))
			return false;
		result = make_once(folder, base_of(path), wanted);
	}
	if (result < 0)
		return error_errno(err, "cannot make '%.200s'", path->text);
	*out = result;
	return true;
}

/* ---- attributes ---- */

/* In this order: a new owner takes setuid and file capabilities away, and everything moves the time.  By
 * the descriptor: a container that runs may put a link in the place of what was just made there, and a mode
 * would go to where that leads.  A filesystem without such xattrs (user.* on an old tmpfs) leaves them out. */
static bool set_attributes(int fd, const struct layer_attributes *attributes)
{
	const struct timespec times[] = {attributes->mtime, attributes->mtime};

	if (fchown(fd, attributes->uid, attributes->gid) < 0 ||
	    fchmod(fd, attributes->mode & 07777) < 0)
		return false;
	for (size_t i = 0; i < attributes->xattr_count; i++) {
		const struct layer_xattr *xattr = &attributes->xattrs[i];

		if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) < 0 &&
		    errno != ENOTSUP)
			return false;
	}
	return futimens(fd, times) == 0;
}

static bool failed_attributes(const struct layer_path *path, struct error *err)
{
	return error_errno(err, "cannot set the attributes of '%.200s'", path->text);
}

/* A folder and a name in it: the only way to name links and devices without opening them. */
struct place {
	int folder;
	const char *name;
};

static struct place place_of(const struct layer_tree *tree, const struct layer_path *path)
{
	if (path->kind == LAYER_ROOT)
		return (struct place){tree->root, "."};
	return (struct place){tree->parent_fd, base_of(path)};
}

/* There is no call for xattrs below a descriptor, so this one changes the working folder. */
static bool set_named_xattrs(struct place place, const struct layer_attributes *attributes)
{
	if (attributes->xattr_count == 0)
		return true;
	if (fchdir(place.folder) < 0)
		return false;
	for (size_t i = 0; i < attributes->xattr_count; i++) {
		const struct layer_xattr *xattr = &attributes->xattrs[i];

		if (lsetxattr(place.name, xattr->name, xattr->value, xattr->size, 0) < 0 &&
		    errno != ENOTSUP)
			return false;
	}
	return true;
}

static bool set_named_attributes(struct place place, mode_t type,
				 const struct layer_attributes *attributes)
{
	const struct timespec times[] = {attributes->mtime, attributes->mtime};

	return fchownat(place.folder, place.name, attributes->uid, attributes->gid, HERE) == 0 &&
	       (type == S_IFLNK ||
		fchmodat(place.folder, place.name, attributes->mode & 07777, 0) == 0) &&
	       set_named_xattrs(place, attributes) &&
	       utimensat(place.folder, place.name, times, HERE) == 0;
}

static bool dress(const struct layer_tree *tree, const struct layer_path *path, mode_t type,
		  const struct layer_attributes *attributes, struct error *err)
{
	return set_named_attributes(place_of(tree, path), type, attributes) ||
	       failed_attributes(path, err);
}

static bool dress_folder(const struct layer_tree *tree, const struct layer_path *path,
			 const struct layer_attributes *attributes, struct error *err)
{
	struct place place = place_of(tree, path);
	scoped_fd int fd =
		openat(place.folder, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return (fd >= 0 && set_attributes(fd, attributes)) || failed_attributes(path, err);
}

/* ---- one function a kind ---- */

bool layer_tree_file(struct layer_tree *tree, const struct layer_path *path, int *fd,
		     struct error *err)
{
	return make(tree, path, &(struct wanted){.type = S_IFREG, .link_folder = -1}, fd, err);
}

bool layer_tree_finish_file(const struct layer_path *path, int fd,
			    const struct layer_attributes *attributes, struct error *err)
{
	return set_attributes(fd, attributes) || failed_attributes(path, err);
}

/* Is there something at `path` that a folder merges with, rather than replaces? */
static bool merge_folder(int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, HERE) < 0)
		return false;
	return S_ISDIR(st.st_mode) || (is_whiteout(&st) && make_opaque_folder(folder, name));
}

static bool make_folder(struct layer_tree *tree, const struct layer_path *path, struct error *err)
{
	int folder, none;

	if (path->kind == LAYER_ROOT)
		return true;
	folder = enter(tree, path, err);
	if (folder < 0)
		return false;
	return merge_folder(folder, base_of(path)) ||
	       make(tree, path, &(struct wanted){.type = S_IFDIR, .link_folder = -1}, &none, err);
}

bool layer_tree_folder(struct layer_tree *tree, const struct layer_path *path,
		       const struct layer_attributes *attributes, struct error *err)
{
	struct late_time late = {NULL, attributes->mtime};

	if (!make_folder(tree, path, err) || !dress_folder(tree, path, attributes, err))
		return false;
	late.path = str_dup(path->text);
	vector_add(&tree->late, late);
	return true;
}

bool layer_tree_symlink(struct layer_tree *tree, const struct layer_path *path, const char *target,
			const struct layer_attributes *attributes, struct error *err)
{
	struct wanted wanted = {.type = S_IFLNK, .target = target, .link_folder = -1};
	int none;

	return make(tree, path, &wanted, &none, err) && dress(tree, path, S_IFLNK, attributes, err);
}

/* Two names of one file already: nothing to do, and removing the one would lose the other. */
static bool are_one(struct place a, struct place b)
{
	struct stat sa, sb;

	return fstatat(a.folder, a.name, &sa, HERE) == 0 &&
	       fstatat(b.folder, b.name, &sb, HERE) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

bool layer_tree_hardlink(struct layer_tree *tree, const struct layer_path *path,
			 const struct layer_path *target, struct error *err)
{
	char parent[PATH_MAX];
	struct wanted wanted = {.target = base_of(target)};
	int folder = enter(tree, path, err), none;

	if (folder < 0)
		return false;
	layer_path_parent(target, parent);
	scoped_fd int from = open_in_root(tree->root, parent, O_PATH | O_DIRECTORY);
	if (from < 0)
		return error_errno(err, "cannot link '%.150s' to '%.150s'", path->text,
				   target->text);
	if (are_one(place_of(tree, path), (struct place){from, base_of(target)}))
		return true;
	wanted.link_folder = from;
	return make(tree, path, &wanted, &none, err) ||
	       error_prefix(err, "cannot link to '%.150s'", target->text);
}

bool layer_tree_node(struct layer_tree *tree, const struct layer_path *path, mode_t type,
		     dev_t device, const struct layer_attributes *attributes, struct error *err)
{
	struct wanted wanted = {.type = type, .device = device, .link_folder = -1};
	int none;

	return make(tree, path, &wanted, &none, err) && dress(tree, path, type, attributes, err);
}

/* ---- marks ---- */

static bool failed_mark(const struct layer_path *path, struct error *err)
{
	return error_errno(err, "cannot mark '%.200s' as removed", path->text);
}

bool layer_tree_whiteout(struct layer_tree *tree, const struct layer_path *path, struct error *err)
{
	int folder = enter(tree, path, err);
	struct stat st;

	if (folder < 0)
		return false;
	if (mknodat(folder, base_of(path), S_IFCHR, 0) == 0)
		return true;
	if (errno != EEXIST || fstatat(folder, base_of(path), &st, HERE) < 0)
		return failed_mark(path, err);
	if (S_ISDIR(st.st_mode) && !make_opaque(folder, base_of(path)))
		return failed_mark(path, err);
	return true;
}

bool layer_tree_opaque(struct layer_tree *tree, const struct layer_path *path, struct error *err)
{
	scoped_fd int fd = make_parents(tree, path->text);

	if (fd < 0 || !make_opaque(fd, "."))
		return failed_mark(path, err);
	return true;
}

/* ---- the end ---- */

bool layer_tree_has_replaced(const struct layer_tree *tree)
{
	return tree->replaced;
}

/* What is no folder any more was replaced later, and keeps the time of that. */
static void set_late_time(const struct layer_tree *tree, const struct late_time *late)
{
	const struct timespec times[] = {late->mtime, late->mtime};
	scoped_fd int fd = open_in_root(tree->root, late->path, O_PATH | O_DIRECTORY | O_NOFOLLOW);

	if (fd >= 0)
		utimensat(fd, ".", times, 0);
}

bool layer_tree_finish(struct layer_tree *tree, bool durable, struct error *err)
{
	for (size_t i = 0; i < tree->late.count; i++)
		set_late_time(tree, &tree->late.items[i]);
	if (durable && syncfs(tree->root) < 0)
		return error_errno(err, "cannot write the layer to the disk");
	return true;
}
