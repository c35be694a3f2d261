/* The file system of a process, in a mount namespace of its own.
 *
 * All places are opened first, as detached copies of what is there, while nothing is protected yet: a
 * writable place inside a read-only one is a copy from before.  Then the attributes of the root change, the
 * root itself if it is another one, and the places are attached, outer ones first. */
#include "execution/start_private.h"

#include "execution/view.h"
#include "os/file.h"
#include "os/mount.h"
#include "os/root.h"
#include "sandbox/mount_options.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct placing {
	const struct starting *s;
	struct view view;
	int *mounts; /* of each place; -1: it is not there, and need not be */
	int root;
	int hidden_folder, hidden_file; /* what stands for what nobody can read; -1: not made yet */
};

/* ---- sources ---- */

static bool is_folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A tmpfs with a folder and a file without any rights. */
static bool make_hidden(struct placing *p, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "000"}, {"nr_inodes", "4"}};
	scoped_fd int folder = -1;
	scoped_fd int file = -1;

	if (p->hidden_folder >= 0)
		return true;
	p->hidden_folder = mount_new(
		&(struct mount_plan){"tmpfs", options, array_length(options),
				     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
		err);
	if (p->hidden_folder < 0)
		return false;
	file = openat(p->hidden_folder, "file", O_CREAT | O_RDONLY | O_CLOEXEC, 0);
	if (file < 0 || fchmod(file, 0) < 0 || mkdirat(p->hidden_folder, "folder", 0) < 0)
		return error_errno(err, "cannot make what hides others");
	return true;
}

static int open_hidden(struct placing *p, int place, struct error *err)
{
	int mount = -1;

	if (!make_hidden(p, err))
		return -1;
	mount = mount_clone(p->hidden_folder, is_folder(place) ? "folder" : "file", false, err);
	if (mount >= 0 && !mount_set(mount, MOUNT_ATTR_RDONLY, 0, false, err))
		close_fd(&mount);
	return mount;
}

/* Read-only it becomes when there is in it what is to be. */
static int open_tmpfs(struct view_place *place, struct error *err)
{
	struct mount_spec spec = {
		.type = (char[]){"tmpfs"}, .options = place->source, .nosuid = true, .nodev = true};
	scoped_with(mount_options_fini) struct mount_options options = {0};

	if (!mount_options_parse(&spec, &options, err))
		return -1;
	if (!place->source || !strstr(place->source, "mode="))
		vector_add(&options, ((struct mount_option){"mode", "755"}));
	place->set |= options.attributes & MOUNT_ATTR_RDONLY;
	return mount_new(&(struct mount_plan){"tmpfs", options.items, options.count,
					      options.attributes & ~(uint64_t)MOUNT_ATTR_RDONLY},
			 err);
}

/* Where a bind mount is to be, made when it is missing. */
static bool make_target(struct placing *p, const struct view_place *place, int source,
			struct error *err)
{
	scoped_fd int target =
		root_make(p->root, place->path, is_folder(source) ? ROOT_FOLDER : ROOT_FILE, err);

	return target >= 0;
}

static int open_bind(struct placing *p, const struct view_place *place, struct error *err)
{
	int mount = mount_clone(AT_FDCWD, place->source, !place->shallow, err);

	if (mount < 0)
		err->kind = err->os == ENOENT ? ERROR_NOT_FOUND : err->kind;
	else if (!make_target(p, place, mount, err))
		close_fd(&mount);
	return mount;
}

static int open_there(struct placing *p, struct view_place *place, struct error *err)
{
	scoped_fd int there = root_open(p->root, place->path, O_PATH, err);

	if (there < 0)
		return -1;
	switch (place->kind) {
	case VIEW_ITSELF:
		return mount_clone(there, "", true, err);
	case VIEW_HIDDEN:
		return open_hidden(p, there, err);
	case VIEW_TMPFS:
		return open_tmpfs(place, err);
	case VIEW_DEVICES:
		return start_make_devices(err);
	case VIEW_BIND:
		break;
	}
	return -1;
}

static bool open_place(struct placing *p, size_t i, struct error *err)
{
	struct view_place *place = &p->view.items[i];
	bool whole = place->kind == VIEW_ITSELF && str_equal(place->path, "/");

	if (whole)
		return true; /* its attributes change where it is */
	p->mounts[i] =
		place->kind == VIEW_BIND ? open_bind(p, place, err) : open_there(p, place, err);
	if (p->mounts[i] < 0)
		return (place->optional && err->kind == ERROR_NOT_FOUND) ||
		       error_prefix(err, "'%s'", place->path);
	return true;
}

