/* Images: found or pulled, looked for in the cache, committed, named. */
#include "builder/builder_private.h"

#include "base/memory.h"
#include "base/time.h"
#include "format/platform.h"
#include "format/reference.h"

/* ---- RESOLVE ---- */

static bool fits(const struct image *image, const char *wanted)
{
	struct platform made =
		platform_of(image->config.os, image->config.architecture, image->config.variant);
	struct platform platform;
	struct error none;

	return str_is_empty(wanted) || !platform_parse(wanted, &platform, &none) ||
	       platform_match(&platform, &made) > 0;
}

static bool answer_found(struct build_slot *slot, struct image *image, struct error *err)
{
	if (!build_lease(slot->build, image, err))
		return false;
	slot_answer_image(slot, image, true);
	return true;
}

static void on_progress(void *data, const char *line, size_t size)
{
	struct build_slot *slot = data;
	scoped_free char *text = str_dup_n(line, size);
	struct build_text progress = {slot->number, text};

	slot_answer(slot, BUILD_PROGRESS, &build_text_type, &progress, NULL, 0);
}

static void tell_pulled(const struct build_slot *slot)
{
	scoped_pairs struct pairs attributes = {0};
	scoped_free char *name = reference_shown(slot->reference);

	pairs_set(&attributes, "name", name);
	engine_publish(slot->build->builder->engine, EVENT_IMAGE, "pull", name, &attributes);
}

static void on_pulled(void *data, const struct image_result *result, const struct error *err)
{
	struct build_slot *slot = data;
	struct error why;
	struct image *image;

	slot->job = NULL;
	if (err) {
		slot_fail(slot, err);
		return;
	}
	tell_pulled(slot);
	image = image_by_id(slot->build->builder->images, result->id);
	if (!image)
		error_set(&why, ERROR_NOT_FOUND, "No such image: %s", slot->reference);
	if (!image || !answer_found(slot, image, &why))
		slot_fail(slot, &why);
}

/* What the client has for the registry of that name. */
static const char *credential_of(const struct build *build, const char *name)
{
	scoped_reference struct reference ref = {0};
	struct error none;
	const char *found;

	if (!reference_parse(name, &ref, &none))
		return NULL;
	found = pairs_get(&build->request.credentials, ref.domain);
	if (!found && str_equal(ref.domain, REFERENCE_DEFAULT_DOMAIN))
		found = pairs_get(&build->request.credentials, "https://index.docker.io/v1/");
	return found;
}

static bool pull(struct build_slot *slot, const struct build_reference *asked, struct error *err)
{
	static const struct image_job_handlers handlers = {on_progress, on_pulled};
	struct image_pull_request request = {
		.reference = asked->reference,
		.platform = asked->platform,
		.auth = credential_of(slot->build, asked->reference),
	};

	str_replace(&slot->reference, asked->reference);
	slot->job = image_pull(slot->build->builder->images, &request, &handlers, slot, err);
	return slot->job != NULL;
}

/* "ada" is a name, though the id of an image here may begin so; twelve digits are what a build shows. */
static struct image *find_named(struct image_store *images, const char *reference,
				struct error *err)
{
	size_t length = strlen(reference);
	scoped_free char *name = length < 12 && strspn(reference, "0123456789abcdef") == length
					 ? str_format("%s:latest", reference)
					 : str_dup(reference);

	return image_find(images, name, err);
}

static bool resolve(struct build_slot *slot, const struct build_reference *asked, struct error *err)
{
	struct image_store *images = slot->build->builder->images;
	struct error none;
	struct image *image;

	if (str_is_empty(asked->reference))
		return error_set(err, ERROR_INVALID, "invalid reference format");
	image = find_named(images, asked->reference, &none);
	if (!image && none.kind == ERROR_INVALID) {
		*err = none;
		return false;
	}
	/* An image that was named by its id is nowhere else. */
	if (image && fits(image, asked->platform) &&
	    (!asked->pull || str_starts_with(asked->reference, "sha256:")))
		return answer_found(slot, image, err);
	return pull(slot, asked, err);
}

bool build_serve_resolve(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_reference asked = {0};
	bool ok = record_decode(&build_reference_type, message->data, message->size, &asked, err) &&
		  resolve(slot, &asked, err);

	record_fini(&build_reference_type, &asked);
	return ok;
}

/* ---- FIND ---- */

static struct image *find_child(struct image_store *images, const struct image *parent,
				const char *key)
{
	size_t count;
	scoped_free struct image **children = image_children(images, parent, &count);

	for (size_t i = 0; i < count; i++)
		if (children[i]->step_key && str_equal(children[i]->step_key, key))
			return children[i];
	return NULL;
}

/* ---- --cache-from ---- */

