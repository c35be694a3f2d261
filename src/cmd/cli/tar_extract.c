#include "cmd/cli/tar_extract.h"

#include "base/time.h"
#include "format/path.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A folder gets its mode and time when all is in it: it may allow nobody to write. */
struct late_folder {
	char *name; /* owned */
	mode_t mode;
	int64_t mtime_ns;
};

struct extraction {
	const struct tar_target *target;
	struct tar_reader *reader;
	struct {
		struct late_folder *items;
		size_t count, capacity;
	} folders;
};

/* A member on its way to its place. */
struct place {
	char *name;	  /* owned: clean, below the target's folder */
	const char *last; /* its last part */
	int parent;
};

static void place_fini(struct place *place)
{
	free(place->name);
	close_fd(&place->parent);
}

static char *renamed(const struct tar_target *target, const char *name)
{
	const char *at = target->from ? strstr(name, target->from) : NULL;

	if (!at)
		return str_dup(name);
	return str_format("%.*s%s%s", (int)(at - name), name, target->to,
			  at + strlen(target->from));
}

/* ---- where a member goes ---- */

/* The clean name below the root, "." for the root itself; names that lead out are refused. */
static char *clean_name(const char *name, struct error *err)
{
	while (*name == '/')
		name++;
	char *clean = path_clean(name);
	if (strcmp(clean, "..") != 0 && !str_starts_with(clean, "../"))
		return clean;
	error_set(err, ERROR_INVALID, "archive breakout: '%s' leads outside of the destination",
		  name);
	free(clean);
	return NULL;
}

static int open_folder(const struct extraction *x, const char *name, struct error *err)
{
	int fd = root_open_plain(x->target->folder, name, O_RDONLY | O_DIRECTORY, err);

	if (fd < 0 && err->kind != ERROR_NOT_FOUND)
		error_set(err, ERROR_INVALID, "cannot write to \"%s/%s\": %s", x->target->path,
			  name,
			  err->os == ENOTDIR || err->os == ELOOP ? "not a directory"
								 : strerror(err->os));
	return fd;
}

