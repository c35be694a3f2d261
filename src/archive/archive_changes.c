/* What a container has changed, from its writable folder: a folder or file in there was added, or has taken
 * the place of the image's; a whiteout took it away; an opaque folder hides all that the image has there.
 * Both trees are walked side by side, by descriptor, following nothing. */
#include "archive/archive_message.h"
#include "archive/archive_work.h"
#include "base/memory.h"
#include "format/json_write.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum change { CHANGE_MODIFIED, CHANGE_ADDED, CHANGE_DELETED };

#define OPAQUE_XATTR "trusted.overlay.opaque"

struct listing {
	struct archive_sink sink;
	bool any;
	struct buffer path; /* of the folder at hand, "" for the root */
};

static void listing_fini(struct listing *l)
{
	archive_sink_fini(&l->sink);
	buffer_fini(&l->path);
}

static bool put(struct listing *l, const char *name, enum change change, struct error *err)
{
	scoped_buffer struct buffer json = {0};
	scoped_free char *path = str_format("%s/%s", l->path.data ? l->path.data : "", name);

	buffer_add_text(&json, l->any ? ",{" : "[{");
	json_write_name(&json, "Path");
	json_write_string(&json, path);
	buffer_format(&json, ",\"Kind\":%d}", change);
	l->any = true;
	return archive_sink_write(&l->sink, json.data, json.size, err);
}

/* ---- looking ---- */

static bool look(int folder, const char *name, struct stat *st)
{
	return folder >= 0 && fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static bool is_opaque(int folder)
{
	char value[2];

	return fgetxattr(folder, OPAQUE_XATTR, value, sizeof(value)) == 1 && value[0] == 'y';
}

static int open_folder(int folder, const char *name)
{
	return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void list_names(int folder, struct strings *out)
{
	scoped_list DIR *list = folder_list(folder);

	for (struct dirent *entry; (entry = folder_next(list));)
		strings_add(out, entry->d_name);
	strings_sort(out);
}

/* ---- comparing ---- */

static bool walk(struct listing *l, int upper, int lower, struct error *err);

/* An opaque folder shows nothing of the image's: what it does not have itself is gone. */
static bool list_hidden(struct listing *l, int upper, int lower, struct error *err)
{
	scoped_strings struct strings names = {0};
	struct stat st;
	bool ok = true;

	list_names(lower, &names);
	for (size_t i = 0; ok && i < names.count; i++)
		if (!look(upper, names.items[i], &st))
			ok = put(l, names.items[i], CHANGE_DELETED, err);
	return ok;
}

/* `lower`: the image's folder at the same place, -1 when there is none. */
static bool enter(struct listing *l, const char *name, int upper, int lower, struct error *err)
{
	size_t size = l->path.size;
	bool ok;

	buffer_format(&l->path, "/%s", name);
	ok = (lower < 0 || !is_opaque(upper) || list_hidden(l, upper, lower, err)) &&
	     walk(l, upper, lower, err);
	l->path.size = size;
	if (l->path.data)
		l->path.data[size] = '\0';
	return ok;
}

static bool is_empty(int folder)
{
	scoped_strings struct strings names = {0};

	list_names(folder, &names);
	return names.count == 0;
}

/* Opened for a change that did not come. */
static bool is_unchanged(int folder, const struct stat *now, const struct stat *before)
{
	return now->st_mode == before->st_mode && now->st_uid == before->st_uid &&
	       now->st_gid == before->st_gid && now->st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now->st_mtim.tv_nsec == before->st_mtim.tv_nsec && is_empty(folder);
}

static bool compare_folder(struct listing *l, int upper, int lower, const char *name,
			   struct error *err)
{
	struct stat now, before;
	bool was_there = look(lower, name, &before);
	scoped_fd int above = open_folder(upper, name);
	scoped_fd int below = was_there && S_ISDIR(before.st_mode) ? open_folder(lower, name) : -1;

	if (above < 0 || fstat(above, &now) < 0)
		return true; /* gone meanwhile */
	if (below >= 0 && is_unchanged(above, &now, &before))
		return true;
	return put(l, name, was_there ? CHANGE_MODIFIED : CHANGE_ADDED, err) &&
	       enter(l, name, above, below, err);
}

static bool compare(struct listing *l, int upper, int lower, const char *name, struct error *err)
{
	struct stat now, before;

	if (!look(upper, name, &now))
		return true;
	if (S_ISDIR(now.st_mode))
		return compare_folder(l, upper, lower, name, err);
	if (!is_whiteout(&now))
		return put(l, name, look(lower, name, &before) ? CHANGE_MODIFIED : CHANGE_ADDED,
			   err);
	return !look(lower, name, &before) || put(l, name, CHANGE_DELETED, err);
}

static bool walk(struct listing *l, int upper, int lower, struct error *err)
{
	scoped_strings struct strings names = {0};
	bool ok = true;

	list_names(upper, &names);
	for (size_t i = 0; ok && i < names.count; i++)
		ok = compare(l, upper, lower, names.items[i], err);
	return ok;
}

/* ---- the whole ---- */

bool archive_changes(struct archive_work *work, struct error *err)
{
	scoped_with(listing_fini) struct listing l = {0};

	if (!archive_wait_stream(work, NULL, err))
		return false;
	l.sink = (struct archive_sink){.connection = work->connection,
				       .chunked = work->stream.chunked};
	return walk(&l, work->root.upper, work->root.root, err) &&
	       archive_sink_write(&l.sink, l.any ? "]\n" : "null\n", l.any ? 2 : 5, err) &&
	       archive_sink_finish(&l.sink, err) &&
	       worker_send(&work->worker, (enum worker_message)ARCHIVE_DONE, NULL, NULL, err);
}
