/* A running container: its mount namespace is entered and copied, so that nothing that is done to the
 * copy is seen in there, and nothing that the container mounts later is seen here.
 *
 * A stopped one: its layers are mounted in a namespace of our own.  Who writes has the container's own
 * writable folder on top; it is alone then, since the engine starts nothing meanwhile.  Who only looks gets
 * a writable folder of its own in memory above all of it, for mount points that are not there yet: so the
 * container may be started meanwhile, and nothing of the look remains. */
#include "archive/archive_root.h"

#include "base/memory.h"
#include "image/confine.h"
#include "os/file.h"
#include "os/mount.h"
#include "os/process.h"
#include "os/root.h"
#include "sandbox/copy_up.h"
#include "sandbox/memory_files.h"
#include "sandbox/outside.h"
#include "sandbox/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OWN_NAMESPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

static bool writes(const struct archive_request *request)
{
	return request->kind == ARCHIVE_PUT;
}

static bool leave_namespaces(struct error *err)
{
	if (unshare(OWN_NAMESPACES) < 0)
		return error_errno(err, "cannot make namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, "cannot make the mounts private");
	return true;
}

/* Over the root: a mount that is attached nowhere cannot hold others. */
static bool attach_root(int tree, struct error *err)
{
	if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, "cannot attach the root");
	return true;
}

/* Everything below it is let go. */
static bool make_root(int tree, struct error *err)
{
	if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(err, "cannot make the container's root ours");
	return true;
}

/* ---- running ---- */

/* What is mounted in the root is not part of it: a copy of the root's own mount alone. */
static bool leave_mounts(struct error *err)
{
	scoped_fd int tree = mount_clone(AT_FDCWD, "/", false, err);

	return tree >= 0 && attach_root(tree, err) && make_root(tree, err);
}

/* What the kernel tells is no file to be copied, and no place to write to for one with our rights. */
static void leave_kernel_files(void)
{
	umount2("/proc", MNT_DETACH | UMOUNT_NOFOLLOW);
	umount2("/sys", MNT_DETACH | UMOUNT_NOFOLLOW);
}

static bool enter_running(const struct archive_request *request, struct error *err)
{
	scoped_fd int process = process_open((pid_t)request->pid, request->start_time);

	bool entered = process >= 0 && setns(process, CLONE_NEWNS) == 0;

	if (process < 0 || (!entered && errno == ESRCH)) { /* the latter: it has just ended */
		error_set(err, ERROR_CONFLICT, "the container is not running any more");
		err->os = ESRCH;
		return false;
	}
	if (!entered)
		return error_errno(err, "cannot enter the container");
	if (!leave_namespaces(err))
		return false;
	leave_kernel_files();
	return request->kind != ARCHIVE_EXPORT || leave_mounts(err);
}

/* ---- stopped ---- */

/* A folder in memory over the container's own, in our namespace only. */
static bool cover_writable(const struct sandbox_spec *spec, int *upper, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "700"}};
	const struct mount_plan plan = {"tmpfs", options, array_length(options), 0};
	scoped_free char *path = str_format("%s/upper", spec->writable_folder);
	scoped_fd int memory = -1, place = -1;

	*upper = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place = open(spec->writable_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*upper < 0 || place < 0)
		return error_errno(err, "cannot open '%s'", path);
	memory = mount_new(&plan, err);
	return memory >= 0 && mount_attach(memory, place, err);
}

static bool is_folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool mount_one(int root, const struct mount_spec *m, struct error *err)
{
	scoped_fd int mount = outside_open_bind(m, err);
	scoped_fd int place = -1;

	if (mount < 0)
		return false;
	place = root_make(root, m->target, is_folder(mount) ? ROOT_FOLDER : ROOT_FILE, err);
	return place >= 0 && mount_attach(mount, place, err);
}

/* Sorted by destination, so that a mount within another comes after it.  What is filled from the image
 * first is so by the container's start; here it may as well be read-only at once. */
static bool mount_all(int root, const struct sandbox_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->mounts.count; i++) {
		struct mount_spec m = *RECORD_AT(spec->mounts, struct mount_spec, i);

		m.copy_up = false;
		if (str_equal(m.type, "bind") && !mount_one(root, &m, err))
			return error_prefix(err, "mount '%s'", m.target);
	}
	return true;
}

static bool mount_files(int root, const struct sandbox_spec *spec,
			const struct descriptors *contents, struct error *err)
{
	scoped_with(descriptors_fini) struct descriptors mounts = {0};

	if (!memory_files_make(root, &spec->files, contents, &mounts, err))
		return false;
	for (size_t i = 0; i < mounts.count; i++) {
		const char *target = RECORD_AT(spec->files, struct file_spec, i)->target;
		scoped_fd int place = root_make(root, target, ROOT_FILE, err);

		if (place < 0 || !mount_attach(mounts.items[i], place, err))
			return error_prefix(err, "file '%s'", target);
	}
	return true;
}

