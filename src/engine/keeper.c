#include "engine/keeper.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/connection.h"
#include "os/file.h"
#include "shim/shim.h"

#include <fcntl.h>
#include <unistd.h>

#define FOLDER "keep" /* in the exec root */

static void on_message(void *data, struct message *message);
static void on_gone(void *data);
static const struct shim_peer_handlers handlers = {on_message, on_gone};

static int open_folder(const struct engine *engine, struct error *err)
{
	scoped_fd int root = folder_open(AT_FDCWD, engine->settings.exec_root, err);

	if (root < 0 || !folder_make(root, FOLDER, 0700, err))
		return -1;
	return folder_open(root, FOLDER, err);
}

static struct shim_peer *spawn(struct engine *engine)
{
	struct error err;
	scoped_fd int folder = open_folder(engine, &err);
	struct shim_process process;

	if (folder < 0 || !shim_spawn_keeper(engine->shim, folder, &process, &err)) {
		log_warning("waits do not outlive the daemon", &err, "folder=%s", FOLDER);
		return NULL;
	}
	return shim_peer_new(engine->parts.loop, &process, &handlers, engine);
}

static void send_wait(struct container *c, const struct shim_wait *wait, int fd, int64_t key)
{
	struct shim_kept what = {.key = key,
				 .container = c->id,
				 .removed = wait->removed,
				 .chunked = wait->chunked,
				 .code = c->exit_code};

	shim_peer_send(c->engine->keeper.peer, SHIM_KEEP, &shim_kept_type, &what, &fd, 1);
}

/* Keys of an earlier daemon are older. */
static int64_t next_key(struct engine *engine)
{
	int64_t now = time_now_ns();

	engine->keeper.key = now > engine->keeper.key ? now : engine->keeper.key + 1;
	return engine->keeper.key;
}

int64_t keeper_keep(struct container *c, const struct shim_wait *wait, int fd)
{
	int64_t key = next_key(c->engine);

	keeper_keep_again(c, wait, fd, key);
	return c->engine->keeper.peer ? key : 0;
}

void keeper_keep_again(struct container *c, const struct shim_wait *wait, int fd, int64_t key)
{
	if (!c->engine->keeper.peer)
		c->engine->keeper.peer = spawn(c->engine);
	if (c->engine->keeper.peer)
		send_wait(c, wait, fd, key);
}

void keeper_forget(struct engine *engine, int64_t key)
{
	struct shim_kept what = {.key = key};

	if (key && engine->keeper.peer && !engine->closing)
		shim_peer_send(engine->keeper.peer, SHIM_FORGET, &shim_kept_type, &what, NULL, 0);
}

/* ---- hearing it ---- */

static void take_back(struct engine *engine, const struct shim_kept *what, int fd)
{
	struct container *c = what->container ? engine_by_id(engine, what->container) : NULL;

	if (what->key > engine->keeper.key)
		engine->keeper.key = what->key;
	if (c)
		pending_take_kept(c, what, fd);
	else
		connection_answer_wait(fd, what->code, what->chunked);
	if (!c)
		keeper_forget(engine, what->key);
}

static void on_message(void *data, struct message *message)
{
	struct shim_kept what = {0};
	struct error err;

	if (message->type != SHIM_KEPT || message->fd_count != 1)
		return;
	if (record_decode(&shim_kept_type, message->data, message->size, &what, &err))
		take_back(data, &what, take_fd(message->fds[0]));
	else
		log_error("cannot understand the keeper of waits", &err, "size=%zu", message->size);
	record_fini(&shim_kept_type, &what);
}

/* It ends when it holds nothing; what it was given meanwhile is given to the next one. */
static void on_gone(void *data)
{
	struct engine *engine = data;

	engine->keeper.peer = NULL;
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		pending_keep_again(c);
}

/* ---- with the engine ---- */

void keeper_adopt(struct engine *engine)
{
	scoped_fd int root = folder_open(AT_FDCWD, engine->settings.exec_root, &(struct error){0});
	scoped_fd int folder = root < 0 ? -1 : folder_open(root, FOLDER, &(struct error){0});
	struct shim_process process = {.pidfd = -1};

	process.control = folder < 0 ? -1 : shim_connect(folder, &(struct error){0});
	if (process.control < 0)
		return;
	engine->keeper.peer = shim_peer_new(engine->parts.loop, &process, &handlers, engine);
	shim_peer_send(engine->keeper.peer, SHIM_HELLO, NULL, NULL, NULL, 0);
}

void keeper_close(struct engine *engine)
{
	shim_peer_free(take(engine->keeper.peer));
}
