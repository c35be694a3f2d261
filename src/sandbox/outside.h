/* What a sandbox takes from the host: opened before its process exists, by host paths and with the
 * host's rights, as detached mounts and numbers.  The process inside attaches them and never sees a
 * path of the host. */
#pragma once

#include "os/cgroup.h"
#include "sandbox/memory_files.h"
#include "sandbox/spec.h"

#include <sys/types.h>

struct outside_device {
	char *path; /* owned; inside */
	mode_t mode;
	dev_t number;
	uid_t uid;
	gid_t gid;
	int mount; /* of the host's node, where nodes cannot be made (user namespaces); else -1 */
};

#define ETC_FILES 3
extern const char *const etc_files[ETC_FILES]; /* "hosts", "hostname", "resolv.conf" */

struct outside {
	int *mounts; /* one for each of spec->mounts; -1: not a bind mount */
	size_t mount_count;
	struct descriptors files; /* what each of spec->files holds */
	int etc[ETC_FILES]; /* -1: not given */
	int shm, init;
	int cgroups[CGROUP_CONTROLLERS]; /* v1 hierarchies, by their owners */
	struct {
		struct outside_device *items;
		size_t count, capacity;
	} devices; /* the standard ones, then the ones asked for */
	struct {
		struct device_rule *items;
		size_t count, capacity;
	} rules; /* for the cgroup; none with all_devices */
};

/* `cgroup` must be there already.  After a failure `out` is closed. */
bool outside_open(const struct sandbox_spec *spec, const struct cgroup *cgroup, struct outside *out,
		  struct error *err);
void outside_close(struct outside *outside);

/* One bind mount, detached, as the sandbox gets it; -1 on failure. */
int outside_open_bind(const struct mount_spec *mount, struct error *err);

/* Let etc files show their owners in a user namespace, where their filesystem can. */
void outside_map_ids(struct outside *outside, int user_namespace);

bool spec_has_user_namespace(const struct sandbox_spec *spec);
