#include "image/image_store.h"

#include "base/time.h"
#include "format/digest.h"
#include "format/reference.h"

#define SHA256 "sha256:"

/* ---- by id ---- */

struct image *image_by_id(struct image_store *images, const char *id)
{
	return map_get(&images->images, id);
}

static struct image *visible(struct image *image)
{
	return image && !image->hidden ? image : NULL;
}

/* The only image whose id begins so; *several when there are more. */
static struct image *by_prefix(struct image_store *images, const char *hex, bool *several)
{
	struct image *found = NULL;

	*several = false;
	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot)) {
		struct image *image = visible(slot->value);

		if (!image || !str_starts_with(digest_hex(image->id), hex))
			continue;
		*several = found != NULL;
		found = image;
		if (*several)
			break;
	}
	return found;
}

static const char *hex_of(const char *text)
{
	return str_starts_with(text, SHA256) ? text + strlen(SHA256) : text;
}

static bool is_prefix(const char *hex)
{
	size_t length = strlen(hex);

	return length > 0 && length <= DIGEST_HEX_LENGTH && hex_is_lower(hex, length);
}

/* ---- by name ---- */

/* "bb" is "bb:latest"; of "bb:1@sha256:..." the digest counts. */
static struct image *by_name(struct image_store *images, struct reference *ref)
{
	scoped_free char *name = NULL;

	if (ref->digest) {
		free(take(ref->tag));
		name = reference_familiar(ref);
		return visible(map_get(&images->digests, name));
	}
	reference_add_default_tag(ref);
	name = reference_familiar(ref);
	return visible(map_get(&images->tags, name));
}

static bool no_such_image(const char *text, const struct reference *ref, struct error *err)
{
	scoped_free char *name = ref ? reference_familiar(ref) : str_dup(text);

	return error_set(err, ERROR_NOT_FOUND, "No such image: %.300s", name);
}

struct image *image_find(struct image_store *images, const char *text, struct error *err)
{
	const char *hex = hex_of(text);
	scoped_reference struct reference ref = {0};
	struct image *image = NULL;
	bool whole = strlen(hex) == DIGEST_HEX_LENGTH && is_prefix(hex), several = false;

	if (!whole && !reference_parse(text, &ref, err))
		return NULL;
	if (!whole)
		image = by_name(images, &ref);
	if (!image && is_prefix(hex))
		image = by_prefix(images, hex, &several);
	if (several)
		error_set(err, ERROR_INVALID, "multiple IDs found with provided prefix: %s", text);
	else if (!image)
		no_such_image(text, whole ? NULL : &ref, err);
	return several ? NULL : image;
}

/* ---- all ---- */

static int newer_first(const void *a, const void *b)
{
	const struct image *left = *(struct image *const *)a, *right = *(struct image *const *)b;

	if (left->created_ns != right->created_ns)
		return left->created_ns < right->created_ns ? 1 : -1;
	return strcmp(left->id, right->id);
}

static void sort(struct image_store *images)
{
	images->sorted = mem_zeroed(images->images.count + 1, sizeof(struct image *));
	images->sorted_count = 0;
	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot))
		if (visible(slot->value))
			images->sorted[images->sorted_count++] = slot->value;
	qsort(images->sorted, images->sorted_count, sizeof(struct image *), newer_first);
}

struct image *const *image_all(struct image_store *images, size_t *count)
{
	if (!images->sorted)
		sort(images);
	*count = images->sorted_count;
	return images->sorted;
}

/* An untagged image that came with its digest is dangling, too. */
bool image_is_dangling(const struct image *image)
{
	return image->tags.count == 0 && image->children == 0;
}

bool image_is_intermediate(const struct image *image)
{
	return image->tags.count == 0 && image->digests.count == 0 && image->children > 0;
}

struct image **image_children(struct image_store *images, const struct image *parent, size_t *count)
{
	size_t all_count;
	struct image *const *all = image_all(images, &all_count);
	struct image **found =
		mem_zeroed(parent ? parent->children : all_count, sizeof(struct image *));

	*count = 0;
	for (size_t i = 0; i < all_count; i++)
		if (str_equal(all[i]->parent, parent ? parent->id : NULL))
			found[(*count)++] = all[i];
	return found;
}
