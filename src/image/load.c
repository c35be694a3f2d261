#include "image/load.h"

#include "image/archive_index.h"
#include "image/content_hash.h"
#include "image/decompress.h"
#include "image/manifest.h"
#include "image/upload.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <unistd.h>

#define FILES_SIZE_MAX (64 << 20) /* of all small files together */
#define FILES_MAX      100000
#define HEAD_SIZE      512

struct load {
	struct upload *upload;
	struct archive *tar; /* owned */
	struct byte_source plain;
	struct archive_index index;
	size_t files, files_size;
	struct error err; /* of the source, on its way through libarchive */
};

/* ---- the archive ---- */

static ssize_t feed(struct archive *tar, void *data, const void **block)
{
	struct load *load = data;
	ssize_t size = byte_source_next(&load->plain, block, &load->err);

	if (size < 0)
		archive_set_error(tar, EIO, "%s", load->err.text);
	return size;
}

static bool tar_failed(const struct load *load, struct error *err)
{
	const char *why = archive_error_string(load->tar);

	if (load->err.kind != ERROR_NONE) {
		*err = load->err;
		return false;
	}
	return error_set(err, ERROR_INVALID, "bad archive: %s", why ? why : "unknown format");
}

/* The next block of the entry at hand; 0 at its end, -1 on failure. */
static ssize_t next_block(const struct load *load, const void **block, struct error *err)
{
	la_int64_t offset;
	size_t size;

	switch (archive_read_data_block(load->tar, block, &size, &offset)) {
	case ARCHIVE_OK:
		return (ssize_t)size;
	case ARCHIVE_EOF:
		return 0;
	default:
		tar_failed(load, err);
		return -1;
	}
}

/* ---- what an entry is ---- */

/* The sum over a tar header, which every kind of tar has. */
static bool is_tar_header(const unsigned char *head)
{
	unsigned sum = 0;
	scoped_free char *digits = str_dup_n((const char *)head + 148, 8);

	for (size_t i = 0; i < HEAD_SIZE; i++)
		sum += i >= 148 && i < 156 ? ' ' : head[i];
	return sum > 8 * ' ' && strtoul(digits, NULL, 8) == sum;
}

static bool is_all_zero(const unsigned char *head, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (head[i])
			return false;
	return true;
}

/* A tar, plain or compressed; an empty one is zeros. */
static bool is_layer(const void *head, size_t size)
{
	if (decompress_knows(head, size))
		return true;
	return size >= HEAD_SIZE && (is_tar_header(head) || is_all_zero(head, HEAD_SIZE));
}

/* ---- layers ---- */

static bool copy_to(const struct load *load, int pipe, const struct buffer *head,
		    struct content_hash *hash, struct error *err)
{
	const void *block;
	ssize_t size;

	content_hash_add(hash, head->data, head->size);
	if (!upload_write(load->upload, pipe, head->data, head->size, err))
		return false;
	while ((size = next_block(load, &block, err)) > 0) {
		content_hash_add(hash, block, (size_t)size);
		if (!upload_write(load->upload, pipe, block, (size_t)size, err))
			return false;
	}
	return size == 0;
}

/* A blob of an OCI layout is named by its digest, and has to be what it is named. */
static bool check_blob(const char *name, const char *digest, struct error *err)
{
	static const char folder[] = "blobs/sha256/";

	if (!str_starts_with(name, folder) ||
	    str_equal(name + strlen(folder), digest + strlen("sha256:")))
		return true;
	return error_set(err, ERROR_INVALID, "bad archive: '%.200s' is '%s'", name, digest);
}

static bool take_layer(struct load *load, const char *name, const struct buffer *head,
		       struct error *err)
{
	scoped(content_hash) struct content_hash *hash = content_hash_new();
	struct archive_layer layer = {0};
	char digest[CONTENT_DIGEST_SIZE];
	scoped_fd int pipe = -1;

	if (!upload_begin_layer(load->upload, &pipe, err) || !copy_to(load, pipe, head, hash, err))
		return false;
	content_hash_finish(hash, digest);
	layer.name = str_dup(name);
	layer.digest = str_dup(digest);
	vector_add(&load->index.layers, layer);
	return check_blob(name, digest, err);
}

/* ---- small files ---- */

/* Anything larger is nothing that this archive needs; its rest is passed over. */
static bool take_file(struct load *load, const char *name, struct buffer *bytes, struct error *err)
{
	char digest[CONTENT_DIGEST_SIZE];
	const void *block;
	ssize_t size;

	while ((size = next_block(load, &block, err)) > 0 && bytes->size <= CONFIG_SIZE_MAX)
		buffer_add(bytes, block, (size_t)size);
	if (size < 0)
		return false;
	if (bytes->size > CONFIG_SIZE_MAX)
		return true;
	load->files_size += bytes->size;
	if (load->files_size > FILES_SIZE_MAX)
		return error_set(err, ERROR_INVALID,
				 "bad archive: its small files have more than %d bytes",
				 FILES_SIZE_MAX);
	content_digest(bytes->data ? bytes->data : "", bytes->size, digest);
	if (!check_blob(name, digest, err))
		return false;
	archive_index_add_file(&load->index, name, bytes);
	return true;
}

