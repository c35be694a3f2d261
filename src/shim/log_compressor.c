#include "shim/log_compressor.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *numbered(const struct log_compressor *c, int64_t number, const char *suffix)
{
	return str_format("%s.%lld%s", c->name, (long long)number, suffix);
}

static char *scratch_name(const struct log_compressor *c)
{
	return str_format(".%s.gz", c->name);
}

/* ---- the end of a worker ---- */

static bool same_moment(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_whole(const struct log_compressor *c)
{
	struct stat in, out;

	return fstat(c->in, &in) == 0 && fstat(c->out, &out) == 0 && out.st_size > 0 &&
	       same_moment(&in.st_mtim, &out.st_mtim);
}

/* Rotation has moved it on meanwhile; 0: it is gone. */
static int64_t present_number(const struct log_compressor *c)
{
	struct stat ours, other;

	for (int64_t n = 1; fstat(c->in, &ours) == 0 && n < c->max_files; n++) {
		scoped_free char *name = numbered(c, n, "");

		if (fstatat(c->folder, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
		    other.st_ino == ours.st_ino)
			return n;
	}
	return 0;
}

static void take_place(const struct log_compressor *c)
{
	scoped_free char *scratch = scratch_name(c);
	int64_t number = is_whole(c) ? present_number(c) : 0;
	scoped_free char *plain = numbered(c, number, "");
	scoped_free char *compressed = numbered(c, number, ".gz");

	if (number && renameat(c->folder, scratch, c->folder, compressed) == 0)
		unlinkat(c->folder, plain, 0);
	else
		unlinkat(c->folder, scratch, 0);
}

static void worker_ended(struct source *source, uint32_t events)
{
	struct log_compressor *c = container_of(source, struct log_compressor, done);
	bool whole = is_whole(c);

	take_place(c);
	loop_watch(c->loop, source, 0);
	close_fd(&c->done.fd);
	close_fd(&c->in);
	close_fd(&c->out);
	if (whole) /* after a failure the next rotation tries again */
		log_compressor_begin(c);
}

/* ---- beginning ---- */

static void run_worker(const struct log_compressor *c)
{
	enum { IN = 3, OUT, PIPE };

	fcntl(PIPE, F_SETFD, 0);
	if (dup2(IN, STDIN_FILENO) >= 0 && dup2(OUT, STDOUT_FILENO) >= 0)
		execl(c->worker, "wherry-worker", "compress", (char *)NULL);
	_exit(1);
}

/* The oldest that is not compressed yet; -1: none. */
static int open_next(const struct log_compressor *c)
{
	for (int64_t n = c->max_files - 1; n >= 1; n--) {
		scoped_free char *name = numbered(c, n, "");
		int fd = openat(c->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

		if (fd >= 0)
			return fd;
	}
	return -1;
}

static int open_scratch(const struct log_compressor *c)
{
	scoped_free char *name = scratch_name(c);

	unlinkat(c->folder, name, 0);
	return openat(c->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
}

static bool start_worker(struct log_compressor *c, struct error *err)
{
	int ends[2], pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	pid = children_fork(c->children, (int[]){c->in, c->out, ends[1]}, 3, err);
	if (pid == 0)
		run_worker(c);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return false;
	}
	c->done = (struct source){.fd = ends[0], .ready = worker_ended};
	loop_watch(c->loop, &c->done, EPOLLIN);
	return true;
}

void log_compressor_begin(struct log_compressor *c)
{
	struct error err;

	if (!c->worker || log_compressor_is_busy(c))
		return;
	c->in = open_next(c);
	if (c->in < 0)
		return;
	c->out = open_scratch(c);
	if (c->out >= 0 && start_worker(c, &err))
		return;
	log_debug("a log is not compressed", "file=%s", c->name);
	close_fd(&c->in);
	close_fd(&c->out);
}

bool log_compressor_is_busy(const struct log_compressor *c)
{
	return c->done.fd >= 0;
}

/* ---- life ---- */

void log_compressor_none(struct log_compressor *c)
{
	*c = (struct log_compressor){.folder = -1, .done = {.fd = -1}, .in = -1, .out = -1};
}

void log_compressor_open(struct log_compressor *c, const char *worker, int folder, const char *name,
			 int64_t max_files)
{
	c->worker = str_dup(worker);
	c->name = str_dup(name);
	c->folder = folder;
	c->max_files = max_files;
	log_compressor_begin(c); /* what a shim before us could not end */
}
