#include "shim/log_files.h"

#include "base/text.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPRESSED ".gz"

enum {
	ROTATIONS_MEANWHILE = 4, /* while a folder is listed; more are waited out */
};

/* The number of a file of this log, 0 for the newest; -1: it is something else. */
static int64_t number_of(const char *file, const char *name)
{
	size_t length = strlen(name);
	scoped_free char *digits = NULL;
	int64_t number;

	if (!str_starts_with(file, name))
		return -1;
	if (file[length] == '\0')
		return 0;
	if (file[length] != '.')
		return -1;
	digits = str_dup(file + length + 1);
	if (str_ends_with(digits, COMPRESSED))
		digits[strlen(digits) - strlen(COMPRESSED)] = '\0';
	if (!parse_i64(digits, &number) || number < 1 || number > LOG_FILES_MOST)
		return -1;
	return number;
}

/* No file of the log has a higher number than this; -1: there is none.  A listing is no snapshot: what
 * is renamed meanwhile may be missing in it, so it is good for nothing but a limit. */
static int64_t highest_number(int folder, const char *name)
{
	int64_t highest = -1;
	scoped_list DIR *list = folder_list(folder);

	for (struct dirent *entry; (entry = folder_next(list));) {
		int64_t number = number_of(entry->d_name, name);

		if (number > highest)
			highest = number;
	}
	return highest < 0 ? -1 : highest + ROTATIONS_MEANWHILE;
}

static char *file_name(const char *name, int64_t number)
{
	return number ? str_format("%s.%lld", name, (long long)number) : str_dup(name);
}

static char *compressed_name(const char *name, int64_t number)
{
	return str_format("%s.%lld" COMPRESSED, name, (long long)number);
}

/* ---- compressed ones ---- */

static void run_worker(const char *worker, int in, int out)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0) == 0)
		execl(worker, "wherry-worker", "decompress", (char *)NULL);
	_exit(1);
}

static bool wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* -1: it is torn. */
static int unpack(int in, const char *worker)
{
	scoped_fd int memory = memfd_create("log", MFD_CLOEXEC);
	pid_t pid;

	if (lseek(in, 0, SEEK_SET) < 0)
		return -1;
	pid = memory < 0 ? -1 : fork();
	if (pid == 0)
		run_worker(worker, in, memory);
	if (pid < 0 || !wait_for(pid) || lseek(memory, 0, SEEK_SET) < 0)
		return -1;
	return take_fd(memory);
}

