#include "shim/unit.h"

#include "base/log.h"
#include "execution/start.h"
#include "network/endpoint.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folders ---- */

/* Its owner is root, and what it holds is everybody's within the unit. */
static char *make_tmp(const char *above, const char *unit, struct error *err)
{
	scoped_free char *folder = str_format("%s/wherry-private-%s-XXXXXX", above, unit);
	char *inner;

	if (!mkdtemp(folder)) {
		error_errno(err, "cannot make '%s'", folder);
		return NULL;
	}
	inner = str_format("%s/tmp", folder);
	if (mkdir(inner, 0700) == 0 && chmod(inner, 01777) == 0)
		return inner;
	error_errno(err, "cannot make '%s'", inner);
	free(inner);
	return NULL;
}

/* Trees may be large: somebody else removes them. */
static void remove_tree(struct unit_shim *u, const char *folder)
{
	struct error err;
	int pid = children_fork(&u->children, NULL, 0, &err);

	if (pid == 0) {
		tree_remove(AT_FDCWD, folder, &err);
		_exit(0);
	}
	if (pid < 0)
		log_error("cannot remove a private folder", &err, "folder=%s", folder);
}

static void remove_folder(struct unit_shim *u, char *inner)
{
	char *slash = inner ? strrchr(inner, '/') : NULL;

	if (!slash)
		return;
	*slash = '\0';
	remove_tree(u, inner);
	free(inner);
}

/* What a shim has left that was killed.  Everybody may make folders there: only ours are taken. */
static void remove_leftovers(struct unit_shim *u, const char *above)
{
	scoped_free char *pattern =
		str_format("%s/wherry-private-%s-??????", above, u->start.plan.unit);
	scoped_with(globfree) glob_t found = {0};
	struct stat st;

	if (glob(pattern, GLOB_NOESCAPE | GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (lstat(found.gl_pathv[i], &st) == 0 && S_ISDIR(st.st_mode) &&
		    st.st_uid == geteuid())
			remove_tree(u, found.gl_pathv[i]);
}

static bool make_one(struct unit_shim *u, const char *above, char **out, struct error *err)
{
	if (*out)
		return true;
	remove_leftovers(u, above);
	*out = make_tmp(above, u->start.plan.unit, err);
	return *out;
}

static bool make_folders(struct unit_shim *u, struct error *err)
{
	return !u->start.plan.context.private_tmp ||
	       (make_one(u, "/tmp", &u->secret.tmp, err) &&
		make_one(u, "/var/tmp", &u->secret.var_tmp, err));
}

/* ---- credentials ---- */

static bool write_credentials(struct unit_shim *u, struct error *err)
{
	struct unit_private *p = &u->secret;

	if (!u->start.plan.context.credentials.count)
		return true;
	str_replace(&p->credentials, NULL);
	p->credentials = str_format("/run/credentials/%s", u->start.plan.unit);
	return start_write_credentials(&u->start.plan, p->credentials, err);
}

/* ---- network ---- */

static int open_own_network(struct error *err)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		error_errno(err, "cannot open the network namespace");
	return fd;
}

/* The shim goes there and comes back. */
static bool make_network(struct unit_shim *u, struct error *err)
{
	scoped_fd int back = -1;
	scoped_fd int network = -1;

	if (!u->start.plan.context.private_network || u->secret.network >= 0)
		return true;
	back = open_own_network(err);
	if (back < 0)
		return false;
	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(err, "cannot make a private network");
	network = open_own_network(err);
	if (setns(back, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot return from the private network");
	if (network < 0 || !endpoint_loopback(network, err))
		return false;
	u->secret.network = take_fd(network);
	return true;
}

/* ---- the user ---- */

bool unit_take_user(struct unit_shim *u, struct error *err)
{
	struct execution_context *c = &u->start.plan.context;

	if (!dynamic_user_take(&u->start.plan, &u->secret.user, err))
		return false;
	c->dynamic_uid = c->dynamic_user ? u->secret.user.uid : 0;
	return true;
}

bool unit_private_make(struct unit_shim *u, struct error *err)
{
	return make_folders(u, err) && make_network(u, err) && write_credentials(u, err);
}

void unit_private_remove(struct unit_shim *u)
{
	struct unit_private *p = &u->secret;
	struct error ignored;

	remove_folder(u, take(p->tmp));
	remove_folder(u, take(p->var_tmp));
	if (p->credentials)
		tree_remove(AT_FDCWD, p->credentials, &ignored);
	free(take(p->credentials));
	close_fd(&p->network);
}
