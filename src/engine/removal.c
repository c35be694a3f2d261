/* Folders on their way out.  A container may have written millions of files, so another thread
 * removes them, and never more than two do: creates need threads, too. */
#include "base/log.h"
#include "base/memory.h"
#include "engine/work.h"
#include "os/file.h"

#define AT_ONCE 2

struct removal {
	struct link link;
	struct work work;
	int containers; /* borrowed descriptor */
	char *name;
	bool ok;
	struct error err;
};

static void remove_tree(struct work *work)
{
	struct removal *removal = container_of(work, struct removal, work);

	removal->ok = tree_remove(removal->containers, removal->name, &removal->err);
}

static void free_removal(struct removal *removal)
{
	free(removal->name);
	free(removal);
}

static void begin_next(struct engine *engine);

static void on_removed(struct work *work, bool closing)
{
	struct removal *removal = container_of(work, struct removal, work);
	struct engine *engine = work->engine;

	if (!removal->ok)
		log_error("cannot remove a folder", &removal->err, "name=%s", removal->name);
	free_removal(removal);
	engine->removals.running--;
	if (!closing)
		begin_next(engine);
}

static void begin_next(struct engine *engine)
{
	while (engine->removals.running < AT_ONCE && !list_is_empty(&engine->removals.waiting)) {
		struct removal *removal =
			list_first(&engine->removals.waiting, struct removal, link);

		list_remove(&removal->link);
		engine->removals.running++;
		work_begin(&removal->work, engine, remove_tree, on_removed);
	}
}

void removal_add(struct engine *engine, const char *name)
{
	struct removal *removal = mem_new(struct removal);

	removal->containers = engine->containers;
	removal->name = str_dup(name);
	list_append(&engine->removals.waiting, &removal->link);
	begin_next(engine);
}

void removals_drop(struct engine *engine)
{
	while (!list_is_empty(&engine->removals.waiting)) {
		struct removal *removal =
			list_first(&engine->removals.waiting, struct removal, link);

		list_remove(&removal->link);
		free_removal(removal);
	}
}
