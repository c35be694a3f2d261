#include "cmd/cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what may be written to ---- */

static const char *special_kind(mode_t mode)
{
	static const struct {
		mode_t format;
		const char *name;
	} kinds[] = {
		{S_IFDIR, "directory"},		{S_IFCHR, "character device file"},
		{S_IFBLK, "block device file"}, {S_IFIFO, "named pipe file"},
		{S_IFSOCK, "socket file"},
	};

	for (size_t i = 0; i < array_length(kinds); i++)
		if ((mode & S_IFMT) == kinds[i].format)
			return kinds[i].name;
	return NULL;
}

/* The folder of a path, "." where it names none. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return str_dup(".");
	return str_dup_n(path, slash == path ? 1 : (size_t)(slash - path));
}

static bool check_path(const char *path, struct error *err)
{
	scoped_free char *folder = folder_of(path);
	struct stat status;

	if (stat(folder, &status) < 0)
		return error_set(err, ERROR_INVALID, "invalid output path: stat %s: %s", folder,
				 errno == ENOENT ? "no such file or directory" : strerror(errno));
	if (stat(path, &status) < 0)
		return true;
	const char *kind = special_kind(status.st_mode);
	return !kind || error_set(err, ERROR_INVALID, "cannot write to a %s", kind);
}

/* ---- carrying ---- */

static bool write_all(int fd, const char *data, size_t size, struct error *err)
{
	while (size) {
		ssize_t wrote = write(fd, data, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return error_errno(err, "cannot write");
		data += wrote;
		size -= (size_t)wrote;
	}
	return true;
}

static bool carry(struct http_client *client, int fd, struct error *err)
{
	char piece[65536];
	ssize_t got;

	while ((got = http_client_read(client, piece, sizeof(piece), err)) > 0)
		if (!write_all(fd, piece, (size_t)got, err))
			return false;
	return got == 0;
}

static bool fetch(struct cli *cli, const struct target *target, int fd, struct error *err)
{
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {.method = "GET", .target = target};
	struct http_client *client = api_send(cli, &request, &answer, err);

	return client && carry(client, fd, err);
}

static bool fetch_into_file(struct cli *cli, const struct target *target, const char *path,
			    struct error *err)
{
	scoped_free char *folder = folder_of(path);
	scoped_free char *draft = str_format("%s/.wherry-output.XXXXXX", folder);
	scoped_fd int fd = mkostemp(draft, O_CLOEXEC); /* mode 0600 */

	if (fd < 0)
		return error_errno(err, "cannot write in '%s'", folder);
	if (fetch(cli, target, fd, err)) {
		if (fsync(fd) == 0 && rename(draft, path) == 0)
			return true;
		error_errno(err, "cannot write '%s'", path);
	}
	unlink(draft);
	return false;
}

bool output_save(struct cli *cli, const struct target *target, const char *path, const char *action,
		 struct error *err)
{
	if (!str_is_empty(path))
		return (check_path(path, err) || error_prefix(err, "%s", action)) &&
		       fetch_into_file(cli, target, path, err);
	if (isatty(STDOUT_FILENO))
		return error_set(err, ERROR_INVALID,
				 "cowardly refusing to save to a terminal. Use the -o flag or "
				 "redirect");
	return fetch(cli, target, STDOUT_FILENO, err);
}
