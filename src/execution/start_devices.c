/* PrivateDevices=: a /dev with what every program may have. */
#include "execution/start_private.h"

#include "os/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
/* The host's are mounted here: terminals and shared memory are everybody's (view.c). */
static const char *const folders[] = {"pts", "shm", "mqueue", "hugepages"};
static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},	     {"ptmx", "pts/ptmx"},
};

/* The node of the host, with its owner and mode. */
static bool make_node(int dev, const char *name, struct error *err)
{
	scoped_free char *path = str_format("/dev/%s", name);
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT || error_errno(err, "cannot look at '%s'", path);
	if (mknodat(dev, name, st.st_mode, st.st_rdev) < 0 ||
	    fchmodat(dev, name, st.st_mode & 07777, 0) < 0)
		return error_errno(err, "cannot make the device '%s'", path);
	return fchownat(dev, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) == 0 ||
	       error_errno(err, "cannot give the device '%s'", path);
}

static bool fill(int dev, struct error *err)
{
	mode_t before = umask(0);
	bool ok = true;

	for (size_t i = 0; ok && i < array_length(nodes); i++)
		ok = make_node(dev, nodes[i], err);
	for (size_t i = 0; ok && i < array_length(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0)
			ok = error_errno(err, "cannot make '/dev/%s'", links[i].name);
	for (size_t i = 0; ok && i < array_length(folders); i++)
		if (mkdirat(dev, folders[i], 0755) < 0)
			ok = error_errno(err, "cannot make '/dev/%s'", folders[i]);
	umask(before);
	return ok;
}

/* Detached; what is mounted below it comes when it is in its place. */
int start_make_devices(struct error *err)
{
	static const struct mount_option options[] = {{"mode", "755"}, {"size", "4m"}};
	scoped_fd int dev = mount_new(&(struct mount_plan){"tmpfs", options, array_length(options),
							   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC},
				      err);

	return dev >= 0 && fill(dev, err) ? take_fd(dev) : -1;
}
