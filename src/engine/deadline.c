#include "engine/deadline.h"

#include "base/memory.h"

struct deadline {
	uv_timer_t timer;
	void (*due)(void *data);
	void *data;
};

static void free_deadline(uv_handle_t *handle)
{
	free(container_of(handle, struct deadline, timer));
}

static void on_due(uv_timer_t *timer)
{
	struct deadline *deadline = container_of(timer, struct deadline, timer);

	uv_close((uv_handle_t *)timer, free_deadline);
	deadline->due(deadline->data);
}

struct deadline *deadline_start(uv_loop_t *loop, uint64_t after_ms, void (*due)(void *data),
				void *data)
{
	struct deadline *deadline = mem_new(struct deadline);

	deadline->due = due;
	deadline->data = data;
	uv_timer_init(loop, &deadline->timer);
	uv_timer_start(&deadline->timer, on_due, after_ms, 0);
	return deadline;
}

void deadline_cancel(struct deadline **deadline)
{
	if (*deadline)
		uv_close((uv_handle_t *)&(*deadline)->timer, free_deadline);
	*deadline = NULL;
}
