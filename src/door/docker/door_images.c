/* Images that are here: list, inspect, history, tag, remove, prune. */
#include "base/time.h"
#include "door/docker/door_state.h"
#include "door/docker/handlers.h"
#include "door/docker/image_events.h"
#include "door/docker/image_view.h"
#include "format/reference.h"

static struct image_store *images_of(const struct call *call)
{
	return call_parts(call)->images;
}

/* The image that the first argument names.  NULL: there is none, and that was answered. */
static struct image *find(struct call *call)
{
	struct error err;
	struct image *image = image_find(images_of(call), call->arguments[0], &err);

	if (!image)
		call_fail(call, &err);
	return image;
}

/* ---- list ---- */

/* Below 1.41 `filter` is a name. */
static bool passes_old_filter(const struct call *call, const struct image *image)
{
	const char *pattern = call->minor < 41 ? call_query(call, "filter") : NULL;

	for (size_t i = 0; pattern && i < image->tags.count; i++)
		if (image_name_matches(pattern, image->tags.items[i]))
			return true;
	return str_is_empty(pattern);
}

static void write_list(struct call *call, const struct image_query *query, struct buffer *json)
{
	size_t count;
	struct image *const *all = image_all(images_of(call), &count);
	struct image_view_options options = {
		.minor = call->minor,
		.shared_size = call->minor >= 42 && call_query_bool(call, "shared-size"),
		.containers = -1,
		.filters = &query->filters,
	};

	buffer_add_char(json, '[');
	for (size_t i = 0; i < count; i++) {
		if (!call_query_bool(call, "all") && image_is_intermediate(all[i]))
			continue;
		if (!image_query_match(query, all[i]) || !passes_old_filter(call, all[i]))
			continue;
		if (json->size > 1)
			buffer_add_char(json, ',');
		image_view_list_item(images_of(call), all[i], &options, json);
	}
	buffer_add_char(json, ']');
}

void serve_image_list(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	struct image_query query;
	struct error err;

	if (!image_query_parse(images_of(call), call_query(call, "filters"), time_now_ns(), &query,
			       &err)) {
		call_fail(call, &err);
		return;
	}
	write_list(call, &query, &json);
	image_query_fini(&query);
	call_answer_json(call, 200, &json);
}

/* ---- inspect, history ---- */

void serve_image_inspect(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	struct image *image = find(call);

	if (!image)
		return;
	image_view_inspect(images_of(call), call_door(call)->data_root, image, call->minor, &json);
	call_answer_json(call, 200, &json);
}

void serve_image_history(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	struct image *image = find(call);

	if (!image)
		return;
	image_view_history(image, &json);
	call_answer_json(call, 200, &json);
}

/* ---- tag ---- */

struct tagging {
	struct call *call;
	char *id, *name;
};

static void tagging_free(void *data)
{
	struct tagging *tagging = data;

	free(tagging->id);
	free(tagging->name);
	free(tagging);
}

static void on_tagged(void *data, const struct error *err)
{
	struct tagging *tagging = data;
	struct call *call = tagging->call;

	if (!err)
		image_event_publish(call_engine(call), "tag", tagging->id, tagging->name);
	if (call_is_open(call))
		call_answer(call, 201, err);
	call_drop(call);
}

/* repo and tag, which may be empty, to one name in its short form. */
static char *target_name(const struct call *call, struct error *err)
{
	const char *repository = call_query(call, "repo"), *tag = call_query(call, "tag");
	scoped_free char *text =
		str_format("%s%s%s", repository ? repository : "", str_is_empty(tag) ? "" : ":",
			   str_is_empty(tag) ? "" : tag);
	scoped_reference struct reference ref = {0};

	if (!reference_parse(text, &ref, err))
		return NULL;
	reference_add_default_tag(&ref);
	return reference_familiar(&ref);
}

void serve_image_tag(struct call *call)
{
	struct error err;
	struct image *image = find(call);

	if (!image)
		return;
	char *name = target_name(call, &err);
	if (!name) {
		error_prefix(&err, "error parsing reference: \"%s\" is not a valid repository/tag",
			     call_query(call, "repo") ? call_query(call, "repo") : "");
		call_fail(call, &err);
		return;
	}
	struct tagging *tagging = mem_new(struct tagging);
	*tagging = (struct tagging){call_hold(call), str_dup(image->id), name};
	call->state = tagging;
	call->fini = tagging_free;
	if (image_tag(images_of(call), image, name, on_tagged, tagging, &err))
		return;
	on_tagged(tagging, &err);
}

