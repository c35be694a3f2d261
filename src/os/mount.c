#include "os/mount.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What the filesystem itself says ("e overlay: ...") is better than an errno. */
static bool fail_with_log(int context, const char *type, struct error *err)
{
	int os = errno;
	char text[256];
	ssize_t n = read(context, text, sizeof(text) - 1);

	errno = os;
	if (n <= 2)
		return error_errno(err, "cannot mount %s", type);
	text[n] = '\0';
	return error_errno(err, "cannot mount %s: %s", type, text + 2);
}

static bool configure(int context, const struct mount_option *option)
{
	unsigned command = option->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	return fsconfig(context, command, option->name, option->value, 0) == 0;
}

static bool configure_all(int context, const struct mount_plan *plan)
{
	const struct mount_option source = {"source", plan->type};

	for (size_t i = 0; i < plan->option_count; i++)
		if (!configure(context, &plan->options[i]))
			return false;
	return configure(context, &source);
}

int mount_new(const struct mount_plan *plan, struct error *err)
{
	scoped_fd int context = fsopen(plan->type, FSOPEN_CLOEXEC);
	int mount = -1;

	if (context < 0) {
		error_errno(err, "cannot mount %s", plan->type);
		return -1;
	}
	if (!configure_all(context, plan)) {
		fail_with_log(context, plan->type, err);
		return -1;
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = fsmount(context, FSMOUNT_CLOEXEC, plan->attributes);
	if (mount < 0)
		fail_with_log(context, plan->type, err);
	return mount;
}

int mount_clone(int folder, const char *path, bool recursive, struct error *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	int mount = open_tree(folder, path, flags | (recursive ? AT_RECURSIVE : 0));

	if (mount < 0) {
		error_errno(err, "cannot open '%s' for a mount", path);
		if (err->os == ENOENT)
			err->kind = ERROR_NOT_FOUND;
	}
	return mount;
}

static bool set_attributes(int mount, struct mount_attr *attr, bool recursive, struct error *err)
{
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if (mount_setattr(mount, "", flags, attr, sizeof(*attr)) < 0)
		return error_errno(err, "cannot change the attributes of a mount");
	return true;
}

bool mount_set(int mount, uint64_t set, uint64_t clear, bool recursive, struct error *err)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

	return set_attributes(mount, &attr, recursive, err);
}

bool mount_set_propagation(int mount, unsigned long propagation, bool recursive, struct error *err)
{
	struct mount_attr attr = {.propagation = propagation};

	return set_attributes(mount, &attr, recursive, err);
}

bool mount_map_ids(int mount, int user_namespace, struct error *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP,
				  .userns_fd = (uint64_t)user_namespace};

	if (mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_errno(err, "this filesystem cannot map owners for a user namespace");
	return true;
}

bool mount_attach(int mount, int target, struct error *err)
{
	if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
	    0)
		return error_errno(err, "cannot attach a mount");
	return true;
}
