#include "sandbox/outside.h"

#include "os/file.h"
#include "os/mount.h"
#include "os/process.h"
#include "os/root.h"
#include "sandbox/device.h"
#include "sandbox/propagation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

const char *const etc_files[ETC_FILES] = {"hosts", "hostname", "resolv.conf"};

bool spec_has_user_namespace(const struct sandbox_spec *spec)
{
	return spec->user.mode == NAMESPACE_NEW && spec->uid_map.count > 0;
}

/* ---- bind mounts ---- */

static uint64_t attributes_of(const struct mount_spec *m)
{
	return (m->nosuid ? MOUNT_ATTR_NOSUID : 0) | (m->nodev ? MOUNT_ATTR_NODEV : 0) |
	       (m->noexec ? MOUNT_ATTR_NOEXEC : 0);
}

/* What is to be filled from the image first becomes read-only inside, when that is done. */
static bool set_read_only(int mount, const struct mount_spec *m, struct error *err)
{
	return !m->read_only || m->copy_up ||
	       mount_set(mount, MOUNT_ATTR_RDONLY, 0, m->read_only_recursive, err);
}

static int clone_source(const struct mount_spec *m, struct error *err)
{
	int mount = mount_clone(AT_FDCWD, m->source, m->recursive, err);

	if (mount < 0 && err->kind == ERROR_NOT_FOUND)
		error_set(err, ERROR_INVALID,
			  "invalid mount config for type \"bind\": bind source path does not "
			  "exist: %s",
			  m->source);
	return mount;
}

/* Somebody may be changing links in there: resolved once, below the source, and mounted from what was
 * found. */
