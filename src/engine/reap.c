#include "engine/engine_private.h"

#include "base/memory.h"

#include <sys/wait.h>

struct child {
	struct link link;
	uv_poll_t poll;
	int pidfd;
};

static void free_child(uv_handle_t *handle)
{
	struct child *child = handle->data;

	close_fd(&child->pidfd);
	free(child);
}

static void drop(struct child *child)
{
	list_remove(&child->link);
	uv_close((uv_handle_t *)&child->poll, free_child);
}

static void on_exit_readable(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;

	(void)status;
	(void)events;
	waitid(P_PIDFD, (id_t)child->pidfd, &(siginfo_t){0}, WEXITED | WNOHANG);
	drop(child);
}

void child_reap(struct engine *engine, int pidfd)
{
	struct child *child = mem_new(struct child);

	child->pidfd = pidfd;
	uv_poll_init(engine->parts.loop, &child->poll, pidfd);
	child->poll.data = child;
	list_append(&engine->children, &child->link);
	uv_poll_start(&child->poll, UV_READABLE, on_exit_readable);
}

void children_drop(struct engine *engine)
{
	list_each(item, &engine->children) drop(container_of(item, struct child, link));
}
