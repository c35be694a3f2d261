/* The order matters.  Everything is made below the root's descriptor while the host's tree is still
 * there (a user namespace may mount /proc only while it sees a whole one); standard mounts go to
 * real folders, never through a link of the image; the user's mounts come next, in the order given,
 * then the files that are in memory alone; what is hidden is hidden last, on top of all of it; then
 * the root changes and the host's tree goes. */
#include "sandbox/inside.h"

#include "os/file.h"
#include "os/mount.h"
#include "os/root.h"
#include "sandbox/copy_up.h"
#include "sandbox/launch.h"
#include "sandbox/memory_files.h"
#include "sandbox/mount_options.h"
#include "sandbox/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define TYPE_MISMATCH                                                                              \
	"Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified " \
	"host path exists and is the expected type"

void inside_init(struct inside *in, const struct sandbox_spec *spec, const struct outside *outside)
{
	*in = (struct inside){spec, outside, -1, -1, -1, -1, -1};
}

/* ---- the root ---- */

/* Nothing that happens here may travel to the host. */
static bool leave_propagation(struct inside *in, struct error *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, "cannot make the mounts private");
	return true;
}

/* Over "/" itself: a place that is always there and that every user namespace may reach.  Paths of the
 * host still lead where they led, since a process's root is not looked up again. */
