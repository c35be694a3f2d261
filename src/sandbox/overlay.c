/* Layers are named one by one (`lowerdir+`, Linux 6.5), up to 500 of them.  Older kernels take all
 * options of mount(2) in one page: names relative to the layers' folder are short, so the process goes
 * there for the call.  With a user namespace each layer's folder is covered by an id-mapped copy of
 * itself, and the files keep on disk the owners that the image gave them. */
#include "sandbox/overlay.h"

#include "os/fallback.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/mount.h"
#include "sandbox/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { LAYER_LIMIT = 500, OPTIONS_LIMIT = 4095 };

/* Upper, work and init folder are named by descriptor: their path may be long, or hold a comma. */
struct layers {
	struct strings lower; /* init by descriptor, the others below the layers' folder */
	int writable, init;
	int top; /* borrowed: a folder above them all; -1: none */
	char upper[FD_PATH_SIZE + 8], work[FD_PATH_SIZE + 8];
};

static void layers_fini(struct layers *l)
{
	close_fd(&l->writable);
	close_fd(&l->init);
	strings_fini(&l->lower);
}

/* Its places are those of mounts; without the files for /etc the image's own must be seen.  An image of
 * as many layers as can be has no room for it. */
static bool has_init_layer(const struct sandbox_spec *spec)
{
	return !str_is_empty(spec->init_layer) && !str_is_empty(spec->etc_folder) &&
	       spec->layers.count < LAYER_LIMIT;
}

/* Cover a folder by its own id-mapped copy: the same path then shows the mapped owners. */
static bool map_in_place(const char *path, int user_namespace, struct error *err)
{
	scoped_fd int mount = mount_clone(AT_FDCWD, path, false, err);

	if (mount < 0 || !mount_map_ids(mount, user_namespace, err))
		return false;
	if (move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, "cannot map the owners of '%s'", path);
	return true;
}

static bool map_layers(const struct sandbox_spec *spec, int user_namespace, struct error *err)
{
	for (size_t i = 0; i < spec->layers.count; i++) {
		scoped_free char *path =
			str_format("%s/%s", spec->layers_folder, spec->layers.items[i]);

		if (!map_in_place(path, user_namespace, err))
			return false;
	}
	if (has_init_layer(spec) && !map_in_place(spec->init_layer, user_namespace, err))
		return false;
	return map_in_place(spec->writable_folder, user_namespace, err);
}

/* Opens a folder and writes its name by descriptor. */
static bool name_folder(const char *path, int *fd, char name[static FD_PATH_SIZE],
			struct error *err)
{
	*fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	fd_path(*fd, name);
	return true;
}

static bool name_layers(const struct sandbox_spec *spec, struct layers *out, struct error *err)
{
	char name[FD_PATH_SIZE];

	if (out->top >= 0)
		strings_add(&out->lower, fd_path(out->top, name));
	if (has_init_layer(spec)) {
		if (!name_folder(spec->init_layer, &out->init, name, err))
			return false;
		strings_add(&out->lower, name);
	}
	for (size_t i = 0; i < spec->layers.count; i++)
		strings_add(&out->lower, spec->layers.items[i]);
	if (!name_folder(spec->writable_folder, &out->writable, name, err))
		return false;
	snprintf(out->upper, sizeof(out->upper), "%s/upper", name);
	snprintf(out->work, sizeof(out->work), "%s/work", name);
	return true;
}

/* ---- fsconfig, a layer a call ---- */