/* Where what is bound below it is to be: on the host there may be something, in here there is nothing yet. */
static bool make_inner(struct placing *p, size_t tmpfs, struct error *err)
{
	const char *outer = p->view.items[tmpfs].path;
	size_t length = strlen(outer);

	for (size_t i = tmpfs + 1; i < p->view.count; i++) {
		const struct view_place *place = &p->view.items[i];

		if (place->kind != VIEW_BIND || p->mounts[i] < 0 ||
		    !str_starts_with(place->path, outer) || place->path[length] != '/')
			continue;
		scoped_fd int target =
			root_make(p->mounts[tmpfs], place->path + length,
				  is_folder(p->mounts[i]) ? ROOT_FOLDER : ROOT_FILE, err);
		if (target < 0)
			return error_prefix(err, "'%s'", place->path);
	}
	return true;
}

static bool set_place(struct placing *p, size_t i, struct error *err)
{
	const struct view_place *place = &p->view.items[i];

	if (p->mounts[i] < 0)
		return true;
	if (place->kind == VIEW_TMPFS && !make_inner(p, i, err))
		return false;
	return (!place->set && !place->clear) ||
	       mount_set(p->mounts[i], place->set, place->clear, true, err);
}

static bool open_places(struct placing *p, struct error *err)
{
	for (size_t i = 0; i < p->view.count; i++)
		if (!open_place(p, i, err))
			return false;
	for (size_t i = 0; i < p->view.count; i++)
		if (!set_place(p, i, err))
			return false;
	return true;
}

/* ---- the root ---- */

static bool enter_root_folder(struct placing *p, struct error *err)
{
	const char *path = p->s->context->root_folder;
	scoped_fd int copy = -1;

	if (!path)
		return true;
	copy = mount_clone(AT_FDCWD, path, true, err);
	if (copy < 0)
		return false;
	if (move_mount(copy, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, "cannot attach the root '%s'", path);
	close(p->root);
	p->root = take_fd(copy);
	return true;
}

static bool change_root(struct placing *p, struct error *err)
{
	if (!p->s->context->root_folder)
		return true;
	if (fchdir(p->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(err, "cannot change the root to '%s'",
				   p->s->context->root_folder);
	return true;
}

static bool set_root(struct placing *p, struct error *err)
{
	uint64_t set = p->view.read_only_root ? MOUNT_ATTR_RDONLY : 0;

	for (size_t i = 0; i < p->view.count; i++)
		if (p->view.items[i].kind == VIEW_ITSELF && str_equal(p->view.items[i].path, "/"))
			set |= p->view.items[i].set;
	return !set || mount_set(p->root, set, 0, true, err);
}

static bool attach_places(struct placing *p, struct error *err)
{
	for (size_t i = 0; i < p->view.count; i++) {
		scoped_fd int target = -1;

		if (p->mounts[i] < 0)
			continue;
		target = root_open(p->root, p->view.items[i].path, O_PATH, err);
		if (target < 0 && p->view.items[i].optional && err->kind == ERROR_NOT_FOUND)
			continue; /* hidden by an outer one */
		if (target < 0 || !mount_attach(p->mounts[i], target, err))
			return error_prefix(err, "'%s'", p->view.items[i].path);
	}
	return true;
}

/* The notify socket stays where the environment says it is. */
static void keep_notify_socket(struct placing *p)
{
	const char *path = pairs_get(p->s->start->environment, "NOTIFY_SOCKET");
	struct view_place place = {.kind = VIEW_BIND, .optional = true};

	if (!path || !p->s->context->root_folder)
		return;
	place.path = str_dup(path);
	place.source = str_dup(path);
	vector_add(&p->view, place);
}

static bool place_all(struct placing *p, struct error *err)
{
	p->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->root < 0)
		return error_errno(err, "cannot open the root");
	return enter_root_folder(p, err) && open_places(p, err) && set_root(p, err) &&
	       attach_places(p, err) && change_root(p, err);
}

bool start_mounts(struct starting *s, struct error *err)
{
	struct placing p = {.s = s, .root = -1, .hidden_folder = -1, .hidden_file = -1};
	const struct view_folders folders = {s->start->private_tmp, s->start->private_var_tmp};

	if (!s->restricted || !view_is_needed(s->context))
		return true;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(err, "cannot make a mount namespace");
	view_collect(s->context, &folders, &p.view);
	keep_notify_socket(&p);
	p.mounts = mem_resize(NULL, p.view.count + 1, sizeof(*p.mounts));
	for (size_t i = 0; i < p.view.count; i++)
		p.mounts[i] = -1;
	return place_all(&p, err); /* what is open and allocated goes with the exec */
}
