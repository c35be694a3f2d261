#include "cmd/daemon_cgroup.h"

#include "base/text.h"
#include "os/cgroup.h"
#include "os/file.h"

#include <fcntl.h>

#define OWN_LEAF "/daemon"
#define FALLBACK "/wherry"

/* Our path in the unified tree: the line "0::/path" of /proc/self/cgroup; NULL: none. */
static char *own_unified_path(void)
{
	scoped_buffer struct buffer text = {0};
	struct error err = {0};

	if (!file_read(AT_FDCWD, "/proc/self/cgroup", 64 * 1024, &text, &err))
		return NULL;
	for (char *line = text.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_starts_with(line, "0::"))
			return str_dup_n(line + 3, strcspn(line + 3, "\n"));
	}
	return NULL;
}

/* systemd gives each service a group, and with Delegate= the right to divide it.  A daemon that was
 * restarted finds itself in the leaf of the one before. */
static char *delegated_path(void)
{
	scoped_free char *path = own_unified_path();

	if (!path || !getenv("INVOCATION_ID"))
		return NULL;
	if (str_ends_with(path, OWN_LEAF))
		path[strlen(path) - strlen(OWN_LEAF)] = '\0';
	return str_ends_with(path, ".service") ? take(path) : NULL;
}

bool daemon_cgroup_enter(const char *wanted, char **ours, struct error *err)
{
	bool unified = cgroup_host()->layout == CGROUP_V2;
	scoped_free char *path = str_dup_or_null(wanted);
	struct cgroup leaf;

	if (path && *path != '/')
		return error_set(err, ERROR_INVALID, "--cgroup-parent '%s' must be absolute", path);
	if (!path && unified)
		path = delegated_path();
	if (!path)
		path = str_dup(FALLBACK);
	if (unified) {
		scoped_free char *leaf_path = str_format("%s" OWN_LEAF, path);
		if (!cgroup_make(leaf_path, &leaf, err))
			return false;
		bool joined = cgroup_join(&leaf, 0, err);
		cgroup_fini(&leaf);
		if (!joined)
			return false;
	}
	*ours = take(path);
	return true;
}