static bool give(int context, const char *option, const char *value, struct error *err)
{
	char text[256];
	int os;
	ssize_t n;

	if (fsconfig(context, FSCONFIG_SET_STRING, option, value, 0) == 0)
		return true;
	os = errno;
	n = read(context, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	errno = os;
	return error_errno(err, "cannot use layer '%s' (%s)%s%s", value, option, n > 2 ? ": " : "",
			   n > 2 ? text + 2 : "");
}

/* The rename tricks of newer overlays stay off: what a container wrote must be whole in its upper
 * folder, where commit and diff read it, and one image may be mounted many times. */
static bool configure(int context, const struct layers *l, struct error *err)
{
	for (size_t i = 0; i < l->lower.count; i++)
		if (!give(context, "lowerdir+", l->lower.items[i], err))
			return false;
	return give(context, "upperdir", l->upper, err) && give(context, "workdir", l->work, err) &&
	       give(context, "redirect_dir", "off", err) && give(context, "index", "off", err) &&
	       give(context, "source", "overlay", err);
}

static bool fail_to_mount(int context, struct error *err)
{
	int os = errno;
	char text[256];
	ssize_t n = read(context, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	errno = os;
	return error_errno(err, "cannot mount the image's layers%s%s", n > 2 ? ": " : "",
			   n > 2 ? text + 2 : "");
}

static int mount_by_layer(const struct layers *l, struct error *err)
{
	scoped_fd int context = fsopen("overlay", FSOPEN_CLOEXEC);
	int mount = -1;

	if (context < 0) {
		error_errno(err, "the kernel has no overlay filesystem");
		return -1;
	}
	if (!configure(context, l, err))
		return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		fail_to_mount(context, err);
	return mount;
}

/* ---- mount(2), all in one page ---- */

static bool all_options(const struct layers *l, struct buffer *out, struct error *err)
{
	for (size_t i = 0; i < l->lower.count; i++)
		buffer_format(out, "%s%s", i ? ":" : "lowerdir=", l->lower.items[i]);
	buffer_format(out, ",upperdir=%s,workdir=%s,redirect_dir=off,index=off", l->upper, l->work);
	if (out->size <= OPTIONS_LIMIT)
		return true;
	return error_set(
		err, ERROR_INVALID,
		"%zu layers are too many for this kernel: their names take %zu bytes of %d",
		l->lower.count, out->size, OPTIONS_LIMIT);
}

static int mount_by_page(const struct sandbox_spec *spec, const struct layers *l, struct error *err)
{
	scoped_buffer struct buffer options = {0};

	if (!all_options(l, &options, err))
		return -1;
	if (mount("overlay", spec->writable_folder, "overlay", 0, options.data) < 0) {
		error_errno(err, "cannot mount the image's layers");
		return -1;
	}
	return mount_clone(AT_FDCWD, spec->writable_folder, false, err);
}

static int parse_version(const char *release)
{
	int major = 0, minor = 0;

	sscanf(release, "%d.%d", &major, &minor);
	return major * 1000 + minor;
}

static bool has_no_layer_option(void)
{
	struct utsname host;

	return fallback_is_forced("lowerdir") || uname(&host) < 0 ||
	       parse_version(host.release) < 6005;
}

/* Relative names count from the layers' folder; the caller's own place is given back. */
static int mount_from_folder(const struct sandbox_spec *spec, const struct layers *l,
			     struct error *err)
{
	scoped_fd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int mount;

	if (before < 0 || chdir(spec->layers_folder) < 0) {
		error_errno(err, "cannot go to '%s'", spec->layers_folder);
		return -1;
	}
	mount = has_no_layer_option() ? mount_by_page(spec, l, err) : mount_by_layer(l, err);
	if (fchdir(before) < 0 && mount >= 0) {
		error_errno(err, "cannot return from '%s'", spec->layers_folder);
		close_fd(&mount);
	}
	return mount;
}

/* Which user of the host is root inside. */
static int64_t outside_of_root(const struct record_list *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct id_map *m = RECORD_AT(*maps, struct id_map, i);

		if (m->inside == 0)
			return m->outside;
	}
	return 0;
}

/* An overlay writes with the rights of whoever mounted it.  Through mapped folders that must be a user
 * who has a place in the map, else nothing can be made and the overlay becomes read-only; the rights
 * stay the host's. */
static int mount_as_mapped_root(const struct sandbox_spec *spec, const struct layers *l,
				struct error *err)
{
	uint64_t rights = capabilities_of_host();
	int root = -1;

	setfsgid((gid_t)outside_of_root(&spec->gid_map));
	setfsuid((uid_t)outside_of_root(&spec->uid_map));
	if (capabilities_set(rights, err)) /* the change of user took some */
		root = mount_from_folder(spec, l, err);
	setfsuid(0);
	setfsgid(0);
	return root;
}

static bool make_writable_folders(const struct sandbox_spec *spec, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, spec->writable_folder, err);

	return folder >= 0 && folder_make(folder, "upper", 0755, err) &&
	       folder_make(folder, "work", 0700, err);
}

static int mount_overlay(const struct sandbox_spec *spec, int top, int user_namespace,
			 struct error *err)
{
	scoped_with(layers_fini) struct layers l = {.writable = -1, .init = -1, .top = top};

	if ((spec->layers.count == 0 && !has_init_layer(spec)) ||
	    spec->layers.count > LAYER_LIMIT) {
		error_set(err, ERROR_INVALID, "a root of %zu layers cannot be mounted; 1 to %d can",
			  spec->layers.count, LAYER_LIMIT);
		return -1;
	}
	if (!make_writable_folders(spec, err) ||
	    (user_namespace >= 0 && !map_layers(spec, user_namespace, err)) ||
	    !name_layers(spec, &l, err))
		return -1;
	return user_namespace < 0 ? mount_from_folder(spec, &l, err)
				  : mount_as_mapped_root(spec, &l, err);
}

/* A copy of the folder's mount, with what is mounted below. */
static int mount_folder(const char *path, int user_namespace, struct error *err)
{
	scoped_fd int mount = mount_clone(AT_FDCWD, path, true, err);

	if (mount < 0 || !mount_set_propagation(mount, MS_PRIVATE, true, err))
		return -1;
	if (user_namespace >= 0 && !mount_map_ids(mount, user_namespace, err))
		return -1;
	return take_fd(mount);
}

int overlay_new(const struct sandbox_spec *spec, int user_namespace, struct error *err)
{
	if (spec->root_folder)
		return mount_folder(spec->root_folder, user_namespace, err);
	return mount_overlay(spec, -1, user_namespace, err);
}

int overlay_new_below(const struct sandbox_spec *spec, int top, struct error *err)
{
	return mount_overlay(spec, top, -1, err);
}
