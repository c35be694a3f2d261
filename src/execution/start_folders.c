/* RuntimeDirectory= and its kin, and the working folder. */
#include "execution/start_private.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIVATE "private"

static const struct {
	const char *root, *variable;
} kinds[FOLDER_KINDS] = {
	[FOLDER_RUNTIME] = {"/run", "RUNTIME_DIRECTORY"},
	[FOLDER_STATE] = {"/var/lib", "STATE_DIRECTORY"},
	[FOLDER_CACHE] = {"/var/cache", "CACHE_DIRECTORY"},
	[FOLDER_LOGS] = {"/var/log", "LOGS_DIRECTORY"},
	[FOLDER_CONFIGURATION] = {"/etc", "CONFIGURATION_DIRECTORY"},
};

/* What outlives a dynamic user would be open to who gets his number next: it lies where only root comes.  */
static bool is_private(const struct execution_context *c, enum execution_folder_kind kind)
{
	return c->dynamic_user && kind != FOLDER_CONFIGURATION &&
	       (kind != FOLDER_RUNTIME || c->keep_runtime != KEEP_NO);
}

static char *path_of(enum execution_folder_kind kind, bool private, const char *name)
{
	return str_format("%s/%s%s", kinds[kind].root, private ? PRIVATE "/" : "", name);
}

char *start_folder_path(const struct execution_context *context, enum execution_folder_kind kind,
			const char *name)
{
	return path_of(kind, is_private(context, kind), name);
}

const char *start_folder_variable(enum execution_folder_kind kind)
{
	return kinds[kind].variable;
}

/* ---- making them ---- */

static bool is_plain(const char *name)
{
	scoped_strings struct strings parts = strings_split(name, '/');

	for (size_t i = 0; i < parts.count; i++)
		if (str_is_empty(parts.items[i]) || str_equal(parts.items[i], ".") ||
		    str_equal(parts.items[i], ".."))
			return false;
	return parts.count > 0;
}

