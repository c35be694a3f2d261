#include "image/source_job.h"

#include "format/digest.h"

#include <fcntl.h>
#include <unistd.h>

static bool can_be_written(const struct image_store *images, const struct image *image,
			   struct error *err)
{
	for (size_t i = 0; i < image->config.diff_ids.count; i++) {
		scoped_fd int recipe = -1;

		if (!layer_recipe_open(images, image->layers[i], &recipe, err))
			return false;
	}
	return true;
}

static bool is_held(const struct leased_images *leased, const struct image *image)
{
	for (size_t i = 0; i < leased->count; i++)
		if (leased->items[i] == image)
			return true;
	return false;
}

bool leased_images_hold(struct leased_images *leased, struct image *image, struct error *err)
{
	if (is_held(leased, image))
		return true;
	if (!image_lease(leased->images, image, err))
		return false;
	vector_add(leased, image);
	return true;
}

bool leased_images_add(struct leased_images *leased, struct image *image, struct error *err)
{
	return is_held(leased, image) || (leased_images_hold(leased, image, err) &&
					  can_be_written(leased->images, image, err));
}

void leased_images_fini(struct leased_images *leased)
{
	for (size_t i = 0; i < leased->count; i++)
		image_release(leased->images, leased->items[i]);
	vector_fini(leased);
}

void image_made_config(const struct image *image, struct buffer *out)
{
	if (!strings_contain(&image->documents, image->id))
		image_config_write(&image->config, out);
}

/* ---- what workers ask for ---- */

static const struct layer *find_layer(const struct leased_images *leased, const char *diff_id)
{
	for (size_t i = 0; i < leased->count; i++) {
		const struct image *image = leased->items[i];

		for (size_t j = 0; j < image->config.diff_ids.count; j++)
			if (str_equal(image->config.diff_ids.items[j], diff_id))
				return image->layers[j];
	}
	return NULL;
}

static bool has_document(const struct leased_images *leased, const char *digest)
{
	for (size_t i = 0; i < leased->count; i++)
		if (strings_contain(&leased->items[i]->documents, digest))
			return true;
	return false;
}

static int open_layer(const struct image_store *images, const struct layer *layer,
		      struct error *err)
{
	int folder = openat(images->layers, layer->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		error_errno(err, "cannot open layer '%s'", layer->diff_id);
	return folder;
}

static int open_document(const struct image_store *images, const char *digest, struct error *err)
{
	int file = openat(images->blobs, digest_hex(digest), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (file < 0)
		error_errno(err, "cannot open blob '%s'", digest);
	return file;
}

/* A layer's folder and recipe, or a document. */
static size_t open_asked(const struct leased_images *leased, const char *digest, int fds[2],
			 struct error *err)
{
	const struct layer *layer = find_layer(leased, digest);

	if (layer) {
		fds[0] = open_layer(leased->images, layer, err);
		return fds[0] >= 0 && layer_recipe_open(leased->images, layer, &fds[1], err) ? 2
											     : 0;
	}
	if (!has_document(leased, digest))
		return error_set(err, ERROR_SYSTEM, "the worker asks for what it may not have");
	fds[0] = open_document(leased->images, digest, err);
	return fds[0] >= 0 ? 1 : 0;
}

bool leased_images_give(const struct leased_images *leased, struct worker_process *worker,
			const struct message *message, struct error *err)
{
	struct worker_document asked = {0};
	int fds[2] = {-1, -1};
	size_t count = 0;

	if (record_decode(&worker_document_type, message->data, message->size, &asked, err) &&
	    digest_check(asked.digest ? asked.digest : "", err))
		count = open_asked(leased, asked.digest, fds, err);
	if (count > 0)
		worker_process_send(worker, WORKER_GIVE, &worker_document_type, &asked, fds, count);
	close_fd(&fds[0]);
	close_fd(&fds[1]);
	record_fini(&worker_document_type, &asked);
	return count > 0;
}
