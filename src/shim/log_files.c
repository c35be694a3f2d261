#include "shim/log_files.h"

#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NUMBER_LIMIT = 10000,
	ROTATIONS_MEANWHILE = 4, /* while a folder is listed; more are waited out */
};

/* The number of a file of this log, 0 for the newest; -1: it is something else. */
static int64_t number_of(const char *file, const char *name)
{
	size_t length = strlen(name);
	int64_t number;

	if (!str_starts_with(file, name))
		return -1;
	if (file[length] == '\0')
		return 0;
	if (file[length] != '.' || !parse_i64(file + length + 1, &number) || number < 1 ||
	    number > NUMBER_LIMIT)
		return -1;
	return number;
}

/* No file of the log has a higher number than this; -1: there is none.  A listing is no snapshot: what
 * is renamed meanwhile may be missing in it, so it is good for nothing but a limit. */
static int64_t highest_number(int folder, const char *name)
{
	int64_t highest = -1;
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		int64_t number = number_of(entry->d_name, name);

		if (number > highest)
			highest = number;
	}
	if (dir)
		closedir(dir);
	return highest < 0 ? -1 : highest + ROTATIONS_MEANWHILE;
}

static char *file_name(const char *name, int64_t number)
{
	return number ? str_format("%s.%lld", name, (long long)number) : str_dup(name);
}

static int open_number(int folder, const char *name, int64_t number)
{
	scoped_free char *file = file_name(name, number);

	return openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool is_open(const struct log_files *files, int fd)
{
	struct stat st, other;

	for (size_t i = 0; i < files->count; i++)
		if (fstat(fd, &st) == 0 && fstat(files->fds[i], &other) == 0 &&
		    same_file(&st, &other))
			return true;
	return false;
}

static void reverse(int *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		int other = items[i];

		items[i] = items[count - 1 - i];
		items[count - 1 - i] = other;
	}
}

/* From the newest to the oldest: a rotation meanwhile moves files away from us, so that one may be
 * met twice, but none is passed by. */
void log_files_open(int folder, const char *name, struct log_files *out)
{
	int64_t last = highest_number(folder, name);

	*out = (struct log_files){0};
	out->fds = mem_zeroed((size_t)(last + 1), sizeof(int));
	for (int64_t n = 0; n <= last; n++) {
		int fd = open_number(folder, name, n);

		if (fd < 0)
			continue;
		if (is_open(out, fd))
			close(fd);
		else
			out->fds[out->count++] = fd;
	}
	reverse(out->fds, out->count);
}

void log_files_fini(struct log_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		close(files->fds[i]);
	free(files->fds);
	*files = (struct log_files){0};
}

/* ---- the next one ---- */

enum attempt { FOUND, NEWEST, AGAIN };

/* The number of this file now; -1: not seen, it may have moved on behind our back. */
static int64_t find_number(int folder, const char *name, const struct stat *ours, int64_t last)
{
	struct stat other;

	for (int64_t n = 0; n <= last; n++) {
		scoped_free char *file = file_name(name, n);

		if (fstatat(folder, file, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
		    same_file(ours, &other))
			return n;
	}
	return -1;
}

/* The nearest one below `number`: there may be a gap, of a rotation that is under way or was killed. */
static int open_below(int folder, const char *name, int64_t number)
{
	int fd = -1;

	while (fd < 0 && number-- > 0)
		fd = open_number(folder, name, number);
	return fd;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec < b->st_mtim.tv_sec ||
	       (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

/* When ours is gone, what remains is younger, but for what somebody else has deleted. */
static int open_oldest_since(int folder, const char *name, const struct stat *ours, int64_t last)
{
	struct stat other;

	for (int64_t n = last; n >= 0; n--) {
		int fd = open_number(folder, name, n);

		if (fd >= 0 && fstat(fd, &other) == 0 && !is_older(&other, ours))
			return fd;
		close_fd(&fd);
	}
	return -1;
}

/* If nothing moved between two looks at our file, what was opened between them follows it. */
static enum attempt try_next(int folder, const char *name, int fd, int *out)
{
	int64_t last = highest_number(folder, name), number;
	struct stat ours;

	if (fstat(fd, &ours) < 0)
		return NEWEST;
	if (ours.st_nlink == 0) {
		*out = open_oldest_since(folder, name, &ours, last);
		return *out >= 0 ? FOUND : NEWEST;
	}
	number = find_number(folder, name, &ours, last);
	if (number < 0)
		return AGAIN;
	*out = open_below(folder, name, number);
	if (find_number(folder, name, &ours, last) != number) {
		close_fd(out);
		return AGAIN;
	}
	return *out >= 0 ? FOUND : NEWEST;
}

static bool is_newest(int folder, const char *name, int fd)
{
	struct stat ours, newest;

	return fstat(fd, &ours) == 0 && fstatat(folder, name, &newest, AT_SYMLINK_NOFOLLOW) == 0 &&
	       same_file(&ours, &newest);
}

int log_files_next(int folder, const char *name, int fd)
{
	enum { ATTEMPTS = 1000 };
	int next = -1;

	if (is_newest(folder, name, fd))
		return -1;
	for (int i = 0; i < ATTEMPTS; i++) {
		enum attempt attempt = try_next(folder, name, fd, &next);

		if (attempt != AGAIN)
			return attempt == FOUND ? next : -1;
	}
	return -1;
}