static int open_plain(int folder, const char *name, int64_t number)
{
	scoped_free char *file = file_name(name, number);

	return openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static int open_packed(int folder, const char *name, int64_t number)
{
	scoped_free char *file = compressed_name(name, number);

	return openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static int open_number(int folder, const char *name, const char *worker, int64_t number)
{
	int fd = open_plain(folder, name, number);
	scoped_fd int packed = -1;

	if (fd >= 0 || number == 0 || !worker)
		return fd;
	packed = open_packed(folder, name, number);
	return packed < 0 ? -1 : unpack(packed, worker);
}

/* Without reading it. */
static bool stat_number(int folder, const char *name, const char *worker, int64_t number,
			struct stat *st)
{
	scoped_free char *file = file_name(name, number);
	scoped_free char *compressed = compressed_name(name, number);

	return fstatat(folder, file, st, AT_SYMLINK_NOFOLLOW) == 0 ||
	       (number > 0 && worker && fstatat(folder, compressed, st, AT_SYMLINK_NOFOLLOW) == 0);
}

/* ---- which is which ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool same_moment(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One of them may be the other, compressed, or in memory: what has no name left. */
static bool same_content(const struct stat *a, const struct stat *b)
{
	return same_file(a, b) || ((a->st_nlink == 0 || b->st_nlink == 0) && same_moment(a, b));
}

static int on_disk(const struct log_files *files, size_t index)
{
	return files->packed[index] >= 0 ? files->packed[index] : files->fds[index];
}

static bool is_open(const struct log_files *files, int fd)
{
	struct stat st, other;

	for (size_t i = 0; i < files->count; i++)
		if (fstat(fd, &st) == 0 && fstat(on_disk(files, i), &other) == 0 &&
		    same_content(&st, &other))
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

static void add_number(struct log_files *files, int folder, const char *name, const char *worker,
		       int64_t number)
{
	scoped_fd int fd = open_plain(folder, name, number);
	scoped_fd int packed =
		fd < 0 && number > 0 && worker ? open_packed(folder, name, number) : -1;

	if ((fd < 0 && packed < 0) || is_open(files, fd < 0 ? packed : fd))
		return;
	files->fds[files->count] = take_fd(fd);
	files->packed[files->count++] = take_fd(packed);
}

/* From the newest to the oldest: a rotation meanwhile moves files away from us, so that one may be
 * met twice, but none is passed by. */
void log_files_open(int folder, const char *name, const char *worker, struct log_files *out)
{
	int64_t last = highest_number(folder, name);

	*out = (struct log_files){0};
	out->fds = mem_zeroed((size_t)(last + 1), sizeof(int));
	out->packed = mem_zeroed((size_t)(last + 1), sizeof(int));
	for (int64_t n = 0; n <= last; n++)
		add_number(out, folder, name, worker, n);
	reverse(out->fds, out->count);
	reverse(out->packed, out->count);
}

void log_files_unpack(struct log_files *files, size_t index, const char *worker)
{
	if (files->fds[index] >= 0 || files->packed[index] < 0)
		return;
	files->fds[index] = unpack(files->packed[index], worker);
	if (files->fds[index] < 0)
		close_fd(&files->packed[index]);
}

void log_files_pack(struct log_files *files, size_t index)
{
	if (files->packed[index] >= 0)
		close_fd(&files->fds[index]);
}

void log_files_drop(struct log_files *files, size_t index)
{
	close_fd(&files->fds[index]);
	close_fd(&files->packed[index]);
}

void log_files_fini(struct log_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		log_files_drop(files, i);
	free(files->fds);
	free(files->packed);
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

static bool is_gap(int folder, const char *name, const char *worker, int64_t from, int64_t end)
{
	struct stat st;

	for (int64_t n = from; n < end; n++)
		if (stat_number(folder, name, worker, n, &st))
			return false;
	return true;
}

/* The nearest one below `number`: there may be a gap, of a rotation that was killed.  In one that is under way the
 * nearest may move into the gap behind our back, and the one after it into its place. */
static enum attempt open_below(int folder, const char *name, const char *worker, int64_t number,
			       int *out)
{
	int64_t n = number;

	for (*out = -1; *out < 0 && n > 0;)
		*out = open_number(folder, name, worker, --n);
	if (!is_gap(folder, name, worker, n + 1, number)) {
		close_fd(out);
		return AGAIN;
	}
	return *out >= 0 ? FOUND : NEWEST;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec < b->st_mtim.tv_sec ||
	       (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

/* From the newest on, for files move away from us: what is met last, below `end`, and is younger than ours. */
static int64_t find_oldest_since(int folder, const char *name, const char *worker,
				 const struct stat *ours, int64_t end, struct stat *found)
{
	int64_t number = -1;
	struct stat other;

	for (int64_t n = 0; n < end; n++) {
		if (!stat_number(folder, name, worker, n, &other) || is_older(&other, ours) ||
		    same_content(&other, ours))
			continue;
		number = n;
		*found = other;
	}
	return number;
}

/* When ours is gone, or has become another by being compressed, what remains and is younger; but for
 * what somebody else has deleted, and what cannot be read. */
static enum attempt open_oldest_since(int folder, const char *name, const char *worker,
				      const struct stat *ours, int *out)
{
	int64_t number = highest_number(folder, name) + 1;
	struct stat found = {0}, now;

	while ((number = find_oldest_since(folder, name, worker, ours, number, &found)) >= 0) {
		*out = open_number(folder, name, worker, number);
		if (*out >= 0 && fstat(*out, &now) == 0 && same_content(&now, &found))
			return FOUND;
		close_fd(out);
		if (!stat_number(folder, name, worker, number, &now) || !same_file(&now, &found))
			return AGAIN;
	}
	return NEWEST;
}

/* If nothing moved between two looks at our file, what was opened between them follows it. */
static enum attempt try_next(int folder, const char *name, const char *worker, int fd, int *out)
{
	int64_t last = highest_number(folder, name), number;
	enum attempt attempt;
	struct stat ours;

	if (fstat(fd, &ours) < 0)
		return NEWEST;
	if (ours.st_nlink == 0)
		return open_oldest_since(folder, name, worker, &ours, out);
	number = find_number(folder, name, &ours, last);
	if (number < 0)
		return AGAIN;
	attempt = open_below(folder, name, worker, number, out);
	if (find_number(folder, name, &ours, last) == number)
		return attempt;
	close_fd(out);
	return AGAIN;
}

static bool is_newest(int folder, const char *name, int fd)
{
	struct stat ours, newest;

	return fstat(fd, &ours) == 0 && fstatat(folder, name, &newest, AT_SYMLINK_NOFOLLOW) == 0 &&
	       same_file(&ours, &newest);
}

int log_files_next(int folder, const char *name, const char *worker, int fd)
{
	enum { ATTEMPTS = 1000 };
	int next = -1;

	if (is_newest(folder, name, fd))
		return -1;
	for (int i = 0; i < ATTEMPTS; i++) {
		enum attempt attempt = try_next(folder, name, worker, fd, &next);

		if (attempt != AGAIN)
			return attempt == FOUND ? next : -1;
	}
	return -1;
}
