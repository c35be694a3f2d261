#include "image/unpack.h"

#include "base/time.h"
#include "image/confine.h"
#include "image/layer_unpack.h"
#include "image/worker.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE	 (256 * 1024)
#define TELL_INTERVAL_NS (100 * NS_PER_MS)
#define PATIENCE_MS	 100 /* with a pipe that brings nothing */

struct unpack {
	struct worker *worker;
	struct unpack_start start;
	int root, input, recipe;
	int64_t position;
	struct unpack_more known; /* of a growing file */
	unsigned char *block;	  /* owned, BLOCK_SIZE */
	int64_t told_at;
};

/* The end of what is there: ask, and sleep until there is more. */
static bool wait_for_more(struct unpack *u, struct error *err)
{
	struct unpack_more need = {.available = u->position};
	struct message *message;

	while (!u->known.complete && u->known.available <= u->position) {
		u->known = (struct unpack_more){0};
		if (!worker_send(u->worker, UNPACK_NEED, &unpack_more_type, &need, err) ||
		    !worker_expect(u->worker, UNPACK_MORE, &unpack_more_type, &u->known, &message,
				   err))
			return false;
	}
	return true;
}

static ssize_t read_some(struct unpack *u, size_t size)
{
	ssize_t n;

	do
		n = u->start.growing ? pread(u->input, u->block, size, u->position)
				     : read(u->input, u->block, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static size_t readable(const struct unpack *u)
{
	int64_t there = u->known.available - u->position;

	return there < BLOCK_SIZE ? (size_t)there : BLOCK_SIZE;
}

static bool tell(struct unpack *u, enum worker_message what, struct error *err)
{
	struct unpack_more at = {.available = u->position};

	u->told_at = time_monotonic_ns();
	return worker_send(u->worker, what, &unpack_more_type, &at, err);
}

/* How far it is, for those who look on. */
static bool tell_position(struct unpack *u, struct error *err)
{
	return time_monotonic_ns() - u->told_at < TELL_INTERVAL_NS || tell(u, UNPACK_AT, err);
}

/* Behind it may be a client that sends slowly, or not at all: the daemon is told, so that our place is
 * another's meanwhile. */
static bool wait_for_pipe(struct unpack *u, struct error *err)
{
	struct pollfd pipe = {.fd = u->input, .events = POLLIN};

	if (poll(&pipe, 1, PATIENCE_MS) != 0)
		return true;
	if (!tell(u, UNPACK_NEED, err))
		return false;
	poll(&pipe, 1, -1);
	return tell(u, UNPACK_AT, err);
}

static ssize_t next_block(void *data, const void **block, struct error *err)
{
	struct unpack *u = data;
	size_t size = BLOCK_SIZE;
	ssize_t n;

	if (u->start.growing) {
		if (!wait_for_more(u, err))
			return -1;
		size = readable(u);
	} else if (!wait_for_pipe(u, err)) {
		return -1;
	}
	n = size > 0 ? read_some(u, size) : 0;
	if (n < 0) {
		error_errno(err, "cannot read the layer");
		return -1;
	}
	u->position += n;
	*block = u->block;
	return tell_position(u, err) ? n : -1;
}

static bool take_start(struct unpack *u, struct error *err)
{
	struct message *message;

	if (!worker_expect(u->worker, WORKER_START, &unpack_start_type, &u->start, &message, err))
		return false;
	if (message->fd_count != 3)
		return error_set(err, ERROR_SYSTEM, "the unpacker got no folder");
	u->root = take_fd(message->fds[0]);
	u->input = take_fd(message->fds[1]);
	u->recipe = take_fd(message->fds[2]);
	u->known.available = u->start.available;
	return true;
}

/* The folder as it is now mounted, in place of the daemon's view of it. */
static bool enter_root(struct unpack *u, struct error *err)
{
	close_fd(&u->root);
	u->root = folder_open(AT_FDCWD, "/", err);
	return u->root >= 0;
}

static bool unpack(struct unpack *u, struct error *err)
{
	scoped(recipe_writer) struct recipe_writer *recipe = NULL;
	struct layer_limits limits;
	struct layer_facts facts;
	struct unpacked done;

	if (!take_start(u, err) || !confine_to_folder(u->root, err) || !enter_root(u, err))
		return false;
	recipe = recipe_writer_new(u->recipe);
	limits = (struct layer_limits){u->start.size_limit, u->start.files_limit, recipe};
	if (!layer_unpack(u->root, &(struct byte_source){next_block, u}, &limits, &facts, err))
		return false;
	done = (struct unpacked){0, facts.diff_id, facts.size, facts.recipe};
	return worker_send(u->worker, UNPACK_DONE, &unpacked_type, &done, err);
}

static void unpack_fini(struct unpack *u)
{
	close_fd(&u->root);
	close_fd(&u->input);
	close_fd(&u->recipe);
	free(u->block);
}

void unpack_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	scoped_with(unpack_fini) struct unpack u = {
		.worker = &worker, .root = -1, .input = -1, .recipe = -1};
	struct error err = {0};

	umask(0);
	content_hash_prepare();
	setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive wants it for pax names */
	u.told_at = time_monotonic_ns();
	u.block = mem_resize(NULL, BLOCK_SIZE, 1);
	if (!unpack(&u, &err))
		worker_fail(&worker, &err);
}