static int clone_subpath(const struct mount_spec *m, struct error *err)
{
	scoped_fd int source = open(m->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd int found = -1;
	struct error why;

	if (source < 0) {
		error_errno(err, "cannot open '%s'", m->source);
		return -1;
	}
	found = root_open(source, m->subpath, O_PATH, &why);
	if (found < 0) {
		errno = why.os;
		error_errno(err, "cannot access path %s/%s", m->source, m->subpath);
		err->kind = ERROR_INVALID;
		return -1;
	}
	return mount_clone(found, "", m->recursive, err);
}

int outside_open_bind(const struct mount_spec *m, struct error *err)
{
	scoped_fd int mount = -1;
	uint64_t attributes = attributes_of(m);

	if (m->make_source && !folder_make(AT_FDCWD, m->source, 0755, err))
		return -1;
	mount = str_is_empty(m->subpath) ? clone_source(m, err) : clone_subpath(m, err);
	if (mount < 0)
		return -1;
	if (!propagation_apply(mount, m, err) ||
	    (attributes && !mount_set(mount, attributes, 0, m->recursive, err)) ||
	    !set_read_only(mount, m, err))
		return -1;
	return take_fd(mount);
}

static bool open_mounts(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	out->mounts = mem_zeroed(spec->mounts.count, sizeof(*out->mounts));
	for (; out->mount_count < spec->mounts.count; out->mount_count++) {
		const struct mount_spec *m =
			RECORD_AT(spec->mounts, struct mount_spec, out->mount_count);
		int mount = -1;

		if (str_equal(m->type, "bind") && (mount = outside_open_bind(m, err)) < 0)
			return error_prefix(err, "mount '%s'", m->target);
		out->mounts[out->mount_count] = mount;
	}
	return true;
}

/* A private, perhaps read-only copy of a path of our own. */
static int open_own(int folder, const char *path, uint64_t attributes, struct error *err)
{
	scoped_fd int mount = mount_clone(folder, path, false, err);
	struct mount_attr wanted = {.attr_set = attributes, .propagation = MS_PRIVATE};

	if (mount < 0)
		return -1;
	if (mount_setattr(mount, "", AT_EMPTY_PATH, &wanted, sizeof(wanted)) < 0) {
		error_errno(err, "cannot prepare '%s' for the container", path);
		return -1;
	}
	return take_fd(mount);
}

static bool open_etc(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	scoped_fd int folder = -1;

	if (!spec->etc_folder)
		return true;
	folder = folder_open(AT_FDCWD, spec->etc_folder, err);
	if (folder < 0)
		return false;
	for (int i = 0; i < ETC_FILES; i++) {
		out->etc[i] = open_own(folder, etc_files[i], 0, err);
		if (out->etc[i] < 0 && err->kind != ERROR_NOT_FOUND)
			return false;
	}
	return true;
}

static bool open_init(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	if (!spec->init)
		return true;
	out->init = open_own(AT_FDCWD, spec->init_path,
			     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	return out->init >= 0 || error_prefix(err, "the program of --init");
}

#define SHM_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* In the other container's mounts, where links of its making lead nowhere else. */
static int open_shm_here(struct error *err)
{
	scoped_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd int shm =
		root < 0 ? -1 : root_open_plain(root, "/dev/shm", O_PATH | O_DIRECTORY, err);
	struct statfs fs;

	if (shm < 0)
		return -1;
	if (fstatfs(shm, &fs) < 0 || fs.f_type != TMPFS_MAGIC) {
		error_set(err, ERROR_FORBIDDEN, "it is not a tmpfs");
		return -1;
	}
	return open_own(shm, "", SHM_ATTRIBUTES, err);
}

/* Mounts are copied by who is in their namespace, so the shim goes there for a moment. */
static int open_shm_of(const struct namespace_spec *other, struct error *err)
{
	scoped_fd int target = process_open((pid_t)other->join_pid, other->join_start_time);
	scoped_fd int back = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	scoped_fd int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd int shm = -1;

	if (target < 0 || back < 0 || cwd < 0 || setns(target, CLONE_NEWNS) < 0) {
		error_errno(err, "cannot enter it");
		return -1;
	}
	shm = open_shm_here(err);
	if (setns(back, CLONE_NEWNS) < 0 || fchdir(cwd) < 0) {
		error_errno(err, "cannot return from it");
		return -1;
	}
	return take_fd(shm);
}

static bool open_shm(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	if (spec->ipc.mode == NAMESPACE_JOIN)
		out->shm = open_shm_of(&spec->ipc, err);
	else if (spec->shm_source)
		out->shm = open_own(AT_FDCWD, spec->shm_source, SHM_ATTRIBUTES, err);
	else
		return true;
	return out->shm >= 0 || error_prefix(err, "/dev/shm of the other container");
}

/* v1 hierarchies show the container's own groups only; on v2 the cgroup namespace does that. */
static bool open_cgroups(const struct sandbox_spec *spec, const struct cgroup *cgroup,
			 struct outside *out, struct error *err)
{
	const struct cgroup_host *host = cgroup_host();
	uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			      (spec->all_devices ? 0 : MOUNT_ATTR_RDONLY);

	for (int c = 0; c < CGROUP_CONTROLLERS && host->layout != CGROUP_V2; c++) {
		if (cgroup->dir[c] < 0 || host->owner[c] != (enum cgroup_controller)c)
			continue;
		out->cgroups[c] = open_own(cgroup->dir[c], "", attributes, err);
		if (out->cgroups[c] < 0)
			return error_prefix(err, "cgroup tree");
	}
	return true;
}

static void clear(struct outside *out)
{
	*out = (struct outside){.shm = -1, .init = -1};
	for (int i = 0; i < ETC_FILES; i++)
		out->etc[i] = -1;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		out->cgroups[c] = -1;
}

bool outside_open(const struct sandbox_spec *spec, const struct cgroup *cgroup, struct outside *out,
		  struct error *err)
{
	clear(out);
	if (open_mounts(spec, out, err) && memory_files_open(spec, &out->files, err) &&
	    open_etc(spec, out, err) && open_init(spec, out, err) &&
	    open_shm(spec, out, err) && open_cgroups(spec, cgroup, out, err) &&
	    devices_collect(spec, out, err))
		return true;
	outside_close(out);
	return false;
}

void outside_close(struct outside *outside)
{
	for (size_t i = 0; i < outside->mount_count; i++)
		close_fd(&outside->mounts[i]);
	for (int i = 0; i < ETC_FILES; i++)
		close_fd(&outside->etc[i]);
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		close_fd(&outside->cgroups[c]);
	close_fd(&outside->shm);
	close_fd(&outside->init);
	free(outside->mounts);
	descriptors_fini(&outside->files);
	devices_fini(outside);
	clear(outside);
}

void outside_map_ids(struct outside *outside, int user_namespace)
{
	struct error ignored; /* the files can be read without it, only their owner looks odd */

	for (int i = 0; i < ETC_FILES; i++)
		if (outside->etc[i] >= 0)
			mount_map_ids(outside->etc[i], user_namespace, &ignored);
}
