#include "engine/measure.h"

#include "base/memory.h"
#include "engine/work.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST 1024 /* folders within folders; deeper ones are not counted */

struct measuring {
	struct work work;
	struct strings ids;
	int64_t *sizes;
	int containers; /* borrowed descriptor */
	void (*done)(void *data);
	void *data;
};

static int64_t count_folder(int parent, const char *name, int depth);

static int64_t count_entry(int folder, const char *name, int depth)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return count_folder(folder, name, depth + 1);
	return S_ISREG(st.st_mode) ? st.st_size : 0;
}

/* Takes the descriptor. */
static int64_t count_open_folder(int folder, int depth)
{
	DIR *dir = fdopendir(folder);
	int64_t size = 0;

	if (!dir) {
		close(folder);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(dir));)
		if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, ".."))
			size += count_entry(folder, entry->d_name, depth);
	closedir(dir);
	return size;
}

static int64_t count_folder(int parent, const char *name, int depth)
{
	int folder = -1;

	if (depth < DEPTH_MOST)
		folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return folder < 0 ? 0 : count_open_folder(folder, depth);
}

static void count_all(struct work *work)
{
	struct measuring *m = container_of(work, struct measuring, work);

	for (size_t i = 0; i < m->ids.count; i++) {
		scoped_free char *upper = str_format("%s/upper", m->ids.items[i]);

		m->sizes[i] = count_folder(m->containers, upper, 0);
	}
}

static void counted(struct work *work, bool closing)
{
	struct measuring *m = container_of(work, struct measuring, work);

	for (size_t i = 0; i < m->ids.count && !closing; i++) {
		struct container *c = engine_by_id(work->engine, m->ids.items[i]);

		if (!c)
			continue;
		c->size_rw = m->sizes[i];
		c->size_root = m->sizes[i] + (c->image ? c->image->size : 0);
	}
	if (!closing)
		m->done(m->data);
	strings_fini(&m->ids);
	free(m->sizes);
	free(m);
}

void measure(struct engine *engine, struct strings *ids, void (*done)(void *data), void *data)
{
	struct measuring *m = mem_new(struct measuring);

	m->ids = *ids;
	*ids = (struct strings){0};
	m->sizes = mem_zeroed(m->ids.count, sizeof(*m->sizes));
	m->containers = engine->containers;
	m->done = done;
	m->data = data;
	work_begin(&m->work, engine, count_all, counted);
}

/* ---- the operation ---- */

static void measured(void *data)
{
	if (operation_check_there(data))
		operation_finish(data, NULL);
}

static void run_measure(struct operation *op)
{
	struct strings ids = {0};

	if (op->container)
		strings_add(&ids, op->container->id);
	for (struct container *c = engine_first(op->engine); c && !op->container;
	     c = engine_next(c))
		strings_add(&ids, c->id);
	measure(op->engine, &ids, measured, op);
}

void engine_measure(struct engine *engine, struct container *c, engine_done *done, void *data)
{
	operation_begin(operation_new(sizeof(struct operation), engine, c, run_measure), done,
			data);
}
