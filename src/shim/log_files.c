#include "shim/log_files.h"

#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROTATED_LIMIT = 10000 };

struct numbers {
	int64_t *items;
	size_t count, capacity;
};

static void numbers_fini(struct numbers *n)
{
	vector_fini(n);
}

static int by_value(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

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
	    number > ROTATED_LIMIT)
		return -1;
	return number;
}

/* Newest first. */
static struct numbers list_numbers(int folder, const char *name)
{
	struct numbers found = {0};
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		int64_t number = number_of(entry->d_name, name);

		if (number >= 0)
			vector_add(&found, number);
	}
	if (dir)
		closedir(dir);
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), by_value);
	return found;
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
	scoped_with(numbers_fini) struct numbers numbers = list_numbers(folder, name);
	int64_t last = numbers.count ? numbers.items[numbers.count - 1] + 1 : -1;

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

/* Which number this file has now, by index of `numbers`; count: none any more. */
static size_t index_of(int folder, const char *name, const struct numbers *numbers, int fd)
{
	struct stat st, other;

	if (fstat(fd, &st) < 0)
		return numbers->count;
	for (size_t i = 0; i < numbers->count; i++) {
		scoped_free char *file = file_name(name, numbers->items[i]);

		if (fstatat(folder, file, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
		    same_file(&st, &other))
			return i;
	}
	return numbers->count;
}

static bool is_newest(int folder, const char *name, int fd)
{
	struct stat st, other;

	return fstat(fd, &st) == 0 && fstatat(folder, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       same_file(&st, &other);
}

enum attempt { FOUND, NEWEST, AGAIN };

static enum attempt try_next(int folder, const char *name, int fd, int *out)
{
	scoped_with(numbers_fini) struct numbers numbers = list_numbers(folder, name);
	size_t ours = index_of(folder, name, &numbers, fd);

	if (numbers.count == 0 || ours == 0)
		return NEWEST;
	*out = open_number(folder, name, numbers.items[ours - 1]);
	/* a rotation between the two looks would have moved ours on */
	if (*out >= 0 && index_of(folder, name, &numbers, fd) == ours)
		return FOUND;
	close_fd(out);
	return AGAIN;
}

int log_files_next(int folder, const char *name, int fd)
{
	enum { ATTEMPTS = 100 }; /* a file that cannot be opened is not waited for */
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