static const struct image_history *history_at(const struct image *image, size_t index)
{
	return RECORD_AT(image->config.history, struct image_history, index);
}

static bool lines_equal(const struct image_history *a, const struct image_history *b)
{
	return str_equal(a->created_by, b->created_by) && a->empty_layer == b->empty_layer;
}

/* Whether `image` was made on top of what `parent` is (NULL: nothing). */
static bool stands_on(const struct image *image, const struct image *parent)
{
	size_t lines = parent ? parent->config.history.count : 0;
	size_t layers = parent ? parent->config.diff_ids.count : 0;

	if (image->config.history.count <= lines || image->config.diff_ids.count < layers)
		return false;
	for (size_t i = 0; i < layers; i++)
		if (!str_equal(image->config.diff_ids.items[i], parent->config.diff_ids.items[i]))
			return false;
	for (size_t i = 0; i < lines; i++)
		if (!lines_equal(history_at(image, i), history_at(parent, i)))
			return false;
	return true;
}

/* The image among those of --cache-from whose next line is this step. */
static struct image *find_like(const struct build *build, const struct image *parent,
			       const struct build_commit *step)
{
	size_t line = parent ? parent->config.history.count : 0;
	struct error none;

	for (size_t i = 0; i < build->request.cache_from.count; i++) {
		struct image *image = image_find(build->builder->images,
						 build->request.cache_from.items[i], &none);

		if (image && stands_on(image, parent) &&
		    str_equal(history_at(image, line)->created_by, step->created_by))
			return image;
	}
	return NULL;
}

static void on_taken_over(void *data, struct image *image, const struct error *err)
{
	struct build_slot *slot = data;

	slot_answer_image(slot, err ? NULL : image, false); /* what fails is made anew */
}

/* The same step as an image of ours: its layer, where it has one, with the step's own configuration. */
static bool take_over(struct build_slot *slot, const struct image *like, const struct image *parent,
		      const struct build_commit *step, struct error *err)
{
	size_t line = parent ? parent->config.history.count : 0;
	size_t layers = parent ? parent->config.diff_ids.count : 0;
	struct slot_commit how = {0};

	if (!history_at(like, line)->empty_layer && layers < like->config.diff_ids.count)
		how.layer = like->config.diff_ids.items[layers];
	return slot_commit(slot, step, &how, on_taken_over, slot, err);
}

static bool find(struct build_slot *slot, const struct build_commit *step, struct error *err)
{
	struct build *build = slot->build;
	struct image *parent = NULL, *child, *like;
	struct error gone;

	if (!str_is_empty(step->parent) && !(parent = build_image(build, step->parent, err)))
		return false;
	child = step->key ? find_child(build->builder->images, parent, step->key) : NULL;
	if (child && !build_lease(build, child, &gone))
		child = NULL; /* its layers are gone: the step makes them again */
	like = child ? NULL : find_like(build, parent, step);
	if (like && take_over(slot, like, parent, step, &gone))
		return true;
	slot_answer_image(slot, child, false);
	return true;
}

bool build_serve_find(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_find asked = {0};
	bool ok = record_decode(&build_find_type, message->data, message->size, &asked, err) &&
		  find(slot, &asked.commit, err);

	record_fini(&build_find_type, &asked);
	return ok;
}

/* ---- COMMIT ---- */

static void on_committed(void *data, const struct image_result *result, const struct error *err)
{
	struct build_slot *slot = data;
	struct image *image;
	struct error why;

	slot->job = NULL;
	image = err ? NULL : build_image(slot->build, result->id, &why);
	slot->committed(slot->committed_data, image, image ? NULL : err ? err : &why);
}

static void fill_config(const struct build_commit *asked, const struct image *base,
			const char *created, struct image_config *out)
{
	if (base)
		record_copy(&image_config_type, &base->config, out);
	else {
		out->os = str_dup(str_is_empty(asked->os) ? platform_host().os : asked->os);
		out->architecture =
			str_dup(str_is_empty(asked->architecture) ? platform_host().architecture
								  : asked->architecture);
		out->variant = str_dup_or_null(asked->variant);
	}
	record_fini(&image_defaults_type, &out->defaults);
	record_copy(&image_defaults_type, &asked->defaults, &out->defaults);
	str_replace(&out->created, created);
	str_replace(&out->comment, NULL);
	if (!str_is_empty(asked->author))
		str_replace(&out->author, asked->author);
}

