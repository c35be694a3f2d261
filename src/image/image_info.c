#include "image/image_store.h"

#include "base/time.h"
#include "format/sha256.h"

int image_layers_folder(const struct image_store *images)
{
	return images->layers;
}

static bool stands_higher(const struct image *image, size_t index)
{
	for (size_t i = index + 1; i < image->config.diff_ids.count; i++)
		if (image->layers[i] == image->layers[index])
			return true;
	return false;
}

struct strings image_rootfs(const struct image *image)
{
	struct strings folders = {0};

	for (size_t i = image->config.diff_ids.count; i-- > 0;)
		if (!stands_higher(image, i))
			strings_add(&folders, image->layers[i]->folder);
	return folders;
}

/* chain(0) = diff(0), chain(n) = sha256(chain(n - 1) " " diff(n)). */
void image_chain_id(const struct image *image, size_t index, char out[static IMAGE_ID_LENGTH + 1])
{
	const struct strings *ids = &image->config.diff_ids;

	snprintf(out, IMAGE_ID_LENGTH + 1, "%s", ids->items[0]);
	for (size_t i = 1; i <= index; i++) {
		scoped_free char *link = str_format("%s %s", out, ids->items[i]);

		sha256_digest(link, strlen(link), out);
	}
}

/* ---- history ---- */

static const char *text_or_nothing(const char *text)
{
	return text ? text : "";
}

static struct image_history_line read_line(const struct image_history *history)
{
	struct image_history_line line = {
		.id = "<missing>",
		.created_by = text_or_nothing(history->created_by),
		.comment = text_or_nothing(history->comment),
	};

	if (!history->created || !time_from_text(history->created, &line.created_ns))
		line.created_ns = 0;
	return line;
}

/* An image that tells no history still has its layers. */
static struct image_history_line *lines_of_layers(const struct image *image, size_t *count)
{
	struct image_history_line *lines;

	*count = image->config.diff_ids.count;
	lines = mem_zeroed(*count, sizeof(*lines));
	for (size_t i = 0; i < *count; i++)
		lines[*count - 1 - i] = (struct image_history_line){
			.id = "<missing>",
			.created_ns = image->created_ns,
			.created_by = "",
			.comment = "",
			.size = image->layers[i]->size,
		};
	return lines;
}

static struct image_history_line *lines_of_history(const struct image *image, size_t *count)
{
	const struct record_list *history = &image->config.history;
	struct image_history_line *lines = mem_zeroed(history->count, sizeof(*lines));
	size_t layer = 0;

	*count = history->count;
	for (size_t i = 0; i < history->count; i++) {
		const struct image_history *entry = RECORD_AT(*history, struct image_history, i);
		struct image_history_line *line = &lines[history->count - 1 - i];

		*line = read_line(entry);
		if (!entry->empty_layer && layer < image->config.diff_ids.count)
			line->size = image->layers[layer++]->size;
	}
	return lines;
}

struct image_history_line *image_history(const struct image *image, size_t *count)
{
	struct image_history_line *lines = image->config.history.count > 0
						   ? lines_of_history(image, count)
						   : lines_of_layers(image, count);

	if (*count > 0) {
		lines[0].id = image->id;
		lines[0].tags = &image->tags;
	}
	return lines;
}

/* ---- sizes ---- */

int64_t image_layers_size(const struct image_store *images)
{
	int64_t size = 0;

	for (struct map_slot *slot = map_first(&images->by_diff_id); slot;
	     slot = map_next(&images->by_diff_id, slot))
		size += ((struct layer *)slot->value)->size;
	return size;
}

static unsigned uses_of(const struct image *image, const struct layer *layer)
{
	unsigned uses = 0;

	for (size_t i = 0; i < image->config.diff_ids.count; i++)
		uses += image->layers[i] == layer;
	return uses;
}

int64_t image_shared_size(const struct image *image)
{
	int64_t size = 0;

	for (size_t i = 0; i < image->config.diff_ids.count; i++)
		if (image->layers[i]->users > uses_of(image, image->layers[i]))
			size += image->layers[i]->size;
	return size;
}
