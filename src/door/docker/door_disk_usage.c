/* GET /system/df.  What containers wrote is counted by the engine, volumes by a worker: both walk trees
 * of files, which may take long. */
#include "base/time.h"
#include "builder/builder.h"
#include "door/docker/container_view.h"
#include "door/docker/door_state.h"
#include "door/docker/handlers.h"
#include "door/docker/image_view.h"
#include "door/docker/volume_view.h"
#include "format/json.h"

enum part { CONTAINERS = 1, IMAGES = 2, VOLUMES = 4, BUILD_CACHE = 8, EVERYTHING = 15 };

struct disk_usage {
	struct call *call;
	unsigned parts;			    /* asked for */
	struct volume_measuring *measuring; /* NULL: it is over */
	struct pairs sizes;		    /* of the volumes */
	struct builder_job *counting;	    /* likewise, of the build cache */
	const struct builder_cache *caches; /* borrowed for the answer */
	size_t cache_count;
};

static void disk_usage_free(void *data)
{
	struct disk_usage *usage = data;

	pairs_fini(&usage->sizes);
	free(usage);
}

/* Nobody wants to know any more. */
static void on_gone(struct call *call)
{
	struct disk_usage *usage = call->state;

	if (!usage->measuring && !usage->counting)
		return;
	volumes_measure_cancel(take(usage->measuring));
	builder_job_cancel(take(usage->counting));
	call_drop(call);
}

/* ---- what is asked for ---- */

static bool read_parts(struct call *call, unsigned *parts, struct error *err)
{
	static const struct {
		const char *name;
		enum part part;
	} names[] = {
		{"container", CONTAINERS},
		{"image", IMAGES},
		{"volume", VOLUMES},
		{"build-cache", BUILD_CACHE},
	};
	scoped_strings struct strings types = http_query_values(call->request, "type");
	unsigned found = 0;

	for (size_t i = 0; call->minor >= 42 && i < types.count; i++) {
		size_t k = 0;

		while (k < array_length(names) && strcmp(names[k].name, types.items[i]) != 0)
			k++;
		if (k == array_length(names))
			return error_set(err, ERROR_INVALID, "unknown object type: %s",
					 types.items[i]);
		found |= names[k].part;
	}
	*parts = found ? found : EVERYTHING;
	return true;
}

/* ---- the answer ---- */

static int64_t count_users(struct engine *engine, const struct image *image)
{
	int64_t count = 0;

	for (const struct container *c = engine_first(engine); c; c = engine_next(c))
		count += c->image == image;
	return count;
}

static void write_images(struct call *call, struct buffer *json)
{
	struct image_store *images = call_parts(call)->images;
	struct image_view_options options = {.minor = call->minor, .shared_size = true};
	size_t count;
	struct image *const *all = image_all(images, &count);

	for (size_t i = 0; i < count; i++) {
		options.containers = count_users(call_engine(call), all[i]);
		if (i)
			buffer_add_char(json, ',');
		image_view_list_item(images, all[i], &options, json);
	}
}

static void write_containers(struct call *call, struct buffer *json)
{
	struct view_options options = {.minor = call->minor, .now_ns = time_now_ns(), .size = true};
	bool first = true;

	for (const struct container *c = engine_first(call_engine(call)); c; c = engine_next(c)) {
		if (!first)
			buffer_add_char(json, ',');
		first = false;
		container_view_list_item(c, &options, json);
	}
}

/* One that was made while we counted holds nothing yet. */
static int64_t size_of(const struct disk_usage *usage, const char *name)
{
	const char *text = pairs_get(&usage->sizes, name);
	int64_t size;

	return text && parse_i64(text, &size) ? size : 0;
}

/* What is made of something else takes no room here, and is left out, as clients expect. */
static void write_volumes(struct call *call, struct buffer *json)
{
	const struct volumes *volumes = call_parts(call)->volumes;
	bool first = true;

	for (size_t i = 0; i < volumes_count(volumes); i++) {
		const struct volume *volume = volumes_at(volumes, i);
		struct volume_usage usage = {
			.size = size_of(call->state, volume_get_spec(volume)->name),
			.references = (int64_t)volume_use_count(volume),
		};

		if (volume_needs_mount(volume))
			continue;
		if (!first)
			buffer_add_char(json, ',');
		first = false;
		volume_view_write(volume, &usage, json);
	}
}

