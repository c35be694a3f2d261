/* Everything is written in the order in which it can be: layers and configurations first, whose digests
 * are known, then what names them.  A layer whose files have changed is found when its last byte is out:
 * then the answer ends in the middle, which no client takes for an archive. */
#include "image/save.h"

#include "base/map.h"
#include "http/http_chunk.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "image/manifest_write.h"
#include "image/recipe.h"
#include "image/save_documents.h"
#include "image/tar_header.h"
#include "image/worker.h"
#include "os/fd.h"
#include "os/file.h"

#include <unistd.h>

#define GATHER_SIZE (256 * 1024) /* what is smaller waits for more */

struct save {
	struct worker *worker;
	struct save_start start;
	int connection;
	struct buffer out; /* gathered */
	struct map layers; /* written already, by diff id: their size, owned */
	struct map files;  /* other blobs that are written */
	struct saved_images images;
};

/* ---- bytes out ---- */

static bool flush(struct save *s, struct error *err)
{
	bool ok = http_chunk_write(s->connection, s->start.chunked, s->out.data ? s->out.data : "",
				   s->out.size, err);

	buffer_clear(&s->out);
	return ok;
}

static bool put(struct save *s, const void *bytes, size_t size, struct error *err)
{
	if (s->out.size + size < GATHER_SIZE) {
		buffer_add(&s->out, bytes, size);
		return true;
	}
	return flush(s, err) && http_chunk_write(s->connection, s->start.chunked, bytes, size, err);
}

static bool put_zeros(struct save *s, size_t size, struct error *err)
{
	static const char zeros[2 * TAR_BLOCK];

	return put(s, zeros, size, err);
}

/* ---- entries ---- */

static bool put_header(struct save *s, enum tar_type type, const char *name, int64_t size,
		       struct error *err)
{
	scoped_buffer struct buffer header = {0};
	struct tar_entry entry = {
		.type = type, .name = name, .size = size, .mode = type == TAR_FOLDER ? 0755 : 0644};

	tar_header_write(&entry, &header);
	return put(s, header.data, header.size, err);
}

static bool put_file(struct save *s, const char *name, const void *bytes, size_t size,
		     struct error *err)
{
	return put_header(s, TAR_FILE, name, (int64_t)size, err) && put(s, bytes, size, err) &&
	       put_zeros(s, tar_padding((int64_t)size), err);
}

static bool put_document(struct save *s, const char *digest, const struct buffer *bytes,
			 struct error *err)
{
	scoped_free char *name = save_blob_name(digest);

	if (map_put(&s->files, digest, s))
		return true;
	return put_file(s, name, bytes->data ? bytes->data : "", bytes->size, err);
}

/* ---- layers ---- */

struct layer_output {
	struct save *save;
	struct content_hash *hash;
};

static bool put_layer_bytes(void *data, const void *bytes, size_t size, struct error *err)
{
	struct layer_output *output = data;

	content_hash_add(output->hash, bytes, size);
	return put(output->save, bytes, size, err);
}

static bool check_layer(struct content_hash *hash, const char *diff_id, struct error *err)
{
	char found[CONTENT_DIGEST_SIZE];

	content_hash_finish(hash, found);
	return str_equal(found, diff_id) ||
	       error_set(err, ERROR_SYSTEM, "the files of layer '%s' have changed", diff_id);
}

static bool write_layer(struct save *s, const char *diff_id, const struct message *given,
			int64_t *size, struct error *err)
{
	scoped(content_hash) struct content_hash *hash = content_hash_new();
	struct layer_output output = {s, hash};
	struct recipe_sink sink = {put_layer_bytes, &output};
	scoped_free char *name = save_blob_name(diff_id);
	int folder = given->fds[0], recipe = given->fds[1];

	return recipe_size(recipe, size, err) && put_header(s, TAR_FILE, name, *size, err) &&
	       recipe_replay(recipe, folder, &sink, err) && check_layer(hash, diff_id, err) &&
	       put_zeros(s, tar_padding(*size), err);
}

static bool ask(struct save *s, const char *digest, size_t fd_count, struct message **given,
		struct error *err)
{
	struct worker_document wanted = {.digest = (char *)(uintptr_t)digest}, answer = {0};
	bool ok = worker_send(s->worker, WORKER_ASK, &worker_document_type, &wanted, err) &&
		  worker_expect(s->worker, WORKER_GIVE, &worker_document_type, &answer, given, err);

	record_fini(&worker_document_type, &answer);
	if (ok && (*given)->fd_count != fd_count)
		return error_set(err, ERROR_SYSTEM, "'%s' is not there", digest);
	return ok;
}

static bool save_layer(struct save *s, const char *diff_id, struct error *err)
{
	int64_t *size = mem_new(int64_t);
	struct message *given;

	if (map_get(&s->layers, diff_id)) {
		free(size);
		return true;
	}
	map_put(&s->layers, diff_id, size);
	return ask(s, diff_id, 2, &given, err) && write_layer(s, diff_id, given, size, err);
}

/* ---- images ---- */

static struct descriptor describe(const char *media_type, const char *digest, int64_t size)
{
	return (struct descriptor){.media_type = (char *)(uintptr_t)media_type,
				   .digest = (char *)(uintptr_t)digest,
				   .size = size};
}