/* All below it too: what a former run left belongs to whom it ran as then. */
static void give_all(int folder, uid_t uid, gid_t gid)
{
	scoped_list DIR *list = folder_list(folder);

	for (struct dirent *entry; (entry = folder_next(list));) {
		scoped_fd int sub = -1;

		if (fchownat(folder, entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		sub = openat(folder, entry->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			give_all(sub, uid, gid);
	}
}

static bool give(int folder, const struct starting *s, struct error *err)
{
	struct stat st;

	if (fstat(folder, &st) < 0)
		return error_errno(err, "cannot look at a folder");
	if (st.st_uid == s->identity.uid && st.st_gid == s->identity.gid)
		return true;
	if (fchown(folder, s->identity.uid, s->identity.gid) < 0)
		return error_errno(err, "cannot give a folder to user %u", s->identity.uid);
	give_all(folder, s->identity.uid, s->identity.gid);
	return true;
}

/* ---- private ones ---- */

/* Of "web/cache": "../private/web/cache". */
static char *link_text(const char *name)
{
	struct buffer text = {0};

	for (const char *at = strchr(name, '/'); at; at = strchr(at + 1, '/'))
		buffer_add_text(&text, "../");
	buffer_format(&text, PRIVATE "/%s", name);
	return buffer_take(&text);
}

static bool is_our_link(const char *path, const char *text)
{
	char found[4096];
	ssize_t size = readlink(path, found, sizeof(found));

	return size == (ssize_t)strlen(text) && memcmp(found, text, (size_t)size) == 0;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool make_above(const char *path, struct error *err)
{
	scoped_free char *above = str_dup(path);

	*strrchr(above, '/') = '\0';
	return folder_make(AT_FDCWD, above, 0755, err);
}

static bool move_folder(const char *from, const char *to, struct error *err)
{
	return make_above(to, err) &&
	       (rename(from, to) == 0 || error_errno(err, "cannot move '%s' to '%s'", from, to));
}

/* Nobody but root passes it on the host. */
static bool make_barrier(enum execution_folder_kind kind, struct error *err)
{
	scoped_free char *path = str_format("%s/" PRIVATE, kinds[kind].root);

	if (!folder_make(AT_FDCWD, path, 0700, err))
		return false;
	return chmod(path, 0700) == 0 || error_errno(err, "cannot protect '%s'", path);
}

/* What is there from before DynamicUser= moves behind the barrier; a link leads from where it was. */
static bool hide(enum execution_folder_kind kind, const char *name, struct error *err)
{
	scoped_free char *open_path = path_of(kind, false, name);
	scoped_free char *path = path_of(kind, true, name);
	scoped_free char *text = link_text(name);

	if (!make_barrier(kind, err))
		return false;
	if (is_folder(open_path) && !is_folder(path) && !move_folder(open_path, path, err))
		return false;
	if (is_our_link(open_path, text))
		return true;
	if (!make_above(open_path, err))
		return false;
	return symlink(text, open_path) == 0 || error_errno(err, "cannot link '%s'", open_path);
}

/* And back, when the key has gone. */
static bool unhide(enum execution_folder_kind kind, const char *name, struct error *err)
{
	scoped_free char *open_path = path_of(kind, false, name);
	scoped_free char *path = path_of(kind, true, name);
	scoped_free char *text = link_text(name);

	if (!is_our_link(open_path, text))
		return true;
	if (unlink(open_path) < 0)
		return error_errno(err, "cannot remove the link '%s'", open_path);
	return !is_folder(path) || move_folder(path, open_path, err);
}

uid_t start_folders_owner(const struct execution_plan *plan)
{
	static const enum execution_folder_kind order[] = {FOLDER_STATE, FOLDER_CACHE, FOLDER_LOGS};
	struct stat st;

	for (size_t i = 0; i < array_length(order); i++) {
		const struct strings *names = &plan->context.folders[order[i]].names;
		scoped_free char *path =
			names->count ? path_of(order[i], true, names->items[0]) : NULL;

		if (path && lstat(path, &st) == 0)
			return st.st_uid;
	}
	return 0;
}

/* ---- opening one ---- */

static bool is_of_root(int folder)
{
	struct stat st;

	return fstat(folder, &st) == 0 && st.st_uid == 0 && !(st.st_mode & 022);
}

/* A link is followed where only root can have put it: in the place of a folder within a folder of its own a
 * service could put one to any of the host's, to be given that. */
static int enter(int above, const char *name, struct error *err)
{
	int folder = -1;

	if (mkdirat(above, name, 0755) == 0 || errno == EEXIST)
		folder = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 && (errno == ELOOP || errno == ENOTDIR) && is_of_root(above))
		folder = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		error_errno(err, "cannot open folder '%s'", name);
	return folder;
}

/* What is not there is made. */
static int open_below(const char *root, const char *path, struct error *err)
{
	scoped_strings struct strings parts = strings_split(path, '/');
	scoped_fd int folder = -1;

	if (!folder_make(AT_FDCWD, root, 0755, err))
		return -1;
	folder = folder_open(AT_FDCWD, root, err);
	for (size_t i = 0; folder >= 0 && i < parts.count; i++) {
		int next = enter(folder, parts.items[i], err);

		close_fd(&folder);
		folder = next;
	}
	return take_fd(folder);
}

static int open_folder(const struct execution_context *c, enum execution_folder_kind kind,
		       const char *name, struct error *err)
{
	scoped_free char *below = str_format("%s%s", is_private(c, kind) ? PRIVATE "/" : "", name);

	return open_below(kinds[kind].root, below, err);
}

static bool make_folder(const struct starting *s, enum execution_folder_kind kind, const char *name,
			struct error *err)
{
	int32_t mode = s->context->folders[kind].mode;
	scoped_fd int folder = -1;

	if (!is_plain(name))
		return error_set(err, ERROR_INVALID, "'%s' is not the name of a folder", name);
	if (!(is_private(s->context, kind) ? hide(kind, name, err) : unhide(kind, name, err)))
		return false;
	folder = open_folder(s->context, kind, name, err);
	if (folder < 0)
		return error_prefix(err, "'%s' in '%s'", name, kinds[kind].root);
	if (fchmod(folder, mode ? (mode_t)mode : 0755) < 0)
		return error_errno(err, "cannot set the mode of '%s/%s'", kinds[kind].root, name);
	return kind == FOLDER_CONFIGURATION || !s->has_user || give(folder, s, err);
}

static bool make_folders(struct starting *s, enum execution_folder_kind kind, struct error *err)
{
	const struct strings *names = &s->context->folders[kind].names;
	mode_t before = umask(022);
	bool ok = true;

	for (size_t i = 0; ok && i < names->count; i++)
		ok = make_folder(s, kind, names->items[i], err);
	umask(before);
	return ok;
}

bool start_runtime_folders(struct starting *s, struct error *err)
{
	return make_folders(s, FOLDER_RUNTIME, err);
}

bool start_state_folders(struct starting *s, struct error *err)
{
	return make_folders(s, FOLDER_STATE, err);
}

bool start_cache_folders(struct starting *s, struct error *err)
{
	return make_folders(s, FOLDER_CACHE, err);
}

bool start_logs_folders(struct starting *s, struct error *err)
{
	return make_folders(s, FOLDER_LOGS, err);
}

bool start_configuration_folders(struct starting *s, struct error *err)
{
	return make_folders(s, FOLDER_CONFIGURATION, err);
}

/* ---- removing them ---- */

/* With the link to it. */
static bool remove_folder(enum execution_folder_kind kind, bool private, const char *name,
			  struct error *err)
{
	scoped_free char *path = path_of(kind, private, name);
	scoped_free char *open_path = path_of(kind, false, name);
	scoped_free char *text = link_text(name);

	if (private && is_our_link(open_path, text))
		unlink(open_path);
	return tree_remove(AT_FDCWD, path, err);
}

static bool remove_kind(const struct execution_plan *plan, enum execution_folder_kind kind,
			struct error *err)
{
	const struct strings *names = &plan->context.folders[kind].names;
	bool good = true;

	for (size_t i = 0; good && i < names->count; i++) {
		const char *name = names->items[i];

		if (is_plain(name))
			good = remove_folder(kind, is_private(&plan->context, kind), name, err);
	}
	return good;
}

bool start_remove_folders(const struct execution_plan *plan, uint32_t folder_kinds,
			  struct error *err)
{
	for (int kind = 0; kind < FOLDER_KINDS; kind++)
		if ((folder_kinds >> kind & 1) &&
		    !remove_kind(plan, (enum execution_folder_kind)kind, err))
			return false;
	return true;
}

void start_clean(const struct execution_plan *plan, bool restarts)
{
	const struct execution_context *c = &plan->context;
	bool kept = c->keep_runtime == KEEP_YES || (c->keep_runtime == KEEP_RESTART && restarts);
	struct error ignored;

	if (!kept)
		remove_kind(plan, FOLDER_RUNTIME, &ignored);
}

/* ---- the working folder ---- */

bool start_chdir(struct starting *s, struct error *err)
{
	const char *path = s->context->working_folder;

	if (str_is_empty(path))
		path = "/";
	if (str_equal(path, "~"))
		path = s->has_user ? s->identity.home : "/root";
	if (chdir(path) == 0)
		return true;
	if (s->context->working_folder_optional && chdir("/") == 0)
		return true;
	return error_errno(err, "cannot change to the folder '%s'", path);
}