/* ---- remove, prune ---- */

/* What image_remove and image_prune changed, until the disk has it. */
struct removing {
	struct call *call;
	struct image_changes changes;
	bool is_prune;
};

static void write_changes(const struct image_changes *changes, struct buffer *json)
{
	buffer_add_char(json, '[');
	for (size_t i = 0; i < changes->count; i++) {
		buffer_add_text(json, i ? ",{" : "{");
		json_write_name(json, changes->items[i].deleted ? "Deleted" : "Untagged");
		json_write_string(json, changes->items[i].name);
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
}

static void answer_removed(struct removing *removing)
{
	scoped_buffer struct buffer json = {0};
	const struct image_changes *changes = &removing->changes;

	if (!removing->is_prune) {
		write_changes(changes, &json);
	} else {
		buffer_add_text(&json, "{\"ImagesDeleted\":");
		if (changes->count)
			write_changes(changes, &json);
		else
			buffer_add_text(&json, "null");
		buffer_format(&json, ",\"SpaceReclaimed\":%lld}", (long long)changes->reclaimed);
	}
	call_answer_json(removing->call, 200, &json);
}

static void publish_prune(struct engine *engine, int64_t reclaimed)
{
	scoped_pairs struct pairs attributes = {0};
	scoped_free char *bytes = str_format("%lld", (long long)reclaimed);

	pairs_set(&attributes, "reclaimed", bytes);
	engine_publish(engine, EVENT_IMAGE, "prune", "", &attributes);
}

static void publish_removed(struct removing *removing)
{
	struct engine *engine = call_engine(removing->call);
	const struct image_changes *changes = &removing->changes;

	for (size_t i = 0; i < changes->count; i++)
		image_event_publish(engine, changes->items[i].deleted ? "delete" : "untag",
				    changes->items[i].name, changes->items[i].name);
	if (removing->is_prune)
		publish_prune(engine, changes->reclaimed);
}

static void on_removed(void *data, const struct error *err)
{
	struct removing *removing = data;
	struct call *call = removing->call;

	if (removing->is_prune)
		engine_end_prune(call_engine(call), PRUNE_IMAGES);
	if (!err)
		publish_removed(removing);
	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		answer_removed(removing);
	call_drop(call);
}

static void removing_free(void *data)
{
	struct removing *removing = data;

	image_changes_fini(&removing->changes);
	free(removing);
}

static struct removing *removing_new(struct call *call, bool is_prune)
{
	struct removing *removing = mem_new(struct removing);

	*removing = (struct removing){.call = call_hold(call), .is_prune = is_prune};
	call->state = removing;
	call->fini = removing_free;
	return removing;
}

void serve_image_remove(struct call *call)
{
	struct image_remove_options options = {
		.force = call_query_bool(call, "force"),
		.no_prune = call_query_bool(call, "noprune"),
	};
	struct removing *removing = removing_new(call, false);
	struct error err;

	if (!image_remove(images_of(call), call->arguments[0], &options, &removing->changes,
			  on_removed, removing, &err))
		on_removed(removing, &err);
}

static bool read_prune_filter(const struct call *call, struct image_prune_filter *out,
			      struct error *err)
{
	scoped_filters struct filters filters = {0};
	bool dangling = true;

	if (!filters_parse(call_query(call, "filters"), &filters, err) ||
	    !filters_check(&filters, "dangling label label! until", err) ||
	    !filters_bool(&filters, "dangling", &dangling, err))
		return false;
	const struct strings *yes = filters_values(&filters, "label");
	const struct strings *no = filters_values(&filters, "label!");
	const struct strings *until = filters_values(&filters, "until");
	*out = (struct image_prune_filter){.all = !dangling};
	if (until && until->count &&
	    !moment_parse(until->items[0], time_now_ns(), &out->until_ns, err))
		return false;
	out->labels = yes ? strings_copy(yes) : (struct strings){0};
	out->labels_not = no ? strings_copy(no) : (struct strings){0};
	return true;
}

void serve_image_prune(struct call *call)
{
	struct image_prune_filter filter;
	struct error err;

	if (!read_prune_filter(call, &filter, &err)) {
		call_fail(call, &err);
		return;
	}
	if (engine_begin_prune(call_engine(call), PRUNE_IMAGES, &err)) {
		struct removing *removing = removing_new(call, true);

		image_prune(images_of(call), &filter, &removing->changes, on_removed, removing);
	} else {
		call_fail(call, &err);
	}
	strings_fini(&filter.labels);
	strings_fini(&filter.labels_not);
}