static bool mount_root(struct inside *in, struct error *err)
{
	if (in->root < 0)
		in->root = overlay_new(in->spec, -1, err);
	if (in->root < 0)
		return false;
	if (move_mount(in->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, "cannot attach the root");
	return true;
}

/* ---- standard mounts ---- */

static bool user_mounts_there(const struct inside *in, const char *target)
{
	for (size_t i = 0; i < in->spec->mounts.count; i++)
		if (str_equal(RECORD_AT(in->spec->mounts, struct mount_spec, i)->target, target))
			return true;
	return false;
}

/* The folder of a standard mount: made when the image lacks it, never through a link. */
static int standard_folder(const struct inside *in, const char *target, struct error *err)
{
	int folder = root_open_plain(in->root, target, O_PATH | O_DIRECTORY, err);

	if (folder < 0 && err->kind == ERROR_NOT_FOUND)
		return root_make(in->root, target, ROOT_FOLDER, err);
	if (folder < 0 && err->os == ELOOP)
		error_set(err, ERROR_FORBIDDEN, "'%s' is a symbolic link in the image", target);
	return folder;
}

static bool attach_standard(const struct inside *in, int mount, const char *target,
			    struct error *err)
{
	scoped_fd int folder = standard_folder(in, target, err);

	return folder >= 0 && mount_attach(mount, folder, err);
}

/* A user namespace without a pid or network namespace of its own may not mount these anew, but may
 * show what it sees. */
static int mount_or_share(const char *type, const char *path, uint64_t attributes,
			  struct error *err)
{
	const struct mount_plan plan = {type, NULL, 0, (unsigned)attributes};
	scoped_fd int mount = mount_new(&plan, err);

	if (mount >= 0 || err->os != EPERM)
		return take_fd(mount);
	mount = mount_clone(AT_FDCWD, path, true, err);
	if (mount < 0 || !mount_set(mount, attributes, 0, true, err))
		return -1;
	return take_fd(mount);
}

static bool mount_proc(struct inside *in, struct error *err)
{
	in->proc = mount_or_share("proc", "/proc", SAFE, err);
	if (in->proc < 0 || !attach_standard(in, in->proc, "/proc", err))
		return false;
	if (in->spec->sysctls.count > 0 &&
	    (in->sysctl = openat(in->proc, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return error_errno(err, "cannot open '/proc/sys'");
	return true;
}

static bool mount_sys(struct inside *in, struct error *err)
{
	uint64_t attributes = SAFE | (in->spec->all_devices ? 0 : MOUNT_ATTR_RDONLY);
	scoped_fd int mount = mount_or_share("sysfs", "/sys", attributes, err);

	return mount >= 0 && attach_standard(in, mount, "/sys", err);
}

static bool mount_dev(struct inside *in, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "755"}, {"size", "65536k"}};
	const struct mount_plan plan = {"tmpfs", options, array_length(options), MOUNT_ATTR_NOSUID};

	in->dev = mount_new(&plan, err);
	return in->dev >= 0 && attach_standard(in, in->dev, "/dev", err);
}

/* Attach in a new folder of our /dev. */
static bool attach_in_dev(const struct inside *in, int mount, const char *name, struct error *err)
{
	scoped_fd int folder = -1;

	if (mkdirat(in->dev, name, 0755) < 0)
		return error_errno(err, "cannot make '/dev/%s'", name);
	folder = openat(in->dev, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "cannot open '/dev/%s'", name);
	return mount_attach(mount, folder, err);
}

static bool maps_group(const struct sandbox_spec *spec, int64_t gid)
{
	if (!spec_has_user_namespace(spec))
		return true;
	for (size_t i = 0; i < spec->gid_map.count; i++) {
		const struct id_map *m = RECORD_AT(spec->gid_map, struct id_map, i);

		if (gid >= m->inside && gid < m->inside + m->count)
			return true;
	}
	return false;
}

static bool mount_pts(struct inside *in, struct error *err)
{
	static const struct mount_option options[] = {
		{"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}};
	size_t count = array_length(options) - (maps_group(in->spec, 5) ? 0 : 1);
	const struct mount_plan plan = {"devpts", options, count,
					MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};

	in->pts = mount_new(&plan, err);
	return in->pts >= 0 && attach_in_dev(in, in->pts, "pts", err);
}

static bool mount_mqueue(struct inside *in, struct error *err)
{
	const struct mount_plan plan = {"mqueue", NULL, 0, SAFE};
	scoped_fd int mount = mount_new(&plan, err);

	if (mount < 0 && err->os == ENODEV)
		return true; /* a kernel without POSIX message queues */
	return mount >= 0 && attach_in_dev(in, mount, "mqueue", err);
}

static bool mount_shm(struct inside *in, struct error *err)
{
	int64_t bytes = in->spec->shm_size > 0 ? in->spec->shm_size : 64 << 20;
	char size[24];
	const struct mount_option options[] = {{"mode", "1777"}, {"size", size}};
	const struct mount_plan plan = {"tmpfs", options, array_length(options), SAFE};
	scoped_fd int mount = -1;

	if (user_mounts_there(in, "/dev/shm") || in->spec->shm_size < 0)
		return true;
	if (in->outside->shm >= 0)
		return attach_in_dev(in, in->outside->shm, "shm", err);
	snprintf(size, sizeof(size), "%" PRId64, bytes);
	mount = mount_new(&plan, err);
	return mount >= 0 && attach_in_dev(in, mount, "shm", err);
}

/* ---- /dev ---- */

/* Outside of /dev it is there since the last start, and a device may have got another number. */
static void remove_old_node(int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		unlinkat(folder, name, 0); /* what stays fails to be made */
}

static bool make_node(const struct inside *in, int folder, const char *name,
		      const struct outside_device *device, struct error *err)
{
	remove_old_node(folder, name);
	if (mknodat(folder, name, device->mode, device->number) < 0)
		return error_errno(err, "cannot make device '%s'", device->path);
	if ((device->uid || device->gid) &&
	    fchownat(folder, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot set the owner of device '%s'", device->path);
	return true;
}

static bool attach_node(int folder, const char *name, const struct outside_device *device,
			struct error *err)
{
	scoped_fd int file = -1;

	if (mknodat(folder, name, S_IFREG | 0666, 0) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make device '%s'", device->path);
	file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_errno(err, "cannot open device '%s'", device->path);
	return mount_attach(device->mount, file, err);
}

static bool make_device(const struct inside *in, const struct outside_device *device,
			struct error *err)
{
	const char *name = device->path + strlen("/dev/");
	scoped_fd int folder = -1;
	int above = in->dev;

	if (!str_starts_with(device->path, "/dev/") || strchr(name, '/')) {
		folder = above = root_make_above(in->root, device->path, &name, err);
		if (folder < 0)
			return false;
	}
	if (device->mount >= 0)
		return attach_node(above, name, device, err);
	return make_node(in, above, name, device, err);
}

static bool make_devices(struct inside *in, struct error *err)
{
	for (size_t i = 0; i < in->outside->devices.count; i++)
		if (!make_device(in, &in->outside->devices.items[i], err))
			return false;
	return true;
}

static bool make_dev_links(struct inside *in, struct error *err)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
		{"core", "/proc/kcore"},       {"ptmx", "pts/ptmx"},
	};

	for (size_t i = 0; i < array_length(links); i++)
		if (symlinkat(links[i].target, in->dev, links[i].name) < 0)
			return error_errno(err, "cannot make link '/dev/%s'", links[i].name);
	return true;
}

/* ---- cgroups ---- */

static bool mount_cgroup_v2(const struct inside *in, struct error *err)
{
	uint64_t attributes = SAFE | (in->spec->all_devices ? 0 : MOUNT_ATTR_RDONLY);
	scoped_fd int mount = mount_or_share("cgroup2", "/sys/fs/cgroup", attributes, err);

	return mount >= 0 && attach_standard(in, mount, "/sys/fs/cgroup", err);
}

/* The name that programs look for: the last part of the host's mount point ("cpu,cpuacct"). */
static const char *hierarchy_name(int c)
{
	const char *mount = cgroup_host()->mount[c];

	return strrchr(mount, '/') + 1;
}

static bool attach_hierarchy(const struct inside *in, int tree, int c, struct error *err)
{
	const char *name = hierarchy_name(c);
	scoped_fd int folder = -1;

	if (mkdirat(tree, name, 0755) < 0)
		return error_errno(err, "cannot make '/sys/fs/cgroup/%s'", name);
	folder = openat(tree, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "cannot open '/sys/fs/cgroup/%s'", name);
	return mount_attach(in->outside->cgroups[c], folder, err);
}

/* "cpu" leads to "cpu,cpuacct" where they are one. */
static bool link_hierarchy(const struct inside *in, int tree, int c, struct error *err)
{
	const struct cgroup_host *host = cgroup_host();
	const char *name = cgroup_controller_name((enum cgroup_controller)c);

	if (!host->mount[c] || in->outside->cgroups[host->owner[c]] < 0 ||
	    str_equal(name, hierarchy_name(c)))
		return true;
	if (symlinkat(hierarchy_name(c), tree, name) < 0)
		return error_errno(err, "cannot make link '/sys/fs/cgroup/%s'", name);
	return true;
}

static bool mount_cgroup_v1(const struct inside *in, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "755"}};
	const struct mount_plan plan = {"tmpfs", options, array_length(options), SAFE};
	scoped_fd int tree = mount_new(&plan, err);

	if (tree < 0 || !attach_standard(in, tree, "/sys/fs/cgroup", err))
		return false;
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (in->outside->cgroups[c] >= 0 && !attach_hierarchy(in, tree, c, err))
			return false;
	for (int c = 0; c < CGROUP_UNIFIED; c++)
		if (!link_hierarchy(in, tree, c, err))
			return false;
	return mount_set(tree, MOUNT_ATTR_RDONLY, 0, false, err);
}

static bool mount_cgroup(struct inside *in, struct error *err)
{
	enum cgroup_layout layout = cgroup_host()->layout;

	if (layout == CGROUP_NONE || user_mounts_there(in, "/sys/fs/cgroup"))
		return true;
	return layout == CGROUP_V2 ? mount_cgroup_v2(in, err) : mount_cgroup_v1(in, err);
}

/* ---- files from outside, and the user's mounts ---- */

static bool is_folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool attach_made(const struct inside *in, int mount, const char *target, struct error *err)
{
	enum root_entry what = is_folder(mount) ? ROOT_FOLDER : ROOT_FILE;
	scoped_fd int place = root_make(in->root, target, what, err);

	if (place < 0)
		return false;
	if (is_folder(place) != (what == ROOT_FOLDER))
		return error_set(err, ERROR_INVALID, "cannot mount to '%s': not a directory: %s",
				 target, TYPE_MISMATCH);
	return mount_attach(mount, place, err);
}

static bool mount_etc(struct inside *in, struct error *err)
{
	for (int i = 0; i < ETC_FILES; i++) {
		char target[32];

		snprintf(target, sizeof(target), "/etc/%s", etc_files[i]);
		if (in->outside->etc[i] < 0 || user_mounts_there(in, target))
			continue;
		if (!attach_made(in, in->outside->etc[i], target, err))
			return false;
	}
	return true;
}

static bool mount_init(struct inside *in, struct error *err)
{
	return in->outside->init < 0 || attach_made(in, in->outside->init, LAUNCH_INIT_PATH, err);
}

/* What the kernel tells in /proc must stay its own words, whatever a link of an image or a volume made
 * of the target; these few are filled in by tools on purpose. */
static bool may_cover(int place, const char *target, struct error *err)
{
	static const char *const allowed[] = {
		"/proc",	  "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",
		"/proc/stat",	  "/proc/swaps",   "/proc/uptime",    "/proc/loadavg",
		"/proc/slabinfo", "/proc/net/dev",
	};
	struct statfs fs;

	if (fstatfs(place, &fs) < 0)
		return error_errno(err, "cannot look at '%s'", target);
	for (size_t i = 0; i < array_length(allowed); i++)
		if (str_equal(target, allowed[i]))
			return true;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return true;
	return error_set(err, ERROR_INVALID, "cannot mount to '%s': it leads into /proc", target);
}

/* A root of its own, of which a part is shown: it has to stand somewhere for its parts to be copied, which
 * is the folder that it writes to; that place goes with the host's tree. */
static int mount_part_of_layers(const struct mount_spec *m, struct error *err)
{
	struct sandbox_spec root = {.layers_folder = m->layers_folder,
				    .layers = m->layers,
				    .writable_folder = m->source};
	scoped_fd int whole = overlay_new(&root, -1, err);
	scoped_fd int part = -1;
	int mount;

	if (whole < 0)
		return -1;
	if (move_mount(whole, "", AT_FDCWD, m->source, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		error_errno(err, "cannot attach the layers");
		return -1;
	}
	part = root_open(whole, str_is_empty(m->subpath) ? "." : m->subpath, O_PATH, err);
	mount = part < 0 ? -1 : mount_clone(part, "", false, err);
	if (mount >= 0 && m->read_only && !mount_set(mount, MOUNT_ATTR_RDONLY, 0, false, err))
		close_fd(&mount);
	return mount;
}

static int new_mount(const struct mount_spec *m, struct error *err)
{
	scoped_with(mount_options_fini) struct mount_options options = {0};

	if (m->layers_folder)
		return mount_part_of_layers(m, err);
	if (!mount_options_parse(m, &options, err))
		return -1;
	return mount_new(
		&(struct mount_plan){m->type, options.items, options.count, options.attributes},
		err);
}

static bool fill(const struct mount_spec *m, bool full, int mount, int place, struct error *err)
{
	if (!m->copy_up)
		return true;
	if (full && !copy_up(place, mount, err))
		return error_prefix(err, "copying from the image");
	return !m->read_only || mount_set(mount, MOUNT_ATTR_RDONLY, 0, m->read_only_recursive, err);
}

/* What the image does not have gives nothing to a volume, not even an owner. */
static bool is_in_image(const struct inside *in, const char *target)
{
	struct error absent;
	scoped_fd int there = root_open(in->root, target, O_PATH, &absent);

	return there >= 0;
}

static bool mount_user_one(struct inside *in, size_t i, struct error *err)
{
	const struct mount_spec *m = RECORD_AT(in->spec->mounts, struct mount_spec, i);
	bool bind = in->outside->mounts[i] >= 0;
	scoped_fd int made = bind ? -1 : new_mount(m, err);
	int mount = bind ? in->outside->mounts[i] : made;
	enum root_entry what = mount < 0 || is_folder(mount) ? ROOT_FOLDER : ROOT_FILE;
	bool full = m->copy_up && is_in_image(in, m->target);
	scoped_fd int place = mount < 0 ? -1 : root_make(in->root, m->target, what, err);

	if (place < 0 || !may_cover(place, m->target, err))
		return false;
	if (is_folder(place) != (what == ROOT_FOLDER))
		return error_set(err, ERROR_INVALID, "not a directory: " TYPE_MISMATCH);
	return fill(m, full, mount, place, err) && mount_attach(mount, place, err);
}

static bool mount_user(struct inside *in, struct error *err)
{
	for (size_t i = 0; i < in->spec->mounts.count; i++)
		if (!mount_user_one(in, i, err))
			return error_prefix(
				err, "mount '%s'",
				RECORD_AT(in->spec->mounts, struct mount_spec, i)->target);
	return true;
}

/* Over everything else that is mounted, since a file is asked for by its full name. */
static bool attach_file(const struct inside *in, int mount, const char *target, struct error *err)
{
	scoped_fd int place = root_make(in->root, target, ROOT_FILE, err);

	if (place < 0 || !may_cover(place, target, err))
		return false;
	if (is_folder(place))
		return error_set(err, ERROR_INVALID, "there is a folder");
	return mount_attach(mount, place, err);
}

static bool mount_files(struct inside *in, struct error *err)
{
	scoped_with(descriptors_fini) struct descriptors mounts = {0};
	const struct record_list *files = &in->spec->files;

	if (!memory_files_make(in->root, files, &in->outside->files, &mounts, err))
		return false;
	for (size_t i = 0; i < files->count; i++) {
		const char *target = RECORD_AT(*files, struct file_spec, i)->target;

		if (!attach_file(in, mounts.items[i], target, err))
			return error_prefix(err, "file '%s'", target);
	}
	return true;
}

static bool make_cwd(struct inside *in, struct error *err)
{
	const char *cwd = in->spec->process.cwd;
	scoped_fd int folder = -1;

	if (str_is_empty(cwd))
		return true;
	folder = root_make(in->root, cwd, ROOT_FOLDER, err);
	return folder >= 0;
}

/* ---- what is hidden ---- */

/* Folders are covered by one empty, read-only tmpfs, files by the container's null device. */
static int cover_folder(int *empty, struct error *err)
{
	static const struct mount_option options[] = {{"mode", "755"}};
	const struct mount_plan plan = {"tmpfs", options, array_length(options),
					SAFE | MOUNT_ATTR_RDONLY};

	if (*empty >= 0)
		return mount_clone(*empty, "", false, err);
	*empty = mount_new(&plan, err);
	return *empty < 0 ? -1
			  : fcntl(*empty, F_DUPFD_CLOEXEC, 0); /* attached first, copied then */
}

static bool hide_paths(struct inside *in, struct error *err)
{
	scoped_fd int empty = -1;
	const struct strings *paths = &in->spec->masked_paths;

	for (size_t i = 0; i < paths->count; i++) {
		scoped_fd int place = root_open(in->root, paths->items[i], O_PATH, err);
		scoped_fd int cover = -1;

		if (place < 0 && err->kind == ERROR_NOT_FOUND)
			continue;
		if (place < 0)
			return false;
		cover = is_folder(place) ? cover_folder(&empty, err)
					 : mount_clone(in->dev, "null", false, err);
		if (cover < 0 || !mount_attach(cover, place, err))
			return error_prefix(err, "hide '%s'", paths->items[i]);
	}
	return true;
}

static bool protect_paths(struct inside *in, struct error *err)
{
	const struct strings *paths = &in->spec->read_only_paths;

	for (size_t i = 0; i < paths->count; i++) {
		scoped_fd int place = root_open(in->root, paths->items[i], O_PATH, err);
		scoped_fd int copy = place < 0 ? -1 : mount_clone(place, "", true, err);

		if (place < 0 && err->kind == ERROR_NOT_FOUND)
			continue;
		if (copy < 0 || !mount_set(copy, MOUNT_ATTR_RDONLY, 0, true, err) ||
		    !mount_attach(copy, place, err))
			return error_prefix(err, "protect '%s'", paths->items[i]);
	}
	return true;
}

static bool protect_root(struct inside *in, struct error *err)
{
	return !in->spec->read_only_root || mount_set(in->root, MOUNT_ATTR_RDONLY, 0, false, err);
}

/* ---- entering ---- */

static bool enter(struct inside *in, struct error *err)
{
	if (fchdir(in->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return error_errno(err, "cannot change the root");
	if (umount2(".", MNT_DETACH) < 0) /* the host's tree lies over the new root */
		return error_errno(err, "cannot let go of the host's files");
	if (chdir("/") < 0)
		return error_errno(err, "cannot enter the new root");
	return true;
}

bool inside_build(struct inside *in, struct error *err)
{
	static const struct {
		const char *name;
		bool (*run)(struct inside *, struct error *);
	} steps[] = {
		{"mount namespace", leave_propagation},
		{"root", mount_root},
		{"/proc", mount_proc},
		{"/dev", mount_dev},
		{"/dev", make_dev_links},
		{"/dev", make_devices},
		{"/dev/pts", mount_pts},
		{"/dev/shm", mount_shm},
		{"/dev/mqueue", mount_mqueue},
		{"/sys", mount_sys},
		{"/sys/fs/cgroup", mount_cgroup},
		{"/etc", mount_etc},
		{"init", mount_init},
		{"mounts", mount_user},
		{"files", mount_files},
		{"working directory", make_cwd},
		{"masked paths", hide_paths},
		{"read-only paths", protect_paths},
		{"root", protect_root},
		{"root", enter},
	};

	for (size_t i = 0; i < array_length(steps); i++)
		if (!steps[i].run(in, err))
			return error_prefix(err, "%s", steps[i].name);
	return true;
}

/* "net.ipv4.ip_forward" is net/ipv4/ip_forward. */
static bool set_sysctl(int folder, const struct pair *setting, struct error *err)
{
	scoped_free char *path = str_dup(setting->name);
	scoped_fd int file = -1;

	for (char *dot = path; (dot = strchr(dot, '.'));)
		*dot = '/';
	file = root_open_plain(folder, path, O_WRONLY, err);
	if (file < 0)
		return error_prefix(err, "sysctl '%s'", setting->name);
	if (write(file, setting->value, strlen(setting->value)) < 0)
		return error_errno(err, "cannot set sysctl '%s' to '%s'", setting->name,
				   setting->value);
	return true;
}

bool inside_set_sysctls(const struct inside *in, struct error *err)
{
	for (size_t i = 0; i < in->spec->sysctls.count; i++)
		if (!set_sysctl(in->sysctl, &in->spec->sysctls.items[i], err))
			return false;
	return true;
}