/* EXPORT has nothing that is mounted; CHANGES has the image alone. */
static int open_root(const struct archive_request *request, int *upper, struct error *err)
{
	const struct sandbox_spec *spec = &request->root;

	if (writes(request))
		return overlay_new(spec, -1, err);
	if (!cover_writable(spec, upper, err))
		return -1;
	return overlay_new_below(spec, request->kind == ARCHIVE_CHANGES ? -1 : *upper, err);
}

static bool has_mounts(const struct archive_request *request)
{
	return request->kind == ARCHIVE_STAT || request->kind == ARCHIVE_GET ||
	       request->kind == ARCHIVE_PUT;
}

/* The root's own mount becomes read-only late: mount points are made in it. */
static bool enter_stopped(const struct archive_request *request, int *upper, struct error *err)
{
	scoped_with(descriptors_fini) struct descriptors contents = {0};
	scoped_fd int root = -1;

	/* The files first: the folder that they lie in may be covered then. */
	if (!leave_namespaces(err) || !memory_files_open(&request->root, &contents, err))
		return false;
	root = open_root(request, upper, err);
	return root >= 0 && attach_root(root, err) &&
	       (!has_mounts(request) || mount_all(root, &request->root, err)) &&
	       (!has_mounts(request) || mount_files(root, &request->root, &contents, err)) &&
	       (!request->root.read_only_root ||
		mount_set(root, MOUNT_ATTR_RDONLY, 0, false, err)) &&
	       make_root(root, err);
}

/* ---- filling volumes ---- */

struct filling {
	struct {
		int from, to; /* owned */
		const char *target;
	} * items;
	size_t count, capacity;
};

static void filling_fini(struct filling *f)
{
	for (size_t i = 0; i < f->count; i++) {
		close_fd(&f->items[i].from);
		close_fd(&f->items[i].to);
	}
	vector_fini(f);
}

static bool open_filling(int root, const struct sandbox_spec *spec, struct filling *out,
			 struct error *err)
{
	for (size_t i = 0; i < spec->mounts.count; i++) {
		struct mount_spec m = *RECORD_AT(spec->mounts, struct mount_spec, i);
		struct error absent;
		scoped_fd int from = root_open(root, m.target, O_PATH | O_DIRECTORY, &absent);
		scoped_fd int to = -1;

		m.read_only = false;
		if (from < 0)
			continue; /* the image has nothing there */
		to = outside_open_bind(&m, err);
		if (to < 0)
			return false;
		vector_add(out, ((__typeof__(*out->items)){take_fd(from), take_fd(to), m.target}));
	}
	return true;
}

static bool fill_all(const struct filling *f, struct error *err)
{
	for (size_t i = 0; i < f->count; i++)
		if (!copy_up(f->items[i].from, f->items[i].to, err))
			return error_prefix(err, "copying the image's '%s' to its volume",
					    f->items[i].target);
	return true;
}

bool archive_root_fill(const struct archive_request *request, struct error *err)
{
	scoped_with(filling_fini) struct filling f = {0};
	scoped_fd int upper = -1, root = -1;

	if (!leave_namespaces(err) || !cover_writable(&request->root, &upper, err))
		return false;
	root = overlay_new_below(&request->root, -1, err);
	return root >= 0 && attach_root(root, err) && open_filling(root, &request->root, &f, err) &&
	       make_root(root, err) && confine_to_root(true, err) && fill_all(&f, err);
}

/* ---- both ---- */

bool archive_root_enter(const struct archive_request *request, struct archive_root *out,
			struct error *err)
{
	scoped_fd int upper = -1;
	bool running = request->pid > 0 && request->kind != ARCHIVE_CHANGES;

	*out = (struct archive_root){-1, -1, -1};
	out->links = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!(running ? enter_running(request, err) : enter_stopped(request, &upper, err)) ||
	    !confine_to_root(writes(request), err))
		return false;
	out->root = folder_open(AT_FDCWD, "/", err);
	if (request->kind == ARCHIVE_CHANGES)
		out->upper = take_fd(upper);
	return out->root >= 0;
}

void archive_root_leave(struct archive_root *root)
{
	close_fd(&root->root);
	close_fd(&root->upper);
	close_fd(&root->links);
}

#define GONE " (deleted)"

char *archive_root_path(const struct archive_root *root, int fd)
{
	char name[24], path[PATH_MAX];
	ssize_t size;

	snprintf(name, sizeof(name), "%d", fd);
	size = readlinkat(root->links, name, path, sizeof(path) - 1);
	if (size <= 0)
		return NULL;
	path[size] = '\0';
	return *path == '/' && !str_ends_with(path, GONE) ? str_dup(path) : NULL;
}