bool slot_commit(struct build_slot *slot, const struct build_commit *asked,
		 const struct slot_commit *how, build_committed *done, void *data,
		 struct error *err)
{
	static const struct image_job_handlers handlers = {NULL, on_committed};
	struct image_store *images = slot->build->builder->images;
	scoped_image_config struct image_config config = {0};
	struct image *base = NULL;
	char created[TIME_TEXT_SIZE];
	struct image_history line = {
		.created = created, .created_by = asked->created_by, .author = asked->author};
	struct image_commit_request request = {.config = &config,
					       .line = &line,
					       .changes = how->changes,
					       .layer = how->layer,
					       .take = how->take,
					       .step_key = asked->key};

	if (!str_is_empty(asked->parent) && !(base = build_image(slot->build, asked->parent, err)))
		return false;
	time_to_text(time_now_ns(), created);
	fill_config(asked, base, created, &config);
	request.base = base;
	slot->committed = done;
	slot->committed_data = data;
	slot->job = image_commit(images, &request, &handlers, slot, err);
	return slot->job != NULL;
}

static void on_step_committed(void *data, struct image *image, const struct error *err)
{
	struct build_slot *slot = data;

	if (err)
		slot_fail(slot, err);
	else
		slot_answer_image(slot, image, false);
}

static bool commit(struct build_slot *slot, const struct build_commit *asked, struct error *err)
{
	scoped_free char *layer = take(slot->layer);
	scoped_free char *changes = NULL;
	struct slot_commit how = {.take = true};

	if (asked->has_layer && !layer)
		return error_set(err, ERROR_SYSTEM, "there is no layer to commit");
	if (asked->has_layer)
		changes = str_format("builds/%s/%s/upper", slot->build->id, layer);
	how.changes = changes;
	return slot_commit(slot, asked, &how, on_step_committed, slot, err);
}

bool build_serve_commit(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_commit asked = {0};
	bool ok = record_decode(&build_commit_type, message->data, message->size, &asked, err) &&
		  commit(slot, &asked, err);

	record_fini(&build_commit_type, &asked);
	return ok;
}

/* ---- TAG ---- */

static void tell_tagged(const struct build_slot *slot, const char *name)
{
	scoped_pairs struct pairs attributes = {0};
	scoped_free char *shown = reference_shown(name);

	pairs_set(&attributes, "name", shown);
	engine_publish(slot->build->builder->engine, EVENT_IMAGE, "tag", slot->image->id,
		       &attributes);
}

/* It has the name already: nothing is written. */
static bool is_tagged(const struct build_slot *slot, const char *name)
{
	scoped_free char *shown = reference_shown(name);

	return strings_contain(&slot->image->tags, shown);
}

/* A tag is written whether or not the build is still there. */
struct tagging {
	struct builder *builder;
	char build[ID_SIZE];
	int32_t number;
};

static struct build_slot *slot_again(const struct tagging *tagging)
{
	list_each(item, &tagging->builder->builds)
	{
		struct build *build = container_of(item, struct build, link);

		if (strcmp(build->id, tagging->build) == 0)
			return build->slots.items[tagging->number];
	}
	return NULL;
}

static bool tag_next(struct build_slot *slot, struct error *err);

static void on_tagged(void *data, const struct error *err)
{
	struct tagging *tagging = data;
	struct build_slot *slot = slot_again(tagging);
	struct error why;

	free(tagging);
	if (!slot)
		return;
	if (err) {
		slot_fail(slot, err);
		return;
	}
	tell_tagged(slot, slot->names.items[0]);
	strings_remove(&slot->names, 0);
	if (!tag_next(slot, &why))
		slot_fail(slot, &why);
}

static bool tag_next(struct build_slot *slot, struct error *err)
{
	struct build *build = slot->build;
	struct tagging *tagging;

	while (slot->names.count > 0 && is_tagged(slot, slot->names.items[0])) {
		tell_tagged(slot, slot->names.items[0]);
		strings_remove(&slot->names, 0);
	}
	if (slot->names.count == 0) {
		slot_answer_image(slot, slot->image, false);
		return true;
	}
	tagging = mem_new(struct tagging);
	tagging->builder = build->builder;
	memcpy(tagging->build, build->id, ID_SIZE);
	tagging->number = slot->number;
	if (image_tag(build->builder->images, slot->image, slot->names.items[0], on_tagged, tagging,
		      err))
		return true;
	free(tagging);
	return false;
}

static bool tag(struct build_slot *slot, const struct build_tag *asked, struct error *err)
{
	/* Only names that the request itself has asked for. */
	slot->image = build_image(slot->build, asked->image, err);
	if (!slot->image)
		return false;
	strings_fini(&slot->names);
	slot->names = strings_copy(&slot->build->request.names);
	return tag_next(slot, err);
}

bool build_serve_tag(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_tag asked = {0};
	bool ok = record_decode(&build_tag_type, message->data, message->size, &asked, err) &&
		  tag(slot, &asked, err);

	record_fini(&build_tag_type, &asked);
	return ok;
}
