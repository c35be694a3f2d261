#include "image/import.h"

#include "image/upload.h"
#include "image/url_get.h"

/* The unpacker takes it as it comes, compressed or not. */
static bool copy_body(struct upload *upload, int pipe, struct error *err)
{
	struct byte_source body = upload_source(upload);
	const void *block;
	ssize_t size;

	while ((size = byte_source_next(&body, &block, err)) > 0)
		if (!upload_write(upload, pipe, block, (size_t)size, err))
			return false;
	return size == 0;
}

struct fetching {
	struct upload *upload;
	int pipe;
	struct error failure;
};

static bool on_bytes(void *data, const void *bytes, size_t size)
{
	struct fetching *f = data;

	f->upload->count += (int64_t)size;
	if (f->upload->count > f->upload->start.size_limit)
		return error_set(&f->failure, ERROR_INVALID, "it is larger than %lld bytes",
				 (long long)f->upload->start.size_limit);
	return upload_write(f->upload, f->pipe, bytes, size, &f->failure);
}

static bool fetch(struct upload *upload, int pipe, struct error *err)
{
	struct fetching f = {.upload = upload, .pipe = pipe};
	bool came = url_get(upload->start.url, on_bytes, &f, err);

	if (f.failure.kind != ERROR_NONE)
		*err = f.failure;
	return came && f.failure.kind == ERROR_NONE;
}

static bool copy_layer(struct upload *upload, struct error *err)
{
	scoped_fd int pipe = -1;

	if (!upload_begin_layer(upload, &pipe, err))
		return false;
	return upload->start.url ? fetch(upload, pipe, err) : copy_body(upload, pipe, err);
}

static bool import_layer(struct upload *upload, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_strings struct strings none = {0};
	struct image_config *config = upload->start.import;

	if (!config)
		return error_set(err, ERROR_SYSTEM, "the worker got no configuration");
	if (!copy_layer(upload, err) || !upload_wait_layers(upload, err))
		return false;
	strings_fini(&config->diff_ids);
	strings_add(&config->diff_ids, upload->layers.items[0].diff_id);
	image_config_write(config, &bytes);
	return upload_image(upload, config, &bytes, &none, &none, err);
}

void import_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	scoped_with(upload_fini) struct upload upload;
	struct error err = {0};

	if (!upload_open(&upload, &worker, &err))
		worker_fail(&worker, &err);
	else if (import_layer(&upload, &err))
		upload_end(&upload, NULL);
	else
		upload_end(&upload, &err);
}
