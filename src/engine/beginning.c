/* Two rounds over all containers, some of them in each turn of the loop: their records are understood, then
 * what is left of their runs is looked at.  Nothing is done to anything in them.  What follows from it happens
 * in one turn at the end, so that no answer of one shim meets an engine that does not know the others yet. */
#include "engine/beginning.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/adopt.h"
#include "engine/keeper.h"
#include "engine/link.h"
#include "format/json.h"

#include <unistd.h>

enum { A_TURN = 16 };

struct record_size {
	size_t key, value;
};

struct beginning {
	struct engine *engine;
	uv_idle_t turn;
	struct buffer records; /* of each: its sizes, key, value */
	size_t read;	       /* bytes of them that are understood */
	struct {
		struct found_run *items;
		size_t count, capacity;
	} found;       /* the oldest first, once all are read */
	size_t looked; /* how many of them, from the end */
	void (*begun)(void *data, const struct error *err);
	void *data;
};

/* ---- copying ---- */

static bool copy_record(void *data, const char *key, const void *value, size_t size)
{
	struct beginning *b = data;
	const struct record_size sizes = {strlen(key) + 1, size};

	buffer_add(&b->records, &sizes, sizeof(sizes));
	buffer_add(&b->records, key, sizes.key);
	buffer_add(&b->records, value, size);
	return true;
}

bool beginning_open(struct engine *engine, struct error *err)
{
	struct beginning *b = engine->beginning = mem_new(struct beginning);

	b->engine = engine;
	uv_idle_init(engine->parts.loop, &b->turn);
	b->turn.data = b;
	return store_each(engine->parts.store, "container/", copy_record, b, err);
}

static void free_beginning(uv_handle_t *turn)
{
	struct beginning *b = turn->data;

	buffer_fini(&b->records);
	for (size_t i = 0; i < b->found.count; i++)
		close_fd(&b->found.items[i].control);
	vector_fini(&b->found);
	free(b);
}

static void end(struct beginning *b)
{
	b->engine->beginning = NULL;
	uv_close((uv_handle_t *)&b->turn, free_beginning);
}

void beginning_drop(struct engine *engine)
{
	struct beginning *b = engine->beginning;

	if (!b)
		return;
	for (size_t i = 0; i < b->found.count && b->read < b->records.size; i++)
		container_unref(b->found.items[i].container); /* the engine does not have it yet */
	end(b);
}

/* ---- reading ---- */

static bool read_container(struct container *c, const void *value, size_t size, struct error *err)
{
	json_t *json = json_parse(value, size, err);
	bool ok = json && record_from_json(&container_type, json, RECORD_FOR_STORE, c, err);

	json_decref(json);
	if (ok && (!c->id || !c->name || c->state < 0 || c->state > CONTAINER_DEAD))
		return error_set(err, ERROR_SYSTEM, "it has no id, name or state");
	return ok;
}

static bool read_record(struct beginning *b, struct error *err)
{
	struct found_run found = {.container = container_new(b->engine), .control = -1};
	const char *at = b->records.data + b->read;
	struct record_size sizes;

	memcpy(&sizes, at, sizeof(sizes));
	at += sizeof(sizes);
	if (!read_container(found.container, at + sizes.key, sizes.value, err)) {
		container_unref(found.container);
		return error_prefix(err, "cannot understand the record '%s'", at);
	}
	vector_add(&b->found, found);
	b->read += sizeof(sizes) + sizes.key + sizes.value;
	return true;
}

static int by_age(const void *left, const void *right)
{
	const struct container *a = ((const struct found_run *)left)->container;
	const struct container *b = ((const struct found_run *)right)->container;

	return (a->created_ns > b->created_ns) - (a->created_ns < b->created_ns);
}

static void take_image(struct container *c)
{
	struct image_store *images = c->engine->parts.images;
	struct image *image = image_by_id(images, c->image_id);
	struct error err;

	if (image && image_lease(images, image, &err))
		c->image = image;
	else if (image)
		log_warning("a container's image cannot be used", &err, "id=%s", c->id);
	else
		log_warning("a container's image is missing", NULL, "id=%s image=%s", c->id,
			    c->image_id);
}

/* A container is recorded before its volumes are made: where they are is seen in them. */
static void take_volumes(struct container *c)
{
	for (size_t i = 0; i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);
		struct volume *volume = NULL;

		if (str_equal(mount->type, "volume"))
			volume = volumes_find(c->engine->parts.volumes, mount->name,
					      &(struct error){0});
		if (!volume)
			continue;
		volume_use(volume, c->id);
		str_replace(&mount->source, volume_path(volume));
	}
}

static void add_all(struct beginning *b)
{
	if (b->found.count > 1)
		qsort(b->found.items, b->found.count, sizeof(*b->found.items), by_age);
	for (size_t i = 0; i < b->found.count; i++) {
		struct container *c = b->found.items[i].container;

		engine_add(b->engine, c);
		take_image(c);
		take_volumes(c);
	}
	links_rename(b->engine);
	boot_open(b->engine);
	buffer_fini(&b->records);
	b->read = 0;
}

/* ---- in turns ---- */

static void take_back(struct beginning *b)
{
	adopt_begin(b->engine);
	for (size_t i = b->found.count; i-- > 0;)
		adopt_found(&b->found.items[i]);
	adopt_rest(b->engine);
	keeper_adopt(b->engine);
}

static bool go_on(struct beginning *b, struct error *err)
{
	bool reading = b->read < b->records.size;

	for (int i = 0; i < A_TURN && b->read < b->records.size; i++)
		if (!read_record(b, err))
			return false;
	if (reading && b->read == b->records.size)
		add_all(b);
	for (int i = 0; i < A_TURN && !reading && b->looked < b->found.count; i++)
		adopt_look(&b->found.items[b->found.count - ++b->looked]);
	return true;
}

static bool is_over(const struct beginning *b)
{
	return b->read == b->records.size && b->looked == b->found.count;
}

static void take_turn(uv_idle_t *turn)
{
	struct beginning *b = turn->data;
	void (*begun)(void *, const struct error *) = b->begun;
	void *data = b->data;
	struct error err;
	bool good = go_on(b, &err);

	if (good && !is_over(b))
		return;
	if (good)
		take_back(b);
	else
		beginning_drop(b->engine);
	if (good)
		end(b);
	begun(data, good ? NULL : &err);
}

void engine_begin(struct engine *engine, void (*begun)(void *data, const struct error *err),
		  void *data)
{
	struct beginning *b = engine->beginning;

	b->begun = begun;
	b->data = data;
	if (b->records.size == 0)
		add_all(b);
	uv_idle_start(&b->turn, take_turn);
}
