/* What `verify` asks of this machine: its files, and its /etc/passwd and /etc/group as the start of a unit reads them. */
#include "unit/verify.h"

#include "execution/start.h"
#include "os/fd.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_program(const char *root, const char *path)
{
	scoped_fd int folder = -1;

	if (!root)
		return open(path, O_PATH | O_CLOEXEC);
	folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : root_resolve(folder, path, O_PATH);
}

static int look_at_program(const char *root, const char *path)
{
	scoped_fd int program = open_program(root, path);
	char name[FD_PATH_SIZE];
	struct stat st;

	if (program < 0 || fstat(program, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return access(fd_path(program, name), X_OK) < 0 ? errno : 0;
}

/* Files that cannot be read say nothing of a name. */
static int look_for_owner(const char *user, const char *group)
{
	struct error err;
	uid_t uid;
	gid_t gid;

	return start_find_owner(user, group, &uid, &gid, &err) || err.kind != ERROR_INVALID ? 0
											    : ESRCH;
}

int verify_probe_host(void *data, enum verify_subject what, const char *root, const char *name)
{
	(void)data;
	switch (what) {
	case VERIFY_PROGRAM:
		return look_at_program(root, name);
	case VERIFY_USER:
		return look_for_owner(name, NULL);
	case VERIFY_GROUP:
		return look_for_owner(NULL, name);
	}
	return 0;
}