static void write_cache(const struct builder_cache *cache, struct buffer *json)
{
	char created[TIME_TEXT_SIZE], used[TIME_TEXT_SIZE];

	if (json->data[json->size - 1] != '[')
		buffer_add_char(json, ',');
	buffer_add_char(json, '{');
	json_write_name(json, "ID");
	json_write_string(json, cache->id);
	buffer_add_text(json, ",\"Parents\":null,\"Type\":\"exec.cachemount\"");
	json_write_name(json, "Description");
	json_write_string(json, cache->about);
	buffer_format(json,
		      ",\"InUse\":%s,\"Shared\":false,\"Size\":%lld,\"CreatedAt\":\"%s\","
		      "\"LastUsedAt\":\"%s\",\"UsageCount\":1}",
		      cache->in_use ? "true" : "false", (long long)cache->size,
		      time_to_text(cache->created_ns, created), time_to_text(cache->used_ns, used));
}

static void write_caches(struct call *call, struct buffer *json)
{
	const struct disk_usage *usage = call->state;

	for (size_t i = 0; i < usage->cache_count; i++)
		write_cache(&usage->caches[i], json);
}

static void answer(struct disk_usage *usage)
{
	static const struct {
		const char *name;
		enum part part;
		void (*write)(struct call *call, struct buffer *json);
	} rows[] = {
		{"Images", IMAGES, write_images},
		{"Containers", CONTAINERS, write_containers},
		{"Volumes", VOLUMES, write_volumes},
		{"BuildCache", BUILD_CACHE, write_caches},
	};
	scoped_buffer struct buffer json = {0};
	struct call *call = usage->call;

	buffer_add_char(&json, '{');
	json_write_name(&json, "LayersSize");
	json_write_i64(&json,
		       usage->parts & IMAGES ? image_layers_size(call_parts(call)->images) : 0);
	for (size_t i = 0; i < array_length(rows); i++) {
		json_write_name(&json, rows[i].name);
		if (!(usage->parts & rows[i].part)) {
			buffer_add_text(&json, "null");
			continue;
		}
		buffer_add_char(&json, '[');
		rows[i].write(call, &json);
		buffer_add_char(&json, ']');
	}
	buffer_add_char(&json, '}');
	call_answer_json(call, 200, &json);
}

/* ---- one after the other ---- */

static void on_caches_measured(void *data, const struct builder_cache *caches, size_t count,
			       const struct error *err)
{
	struct call *call = data;
	struct disk_usage *usage = call->state;

	usage->counting = NULL;
	usage->caches = caches;
	usage->cache_count = count;
	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		answer(usage);
	call_drop(call);
}

/* Takes over the reference. */
static void begin_caches(struct disk_usage *usage)
{
	struct call *call = usage->call;
	struct error err;

	if (usage->parts & BUILD_CACHE) {
		usage->counting =
			builder_measure(call_door(call)->builder, on_caches_measured, call, &err);
		if (usage->counting)
			return;
		call_fail(call, &err);
	} else {
		answer(usage);
	}
	call_drop(call);
}

static void on_volumes_measured(void *data, const struct pairs *sizes, const struct error *err)
{
	struct call *call = data;
	struct disk_usage *usage = call->state;

	usage->measuring = NULL;
	if (sizes)
		usage->sizes = pairs_copy(sizes);
	if (call_is_open(call) && !err) {
		begin_caches(usage);
		return;
	}
	if (call_is_open(call))
		call_fail(call, err);
	call_drop(call);
}

/* Takes over the reference. */
static void begin_volumes(struct disk_usage *usage)
{
	struct call *call = usage->call;
	struct error err;

	if (usage->parts & VOLUMES) {
		usage->measuring =
			volumes_measure(call_parts(call)->volumes, on_volumes_measured, call, &err);
		if (!usage->measuring) {
			call_fail(call, &err);
			call_drop(call);
		}
		return;
	}
	begin_caches(usage);
}

static void on_containers_measured(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && !result->err) {
		begin_volumes(call->state);
		return;
	}
	if (call_is_open(call))
		call_fail(call, result->err);
	call_drop(call);
}

void serve_disk_usage(struct call *call)
{
	struct disk_usage *usage = mem_new(struct disk_usage);
	struct error err;

	usage->call = call;
	call->state = usage;
	call->fini = disk_usage_free;
	call->on_gone = on_gone;
	if (!read_parts(call, &usage->parts, &err)) {
		call_fail(call, &err);
		return;
	}
	call_hold(call);
	if (usage->parts & CONTAINERS)
		engine_measure(call_engine(call), NULL, on_containers_measured, call);
	else
		begin_volumes(usage);
}
