/* The folders of a container that is being made, and the files that it brings, by another thread. */
#include "engine/create_private.h"

#include "base/id.h"
#include "base/memory.h"
#include "engine/container_files.h"
#include "engine/work.h"
#include "os/file.h"

#include <sys/stat.h>

struct create_work {
	struct work work;
	struct operation *op;
	char *id;
	int containers;		  /* borrowed descriptor */
	struct strings sources;	  /* of bind mounts that must exist */
	struct record_list files; /* the container's own, meanwhile */
	bool ok;
	struct error err;
};

static bool check_sources(struct create_work *w)
{
	struct stat st;

	for (size_t i = 0; i < w->sources.count; i++)
		if (stat(w->sources.items[i], &st) != 0)
			return error_set(&w->err, ERROR_INVALID,
					 "invalid mount config for type \"bind\": bind source path "
					 "does not exist: %s",
					 w->sources.items[i]);
	return true;
}

/* "upper" is what the root of the container looks like. */
static bool make_folders(struct create_work *w)
{
	static const char *const names[] = {"%s", "%s/upper", "%s/work"};
	static const mode_t modes[] = {0710, 0755, 0700};

	for (size_t i = 0; i < array_length(names); i++) {
		char path[ID_SIZE + 16];

		snprintf(path, sizeof(path), names[i], w->id);
		if (mkdirat(w->containers, path, modes[i]) != 0)
			return error_errno(&w->err, "cannot make '%s'", path);
	}
	return true;
}

static bool write_files(struct create_work *w)
{
	scoped_fd int folder = folder_open(w->containers, w->id, &w->err);

	return folder >= 0 && container_files_write(folder, &w->files, &w->err);
}

static void prepare(struct work *work)
{
	struct create_work *w = container_of(work, struct create_work, work);

	w->ok = check_sources(w) && make_folders(w) && write_files(w);
}

/* What they hold is with the thread alone: the container has either nothing or their digests. */
static void take_files(struct container *c, struct record_list *out)
{
	if (!c->extension)
		return;
	*out = c->extension->files;
	c->extension->files = (struct record_list){0};
}

static void give_files(struct container *c, struct record_list *files)
{
	if (!c->extension)
		return;
	c->extension->files = *files;
	*files = (struct record_list){0};
}

static void prepared(struct work *work, bool closing)
{
	struct create_work *w = container_of(work, struct create_work, work);

	if (!closing && w->ok) {
		give_files(w->op->container, &w->files);
		create_record(w->op);
	} else if (!closing) {
		struct operation *op = w->op;

		create_undo(op);
		operation_finish(op, &w->err);
	}
	strings_fini(&w->sources);
	record_list_fini(&container_file_type, &w->files);
	free(w->id);
	free(w);
}

void create_begin_folders(struct operation *op)
{
	struct create_work *w = mem_new(struct create_work);
	struct container *c = op->container;

	w->op = op;
	w->id = str_dup(c->id);
	w->containers = op->engine->containers;
	take_files(c, &w->files);
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "bind") && mount->from_mounts && !mount->make_source)
			strings_add(&w->sources, mount->source);
	}
	work_begin(&w->work, op->engine, prepare, prepared);
}
