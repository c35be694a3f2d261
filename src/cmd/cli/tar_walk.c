/* The walk goes by names, each folder's sorted, so that equal trees make equal archives; a stack of the
 * folders that it is in takes the place of recursion, because whoever sends the archive pulls. */
#include "cmd/cli/tar_walk.h"

#include "base/map.h"
#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A folder whose names are still to come. */
struct level {
	char *path; /* owned: below `start`; "" is the start itself */
	struct strings names;
	size_t at;
};

/* The first name of a file that has several. */
struct hard_link {
	dev_t device;
	ino_t inode;
	char *name; /* owned, in the archive */
};

struct tar_walk {
	int folder;
	char *start, *name;
	struct tar_walk_rules rules;
	struct {
		struct level *items;
		size_t count, capacity;
	} levels;
	struct {
		struct hard_link *items;
		size_t count, capacity;
	} links;
	struct buffer pending; /* heads and padding, to be sent before the content of `file` */
	int file;	       /* -1: none */
	int64_t left, size;    /* of its content */
	int64_t position;
	bool begun, ended;
};

struct tar_walk *tar_walk_new(int folder, const char *start, const char *name,
			      const struct tar_walk_rules *rules)
{
	struct tar_walk *walk = mem_new(struct tar_walk);

	walk->folder = folder == AT_FDCWD ? AT_FDCWD : fcntl(folder, F_DUPFD_CLOEXEC, 0);
	walk->start = str_dup(start);
	walk->name = str_dup(name);
	walk->rules = *rules;
	walk->file = -1;
	return walk;
}

static void level_fini(struct level *level)
{
	free(level->path);
	strings_fini(&level->names);
}

void tar_walk_free(struct tar_walk *walk)
{
	if (!walk)
		return;
	for (size_t i = 0; i < walk->levels.count; i++)
		level_fini(&walk->levels.items[i]);
	for (size_t i = 0; i < walk->links.count; i++)
		free(walk->links.items[i].name);
	vector_fini(&walk->levels);
	vector_fini(&walk->links);
	buffer_fini(&walk->pending);
	close_fd(&walk->file);
	if (walk->folder >= 0)
		close(walk->folder);
	free(walk->start);
	free(walk->name);
	free(walk);
}

void tar_walk_add(struct tar_walk *walk, const char *name, const void *data, size_t size)
{
	struct tar_entry entry = {
		.name = (char *)name,
		.type = '0',
		.mode = 0600,
		.size = (int64_t)size,
		.mtime_ns = time_now_ns() / NS_PER_SECOND * NS_PER_SECOND,
	};

	tar_write_head(&walk->pending, &entry);
	buffer_add(&walk->pending, data, size);
	tar_pad(&walk->pending, entry.size);
}

/* ---- names ---- */

static char *join(const char *folder, const char *name)
{
	if (!*folder)
		return str_dup(name);
	return *name ? str_format("%s/%s", folder, name) : str_dup(folder);
}

/* On disk, below walk->folder. */
static char *disk_path(const struct tar_walk *walk, const char *path)
{
	return join(walk->start, path);
}

static char *archive_name(const struct tar_walk *walk, const char *path, bool folder)
{
	scoped_free char *name = join(walk->name, path);

	return folder ? str_format("%s/", name) : take(name);
}

/* ---- members ---- */

static char type_of(mode_t mode)
{
	static const struct {
		mode_t format;
		char type;
	} types[] = {
		{S_IFREG, '0'}, {S_IFLNK, '2'}, {S_IFCHR, '3'},
		{S_IFBLK, '4'}, {S_IFDIR, '5'}, {S_IFIFO, '6'},
	};

	for (size_t i = 0; i < array_length(types); i++)
		if ((mode & S_IFMT) == types[i].format)
			return types[i].type;
	return 0; /* a socket, which archives do not hold */
}

static bool read_link(const struct tar_walk *walk, const char *path, struct tar_entry *entry,
		      struct error *err)
{
	char target[4096];
	ssize_t length = readlinkat(walk->folder, path, target, sizeof(target));

	if (length < 0)
		return error_errno(err, "cannot read the link '%s'", path);
	entry->link = str_dup_n(target, (size_t)length);
	return true;
}

/* The second and later names of a file are links to the first. */
static void find_first_name(struct tar_walk *walk, const struct stat *status,
			    struct tar_entry *entry)
{
	for (size_t i = 0; i < walk->links.count; i++)
		if (walk->links.items[i].inode == status->st_ino &&
		    walk->links.items[i].device == status->st_dev) {
			entry->type = '1';
			entry->size = 0;
			entry->link = str_dup(walk->links.items[i].name);
			return;
		}
	struct hard_link first = {status->st_dev, status->st_ino, str_dup(entry->name)};
	vector_add(&walk->links, first);
}

static bool open_file(struct tar_walk *walk, const char *path, struct tar_entry *entry,
		      struct error *err)
{
	walk->file = openat(walk->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (walk->file < 0)
		return error_set(err, ERROR_SYSTEM, "open %s: %s", path,
				 errno == EACCES ? "permission denied" : strerror(errno));
	char value[1024];
	ssize_t size = fgetxattr(walk->file, "security.capability", value, sizeof(value));
	if (size > 0)
		buffer_add(&entry->capability, value, (size_t)size);
	walk->left = walk->size = entry->size;
	if (!entry->size)
		close_fd(&walk->file);
	return true;
}

static void fill_entry(const struct tar_walk *walk, const struct stat *status,
		       struct tar_entry *entry)
{
	bool of_root = walk->rules.of_root;

