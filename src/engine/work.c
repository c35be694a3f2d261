#include "engine/work.h"

static void run(uv_work_t *uv)
{
	struct work *work = container_of(uv, struct work, uv);

	work->run(work);
}

static void after(uv_work_t *uv, int status)
{
	struct work *work = container_of(uv, struct work, uv);
	struct engine *engine = work->engine;

	(void)status;
	work->done(work, engine->closing);
	engine_unref(engine);
}

void work_begin(struct work *work, struct engine *engine, void (*begin)(struct work *work),
		void (*done)(struct work *work, bool closing))
{
	work->engine = engine_ref(engine);
	work->run = begin;
	work->done = done;
	uv_queue_work(engine->parts.loop, &work->uv, run, after);
}
