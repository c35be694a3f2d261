/* What is there, and the tar of it. */
#include "archive/archive_message.h"
#include "archive/archive_path.h"
#include "archive/archive_work.h"
#include "base/time.h"
#include "format/path.h"
#include "image/tar_writer.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is there ---- */

/* Where a link leads in the end; when there is nothing, what it says, as an absolute path. */
static char *follow(const struct archive_root *root, int folder, const char *name)
{
	scoped_free char *above = archive_root_path(root, folder);
	scoped_free char *path = str_format("%s/%s", above ? above : "", name), *said = NULL;
	char target[PATH_MAX];
	struct error absent;
	scoped_fd int end = root_open(root->root, path, O_PATH, &absent);
	char *found = end >= 0 ? archive_root_path(root, end) : NULL;
	ssize_t size = readlinkat(folder, name, target, sizeof(target) - 1);

	if (found || size < 0)
		return found ? found : str_dup("");
	target[size] = '\0';
	said = *target == '/' ? str_dup(target) : str_format("/%s/%s", above ? above : "", target);
	return path_clean(said);
}

struct place {
	struct archive_path path;
	int folder;
	struct archive_found found;
};

static void place_fini(struct place *place)
{
	archive_path_fini(&place->path);
	close_fd(&place->folder);
	record_fini(&archive_found_type, &place->found);
}

static bool find(const struct archive_work *work, struct place *out, struct error *err)
{
	struct stat st;

	archive_path_parse(work->request.path, &out->path);
	out->folder = root_open(work->root.root, out->path.folder, O_RDONLY | O_DIRECTORY, err);
	if (out->folder < 0)
		return err->kind == ERROR_NOT_FOUND ? archive_not_found(work, err)
		       : err->os == ENOTDIR ? error_set(err, ERROR_INVALID, "not a directory: %s",
							work->request.path)
					    : false;
	if (fstatat(out->folder, out->path.last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? archive_not_found(work, err)
				       : error_errno(err, "cannot look at '%s'", out->path.last);
	out->found = (struct archive_found){
		.name = str_dup(out->path.name),
		.size = st.st_size,
		.mode = archive_go_mode(st.st_mode),
		.modified_ns = st.st_mtim.tv_sec * NS_PER_SECOND + st.st_mtim.tv_nsec,
		.link_target = S_ISLNK(st.st_mode)
				       ? follow(&work->root, out->folder, out->path.last)
				       : str_dup(""),
	};
	return true;
}

bool archive_stat(struct archive_work *work, struct error *err)
{
	scoped_with(place_fini) struct place place = {.folder = -1};

	return find(work, &place, err) &&
	       worker_send(&work->worker, (enum worker_message)ARCHIVE_FOUND, &archive_found_type,
			   &place.found, err);
}

/* ---- the tar ---- */

static bool write_tar(void *data, const void *bytes, size_t size, struct error *err)
{
	return archive_sink_write(data, bytes, size, err);
}

/* A failure on the way shows as a body without its end. */
static bool send_tar(struct archive_work *work, const struct tar_options *options,
		     const struct place *place, struct error *err)
{
	scoped_with(archive_sink_fini) struct archive_sink out = {.connection = work->connection,
								  .chunked = work->stream.chunked};
	struct tar_sink sink = {.write = write_tar, .data = &out};
	scoped(tar_writer) struct tar_writer *writer = tar_writer_new(options, &sink);

	return tar_writer_add(writer, place->folder, place->path.last, place->path.name, err) &&
	       tar_writer_finish(writer, NULL, err) && archive_sink_finish(&out, err) &&
	       worker_send(&work->worker, (enum worker_message)ARCHIVE_DONE, NULL, NULL, err);
}

bool archive_get(struct archive_work *work, struct error *err)
{
	scoped_with(place_fini) struct place place = {.folder = -1};

	return find(work, &place, err) && archive_wait_stream(work, &place.found, err) &&
	       send_tar(work, &(struct tar_options){0}, &place, err);
}

bool archive_export(struct archive_work *work, struct error *err)
{
	scoped_with(place_fini) struct place place = {
		.path = {NULL, str_dup("."), str_dup("")},
		.folder = openat(work->root.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};

	if (place.folder < 0)
		return error_errno(err, "cannot open the container's root");
	return archive_wait_stream(work, NULL, err) &&
	       send_tar(work, &(struct tar_options){.one_mount = true}, &place, err);
}