	entry->mode = status->st_mode & 07777;
	entry->uid = of_root ? 0 : status->st_uid;
	entry->gid = of_root ? 0 : status->st_gid;
	entry->size = entry->type == '0' ? status->st_size : 0;
	entry->mtime_ns = status->st_mtim.tv_sec * NS_PER_SECOND;
	if (!walk->rules.whole_seconds)
		entry->mtime_ns += status->st_mtim.tv_nsec;
	if (entry->type == '3' || entry->type == '4') {
		entry->major = major(status->st_rdev);
		entry->minor = minor(status->st_rdev);
	}
}

static bool add_member(struct tar_walk *walk, const char *path, const struct stat *status,
		       struct error *err)
{
	scoped_free char *on_disk = disk_path(walk, path);
	scoped_tar_entry struct tar_entry entry = {.type = type_of(status->st_mode)};

	if (!entry.type)
		return true;
	entry.name = archive_name(walk, path, entry.type == '5');
	fill_entry(walk, status, &entry);
	if (entry.type == '2' && !read_link(walk, on_disk, &entry, err))
		return false;
	if (entry.type == '0' && status->st_nlink > 1)
		find_first_name(walk, status, &entry);
	if (entry.type == '0' && !open_file(walk, on_disk, &entry, err))
		return false;
	tar_write_head(&walk->pending, &entry);
	return true;
}

/* ---- folders ---- */

static bool read_names(int fd, const char *path, struct strings *names, struct error *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *item;

	if (!dir) {
		error_errno(err, "cannot read '%s'", path);
		close(fd);
		return false;
	}
	while ((item = readdir(dir)))
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			strings_add(names, item->d_name);
	closedir(dir);
	strings_sort(names);
	return true;
}

static bool enter(struct tar_walk *walk, const char *path, struct error *err)
{
	scoped_free char *on_disk = disk_path(walk, path);
	int fd = openat(walk->folder, on_disk, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct level level = {0};

	if (fd < 0)
		return error_set(err, ERROR_SYSTEM, "open %s: %s", on_disk,
				 errno == EACCES ? "permission denied" : strerror(errno));
	if (!read_names(fd, on_disk, &level.names, err))
		return false;
	level.path = str_dup(path);
	vector_add(&walk->levels, level);
	return true;
}

static bool visit(struct tar_walk *walk, const char *path, struct error *err)
{
	scoped_free char *on_disk = disk_path(walk, path);
	struct stat status;

	if (fstatat(walk->folder, on_disk, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && walk->begun /* gone since its folder was read */
			       ? true
			       : error_errno(err, "cannot look at '%s'", on_disk);
	bool folder = S_ISDIR(status.st_mode), start = !*path;
	enum tar_verdict verdict = start || !walk->rules.judge
					   ? TAR_TAKE
					   : walk->rules.judge(walk->rules.data, path, folder);
	if (verdict == TAR_TAKE && (!start || walk->rules.with_start) &&
	    !add_member(walk, path, &status, err))
		return false;
	return !folder || verdict == TAR_PRUNE || enter(walk, path, err);
}

/* One step: something is pending, a file is open, or the walk has ended. */
static bool step(struct tar_walk *walk, struct error *err)
{
	if (!walk->begun) {
		bool good = visit(walk, "", err);

		walk->begun = true;
		return good;
	}
	if (!walk->levels.count) {
		if (!walk->rules.goes_on)
			tar_write_end(&walk->pending);
		return walk->ended = true;
	}
	struct level *level = &walk->levels.items[walk->levels.count - 1];
	if (level->at == level->names.count) {
		level_fini(level);
		walk->levels.count--;
		return true;
	}
	scoped_free char *path = join(level->path, level->names.items[level->at++]);
	return visit(walk, path, err);
}

/* ---- reading ---- */

static ssize_t read_pending(struct tar_walk *walk, void *out, size_t size)
{
	size_t part = walk->pending.size < size ? walk->pending.size : size;

	memcpy(out, walk->pending.data, part);
	buffer_consume(&walk->pending, part);
	return (ssize_t)part;
}

/* A file that became shorter is filled up, one that grew is cut: its head is sent already. */
static ssize_t read_content(struct tar_walk *walk, void *out, size_t size, struct error *err)
{
	size_t part = walk->left < (int64_t)size ? (size_t)walk->left : size;
	ssize_t got = read(walk->file, out, part);

	if (got < 0)
		return error_errno(err, "cannot read a file") - 1;
	if (!got) {
		memset(out, 0, part);
		got = (ssize_t)part;
	}
	walk->left -= got;
	if (!walk->left) {
		close_fd(&walk->file);
		tar_pad(&walk->pending, walk->size);
	}
	return got;
}

ssize_t tar_walk_read(void *data, void *out, size_t size, struct error *err)
{
	struct tar_walk *walk = data;
	ssize_t got;

	while (!walk->pending.size && walk->file < 0 && !walk->ended)
		if (!step(walk, err))
			return -1;
	got = walk->pending.size ? read_pending(walk, out, size)
	      : walk->file >= 0	 ? read_content(walk, out, size, err)
				 : 0;
	if (got > 0)
		walk->position += got;
	return got;
}

int64_t tar_walk_position(const struct tar_walk *walk)
{
	return walk->position;
}
