#include "execution/start_private.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CREDENTIAL_LIMIT = 1 << 20 };

/* Neither a fifo nor a device keeps us waiting. */
static bool load(const char *path, struct buffer *out, struct error *err)
{
	scoped_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "'%s' is not a file", path);
	return file_read_fd(fd, CREDENTIAL_LIMIT, out, err);
}

static bool write_one(int folder, const struct execution_credential *c, uid_t uid, gid_t gid,
		      struct error *err)
{
	scoped_buffer struct buffer loaded = {0};
	const struct buffer *data = c->path ? &loaded : &c->data;
	scoped_fd int file = -1;

	if (str_is_empty(c->name) || strchr(c->name, '/') || *c->name == '.')
		return error_set(err, ERROR_INVALID, "'%s' is no name of a credential",
				 c->name ? c->name : "");
	if (c->path && !load(c->path, &loaded, err))
		return error_prefix(err, "credential '%s'", c->name);
	file = openat(folder, c->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0400);
	if (file < 0 ||
	    (data->size && write(file, data->data, data->size) != (ssize_t)data->size) ||
	    fchown(file, uid, gid) < 0 || fchmod(file, 0400) < 0)
		return error_errno(err, "cannot write the credential '%s'", c->name);
	return true;
}

bool start_write_credentials(const struct execution_plan *plan, const char *path, struct error *err)
{
	const struct record_list *list = &plan->context.credentials;
	uid_t uid = 0;
	gid_t gid = 0;
	scoped_fd int folder = -1;

	if (!start_find_plan_owner(plan, &uid, &gid, err) || !tree_remove(AT_FDCWD, path, err) ||
	    !folder_make(AT_FDCWD, path, 0755, err))
		return false;
	folder = folder_open(AT_FDCWD, path, err);
	for (size_t i = 0; folder >= 0 && i < list->count; i++)
		if (!write_one(folder, RECORD_AT(*list, struct execution_credential, i), uid, gid,
			       err))
			return false;
	return folder >= 0 && ((fchown(folder, uid, gid) == 0 && fchmod(folder, 0500) == 0) ||
			       error_errno(err, "cannot protect '%s'", path));
}
