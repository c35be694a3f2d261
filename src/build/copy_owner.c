#include "build/copy_write.h"

#include "base/memory.h"
#include "format/user_spec.h"
#include "os/root.h"

#include <fcntl.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)4 << 20)
#define BLOCK_SIZE 4096

static bool read_file(int root, const char *path, struct buffer *out, struct error *err)
{
	scoped_fd int fd = root_open(root, path, O_RDONLY | O_NONBLOCK, err);
	ssize_t n;

	if (fd < 0)
		return err->kind == ERROR_NOT_FOUND;
	while (out->size < FILE_LIMIT &&
	       (n = read(fd, buffer_reserve(out, BLOCK_SIZE), BLOCK_SIZE)) > 0)
		buffer_wrote(out, (size_t)n);
	return true;
}

static bool resolve(const char *spec, const struct user_files *files, struct user_identity *out,
		    struct error *err)
{
	return user_resolve(spec, files, NULL, out, err);
}

/* A group of the user's name, where there is one. */
static bool group_of_name(const char *user, const struct user_files *files, gid_t *gid)
{
	scoped_free char *spec = str_format("0:%s", user);
	struct user_identity found = {0};
	struct error none;
	bool ok = resolve(spec, files, &found, &none);

	if (ok)
		*gid = found.gid;
	user_identity_fini(&found);
	return ok;
}

bool copy_owner(int root, const char *chown, uid_t *uid, gid_t *gid, struct error *err)
{
	scoped_buffer struct buffer passwd = {0}, group = {0};
	struct user_identity found = {0};
	struct user_files files;

	if (!read_file(root, "etc/passwd", &passwd, err) ||
	    !read_file(root, "etc/group", &group, err))
		return false;
	files = (struct user_files){passwd.data, group.data, passwd.size, group.size};
	if (!resolve(chown, &files, &found, err))
		return false;
	*uid = found.uid;
	*gid = found.gid;
	user_identity_fini(&found);
	if (!strchr(chown, ':') && !group_of_name(chown, &files, gid))
		*gid = (gid_t)*uid;
	return true;
}