/* The folder that a name is in, made when the archive did not tell of it. */
static int open_parent(const struct extraction *x, const char *name, struct error *err)
{
	const char *slash = strrchr(name, '/');
	scoped_free char *parent = slash ? str_dup_n(name, (size_t)(slash - name)) : str_dup(".");
	int fd = open_folder(x, parent, err);

	if (fd >= 0 || err->kind != ERROR_NOT_FOUND || !slash)
		return fd;
	scoped_fd int above = open_parent(x, parent, err);
	const char *last = strrchr(parent, '/');
	if (above < 0)
		return -1;
	if (mkdirat(above, last ? last + 1 : parent, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", parent) - 1;
	return open_folder(x, parent, err);
}

static bool find_place(const struct extraction *x, const char *name, struct place *place,
		       struct error *err)
{
	scoped_free char *new_name = renamed(x->target, name);
	const char *slash;

	place->name = clean_name(new_name, err);
	if (!place->name)
		return false;
	slash = strrchr(place->name, '/');
	place->last = slash ? slash + 1 : place->name;
	place->parent = open_parent(x, place->name, err);
	return place->parent >= 0;
}

/* Make room for a member.  *there: a folder that stays. */
static bool make_room(const struct extraction *x, const struct place *place, bool folder,
		      bool *there, struct error *err)
{
	struct stat status;

	*there = false;
	if (fstatat(place->parent, place->last, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || error_errno(err, "cannot look at '%s'", place->name);
	if (S_ISDIR(status.st_mode) != folder)
		return error_set(err, ERROR_INVALID, "cannot overwrite %s \"%s/%s\" with %s \"%s\"",
				 folder ? "non-directory" : "directory", x->target->path,
				 place->name, folder ? "directory" : "non-directory",
				 x->target->path);
	*there = folder;
	return folder || unlinkat(place->parent, place->last, 0) == 0 ||
	       error_errno(err, "cannot replace '%s'", place->name);
}

/* ---- making it ---- */

static bool write_content(struct tar_reader *reader, int fd, struct error *err)
{
	char piece[65536];
	ssize_t got;

	while ((got = tar_reader_read(reader, piece, sizeof(piece), err)) > 0)
		for (ssize_t done = 0, wrote; done < got; done += wrote)
			if ((wrote = write(fd, piece + done, (size_t)(got - done))) < 0)
				return error_errno(err, "cannot write");
	return got == 0;
}

static void set_attributes(int fd, const struct tar_entry *entry)
{
	for (size_t i = 0; i < entry->attributes.count; i++) {
		const struct pair *pair = &entry->attributes.items[i];

		fsetxattr(fd, pair->name, pair->value, strlen(pair->value), 0);
	}
	if (entry->capability.size)
		fsetxattr(fd, "security.capability", entry->capability.data, entry->capability.size,
			  0);
}

static bool make_file(const struct extraction *x, const struct place *place,
		      const struct tar_entry *entry, struct error *err)
{
	scoped_fd int fd = openat(place->parent, place->last,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "cannot make '%s'", place->name);
	if (!write_content(x->reader, fd, err))
		return false;
	set_attributes(fd, entry); /* what few may set is tried */
	return fchmod(fd, entry->mode) == 0 ||
	       error_errno(err, "cannot set the mode of '%s'", place->name);
}

/* The other name stands in the archive, below the same root. */
static bool make_hard_link(const struct extraction *x, const struct place *place,
			   const struct tar_entry *entry, struct error *err)
{
	scoped_with(place_fini) struct place first = {.parent = -1};

	return find_place(x, entry->link, &first, err) &&
	       (linkat(first.parent, first.last, place->parent, place->last, 0) == 0 ||
		error_errno(err, "cannot link '%s'", place->name));
}

static bool make_symbolic_link(const struct place *place, const struct tar_entry *entry,
			       struct error *err)
{
	return symlinkat(entry->link, place->parent, place->last) == 0 ||
	       error_errno(err, "cannot make the link '%s'", place->name);
}

static bool make_device(const struct place *place, const struct tar_entry *entry, struct error *err)
{
	mode_t format = entry->type == '3' ? S_IFCHR : entry->type == '4' ? S_IFBLK : S_IFIFO;
	dev_t device = makedev(entry->major, entry->minor);

	return mknodat(place->parent, place->last, format | entry->mode, device) == 0 ||
	       error_errno(err, "cannot make '%s'", place->name);
}

static bool make_member(const struct extraction *x, const struct place *place,
			const struct tar_entry *entry, struct error *err)
{
	switch (entry->type) {
	case '0':
	case '7':
		return make_file(x, place, entry, err);
	case '1':
		return make_hard_link(x, place, entry, err);
	case '2':
		return make_symbolic_link(place, entry, err);
	case '3':
	case '4':
	case '6':
		return make_device(place, entry, err);
	default:
		return error_set(err, ERROR_INVALID, "unhandled tar header type %d of '%s'",
				 entry->type, place->name);
	}
}

static void set_time(const struct place *place, int64_t mtime_ns)
{
	struct timespec moment = {mtime_ns / NS_PER_SECOND, mtime_ns % NS_PER_SECOND};
	struct timespec times[2] = {moment, moment};

	utimensat(place->parent, place->last, times, AT_SYMLINK_NOFOLLOW);
}

static bool make_folder(struct extraction *x, const struct place *place, bool there,
			const struct tar_entry *entry, struct error *err)
{
	struct late_folder late = {str_dup(place->name), entry->mode, entry->mtime_ns};

	vector_add(&x->folders, late);
	return there || mkdirat(place->parent, place->last, 0700) == 0 ||
	       error_errno(err, "cannot make '%s'", place->name);
}

static bool extract_one(struct extraction *x, const struct tar_entry *entry, struct error *err)
{
	scoped_with(place_fini) struct place place = {.parent = -1};
	bool folder = entry->type == '5', there;

	if (!find_place(x, entry->name, &place, err))
		return false;
	if (strcmp(place.name, ".") == 0)
		return true;
	if (!make_room(x, &place, folder, &there, err))
		return false;
	if (folder)
		return make_folder(x, &place, there, entry, err);
	if (!make_member(x, &place, entry, err))
		return false;
	if (entry->type != '1')
		set_time(&place, entry->mtime_ns);
	return true;
}

/* From the last to the first, so that what is inside comes before what it is in. */
static void finish_folders(struct extraction *x)
{
	while (x->folders.count) {
		struct late_folder *late = &x->folders.items[--x->folders.count];
		struct error ignored;
		scoped_fd int fd = root_open_plain(x->target->folder, late->name,
						   O_RDONLY | O_DIRECTORY, &ignored);
		struct timespec moment = {late->mtime_ns / NS_PER_SECOND,
					  late->mtime_ns % NS_PER_SECOND};

		if (fd >= 0) {
			fchmod(fd, late->mode);
			futimens(fd, (struct timespec[]){moment, moment});
		}
		free(late->name);
	}
	vector_fini(&x->folders);
}

bool tar_extract(struct tar_reader *reader, const struct tar_target *target, struct error *err)
{
	struct extraction x = {.target = target, .reader = reader};
	int found = 1;
	bool good = true;

	while (good && found > 0) {
		scoped_tar_entry struct tar_entry entry = {0};

		found = tar_reader_next(reader, &entry, err);
		good = found >= 0 && (!found || extract_one(&x, &entry, err));
	}
	finish_folders(&x);
	return good;
}