/* The first HEAD_SIZE bytes, or all when there are fewer. */
static bool read_head(const struct load *load, struct buffer *head, struct error *err)
{
	const void *block;
	ssize_t size = 1;

	while (head->size < HEAD_SIZE && size > 0) {
		size = next_block(load, &block, err);
		if (size > 0)
			buffer_add(head, block, (size_t)size);
	}
	return size >= 0;
}

static bool take_regular(struct load *load, const char *name, struct error *err)
{
	scoped_buffer struct buffer head = {0};

	if (!read_head(load, &head, err))
		return false;
	if (head.size > 0 && is_layer(head.data, head.size))
		return take_layer(load, name, &head, err);
	return take_file(load, name, &head, err);
}

static bool take_entry(struct load *load, struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry);
	const char *hard = archive_entry_hardlink(entry), *symbolic = archive_entry_symlink(entry);

	if (++load->files > FILES_MAX)
		return error_set(err, ERROR_INVALID, "bad archive: more than %d entries",
				 FILES_MAX);
	if (!name)
		return true;
	while (str_starts_with(name, "./"))
		name += 2;
	if (hard || symbolic) {
		archive_index_add_link(&load->index, name, hard ? hard : symbolic, !hard);
		return true;
	}
	return archive_entry_filetype(entry) != AE_IFREG || take_regular(load, name, err) ||
	       error_prefix(err, "'%.200s'", name);
}

static bool take_entries(struct load *load, struct error *err)
{
	struct archive_entry *entry;
	int status;

	while ((status = archive_read_next_header(load->tar, &entry)) == ARCHIVE_OK ||
	       status == ARCHIVE_WARN)
		if (!take_entry(load, entry, err))
			return false;
	return status == ARCHIVE_EOF || tar_failed(load, err);
}

/* ---- images ---- */

/* The manifests that an image came with, kept under their digests. */
static bool keep_documents(struct load *load, const struct archive_image *image,
			   struct strings *digests, struct error *err)
{
	for (size_t i = 0; i < image->documents.count; i++) {
		const struct buffer *bytes = map_get(&load->index.files, image->documents.items[i]);
		char digest[CONTENT_DIGEST_SIZE];

		if (!bytes)
			continue;
		content_digest(bytes->data, bytes->size, digest);
		strings_add(digests, digest);
		if (!upload_keep(load->upload, digest, bytes, err))
			return false;
	}
	return true;
}

static bool give_image(struct load *load, const struct archive_image *image, struct error *err)
{
	scoped_strings struct strings digests = {0};

	return keep_documents(load, image, &digests, err) &&
	       upload_image(load->upload, &image->config, &image->bytes, &image->names, &digests,
			    err);
}

static bool give_images(struct load *load, struct error *err)
{
	const struct upload_start *start = &load->upload->start;
	struct platform platform = platform_of(start->os, start->architecture, start->variant);
	scoped_with(archive_images_fini) struct archive_images images = {0};

	if (!archive_index_read(&load->index, &platform, &images, err))
		return false;
	for (size_t i = 0; i < images.count; i++)
		if (!give_image(load, &images.items[i], err))
			return false;
	return true;
}

/* ---- the whole ---- */

static void load_fini(struct load *load)
{
	archive_read_free(load->tar);
	archive_index_fini(&load->index);
}

static void take_diff_ids(struct load *load)
{
	for (size_t i = 0; i < load->index.layers.count; i++)
		load->index.layers.items[i].diff_id =
			str_dup(load->upload->layers.items[i].diff_id);
}

static bool load_archive(struct upload *upload, struct error *err)
{
	struct byte_source body = upload_source(upload);
	scoped(decompressor) struct decompressor *d = decompressor_new(&body, err);
	scoped_with(load_fini) struct load load = {.upload = upload};

	if (!d)
		return false;
	load.plain = decompressor_source(d);
	load.tar = archive_read_new();
	archive_read_support_format_tar(load.tar);
	if (archive_read_open(load.tar, &load, NULL, feed, NULL) != ARCHIVE_OK)
		return tar_failed(&load, err);
	if (!take_entries(&load, err) || !upload_wait_layers(upload, err))
		return false;
	take_diff_ids(&load);
	return give_images(&load, err);
}

void load_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	scoped_with(upload_fini) struct upload upload;
	struct error err = {0};

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!upload_open(&upload, &worker, &err))
		worker_fail(&worker, &err);
	else if (load_archive(&upload, &err))
		upload_end(&upload, NULL);
	else
		upload_end(&upload, &err);
}