static bool get_config(struct save *s, struct save_image *image, struct error *err)
{
	struct message *given;

	if (image->config.size > 0)
		return content_check(image->config.data, image->config.size, image->id, err);
	return ask(s, image->id, 1, &given, err) &&
	       file_read_fd(given->fds[0], CONFIG_SIZE_MAX, &image->config, err);
}

/* What the descriptors point to is the image's own and lives as long as this. */
static void write_manifest(struct save *s, const struct save_image *image, struct buffer *out)
{
	struct descriptor config = describe(CONFIG_OCI, image->id, (int64_t)image->config.size);
	size_t count = image->diff_ids.count;
	struct descriptor *items = mem_zeroed(count, sizeof(*items));
	struct record_list layers = {items, count};

	for (size_t i = 0; i < count; i++) {
		const char *diff_id = image->diff_ids.items[i];

		items[i] =
			describe(LAYER_OCI_TAR, diff_id, *(int64_t *)map_get(&s->layers, diff_id));
	}
	manifest_write(MANIFEST_OCI, &config, &layers, out);
	free(items);
}

static bool save_manifest(struct save *s, const struct save_image *image, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	struct saved_image saved = {
		.id = image->id, .tags = image->tags, .diff_ids = image->diff_ids};
	char digest[CONTENT_DIGEST_SIZE];

	write_manifest(s, image, &bytes);
	content_digest(bytes.data, bytes.size, digest);
	saved.manifest = describe(MANIFEST_OCI, NULL, (int64_t)bytes.size);
	saved.manifest.digest = str_dup(digest);
	vector_add(&s->images, saved);
	return put_document(s, digest, &bytes, err);
}

static bool save_image(struct save *s, struct save_image *image, struct error *err)
{
	for (size_t i = 0; i < image->diff_ids.count; i++)
		if (!save_layer(s, image->diff_ids.items[i], err))
			return false;
	return get_config(s, image, err) && put_document(s, image->id, &image->config, err) &&
	       save_manifest(s, image, err);
}

/* ---- the archive ---- */

static bool put_documents(struct save *s, struct error *err)
{
	scoped_buffer struct buffer manifest = {0}, index = {0}, repositories = {0};

	save_manifest_json(&s->images, &manifest);
	save_index_json(&s->images, &index);
	save_repositories(&s->images, &repositories);
	return put_file(s, "index.json", index.data, index.size, err) &&
	       put_file(s, "manifest.json", manifest.data, manifest.size, err) &&
	       put_file(s, "oci-layout", OCI_LAYOUT, strlen(OCI_LAYOUT), err) &&
	       (repositories.size == 0 ||
		put_file(s, "repositories", repositories.data, repositories.size, err));
}

/* Who has the end of the archive may remove the images at once, so they are held no longer by then. */
static bool let_go(struct save *s, struct error *err)
{
	struct worker_document nothing = {0};
	struct message *given;
	bool ok = worker_send(s->worker, SAVE_READ, NULL, NULL, err) &&
		  worker_expect(s->worker, WORKER_GIVE, &worker_document_type, &nothing, &given, err);

	record_fini(&worker_document_type, &nothing);
	return ok;
}

static bool write_archive(struct save *s, struct error *err)
{
	struct record_list *images = &s->start.images;

	if (!fd_write_all(s->connection, s->start.head.data, s->start.head.size, err) ||
	    !put_header(s, TAR_FOLDER, "blobs/", 0, err) ||
	    !put_header(s, TAR_FOLDER, "blobs/sha256/", 0, err))
		return false;
	for (size_t i = 0; i < images->count; i++)
		if (!save_image(s, RECORD_AT(*images, struct save_image, i), err))
			return false;
	return put_documents(s, err) && put_zeros(s, 2 * TAR_BLOCK, err) && flush(s, err) &&
	       let_go(s, err) && http_chunk_finish(s->connection, s->start.chunked, err);
}

static bool take_start(struct save *s, struct error *err)
{
	struct message *message;

	if (!worker_expect(s->worker, WORKER_START, &save_start_type, &s->start, &message, err))
		return false;
	if (message->fd_count != 1 || !s->start.head.data)
		return error_set(err, ERROR_SYSTEM, "the worker got no connection");
	s->connection = take_fd(message->fds[0]);
	return true;
}

static void save_fini(struct save *s)
{
	for (struct map_slot *slot = map_first(&s->layers); slot; slot = map_next(&s->layers, slot))
		free(slot->value);
	map_fini(&s->layers);
	map_fini(&s->files);
	for (size_t i = 0; i < s->images.count; i++)
		free(s->images.items[i].manifest.digest);
	vector_fini(&s->images);
	buffer_fini(&s->out);
	record_fini(&save_start_type, &s->start);
	close_fd(&s->connection);
}

void save_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	scoped_with(save_fini) struct save s = {.worker = &worker, .connection = -1};
	struct error err = {0};

	content_hash_prepare();
	if (!take_start(&s, &err) || !confine_to_reading(&err) || !write_archive(&s, &err))
		worker_fail(&worker, &err);
}
