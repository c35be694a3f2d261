/* Load and import, as the daemon sees them: a worker has the client's connection; each layer it finds
 * goes through a pipe to an unpacker of its own; an image is recorded before the worker is given the
 * line that tells the client. */
#include "image/image_store.h"

#include "base/log.h"
#include "base/time.h"
#include "format/digest.h"
#include "format/platform.h"
#include "format/reference.h"
#include "http/http_chunk.h"
#include "image/job_documents.h"
#include "image/layer_job.h"
#include "image/progress.h"
#include "image/url_get.h"

#include <fcntl.h>
#include <unistd.h>

#define SHORT_LENGTH 12

struct upload_layer {
	struct upload_job *upload;
	int32_t number;
	struct layer_job *unpacking;
	struct layer *layer; /* used once by us, until the end */
};

struct upload_job {
	struct image_job job; /* first */
	struct worker_process *worker;
	bool import, quiet;
	char *name; /* import: of the new image, or NULL */
	struct {
		struct upload_layer **items; /* by number */
		size_t count, capacity;
	} layers;
	struct {
		struct buffer *items; /* lines to be said, by image that is being written */
		size_t count, capacity;
	} lines;
	bool all_given; /* UPLOAD_END has come */
	bool failed;
	struct error failure;
	struct image_result result;
	char *id; /* what result.id points to: the image itself may go meanwhile */
};

/* ---- saying ---- */

static void say(struct upload_job *u, const struct buffer *lines)
{
	struct worker_text text = {lines->data};

	if (u->worker && lines->size > 0)
		worker_process_send(u->worker, UPLOAD_SAY, &worker_text_type, &text, NULL, 0);
}

static void close_answer(struct upload_job *u)
{
	if (u->worker)
		worker_process_send(u->worker, UPLOAD_CLOSE, NULL, NULL, NULL, 0);
}

static void close_if_done(struct upload_job *u)
{
	if (u->all_given && u->lines.count == 0 && !u->failed)
		close_answer(u);
}

/* The first failure is the one that is told. */
static void fail(struct upload_job *u, const struct error *err)
{
	scoped_buffer struct buffer line = {0};

	if (u->failed)
		return;
	u->failed = true;
	u->failure = *err;
	for (size_t i = 0; i < u->layers.count; i++)
		layer_job_cancel(take(u->layers.items[i]->unpacking));
	progress_error(&line, err);
	say(u, &line);
	close_answer(u);
}

/* ---- layers ---- */

static void tell_layer(struct upload_job *u, const struct layer *layer)
{
	scoped_buffer struct buffer line = {0};
	char id[SHORT_LENGTH + 1] = {0};

	if (u->quiet || u->import)
		return;
	memcpy(id, digest_hex(layer->diff_id), SHORT_LENGTH);
	progress_bytes(&line, id, "Loading layer", layer->size, layer->size);
	say(u, &line);
}

static void on_unpacked(void *data, struct layer *layer)
{
	struct upload_layer *l = data;
	struct unpacked unpacked = {l->number, layer->diff_id, layer->size};

	l->unpacking = NULL;
	l->layer = layer;
	tell_layer(l->upload, layer);
	if (l->upload->worker)
		worker_process_send(l->upload->worker, UPLOAD_UNPACKED, &unpacked_type, &unpacked,
				    NULL, 0);
}

static void on_unpack_failed(void *data, const struct error *err)
{
	struct upload_layer *l = data;

	l->unpacking = NULL;
	fail(l->upload, err);
}

static bool start_layer(struct upload_layer *l, int input, struct error *err)
{
	static const struct layer_job_handlers handlers = {on_unpacked, on_unpack_failed};
	struct layer_source source = {.input = input};

	l->unpacking = layer_job_start(l->upload->job.images, &source, &handlers, l, err);
	return l->unpacking != NULL;
}

static bool bad_worker(struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "the worker says what makes no sense");
}

static bool take_layer(struct upload_job *u, const struct message *message, struct error *err)
{
	struct worker_number number = {0};
	struct upload_layer *l;
	int ends[2];

	if (!record_decode(&worker_number_type, message->data, message->size, &number, err))
		return false;
	if (number.number < 0 || number.number >= UPLOAD_LAYERS_MAX ||
	    (size_t)number.number != u->layers.count)
		return bad_worker(err);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	l = mem_new(struct upload_layer);
	l->upload = u;
	l->number = number.number;
	vector_add(&u->layers, l);
	worker_process_send(u->worker, UPLOAD_PIPE, &worker_number_type, &number, &ends[1], 1);
	close_fd(&ends[1]);
	return start_layer(l, ends[0], err);
}

/* ---- images ---- */

static bool check_image(const struct upload_job *u, const struct upload_image *image,
			struct error *err)
{
	const struct strings *ids = image->config ? &image->config->diff_ids : NULL;

	if (!ids || !digest_is_valid(image->id ? image->id : "") || ids->count > IMAGE_LAYERS_MAX)
		return bad_worker(err);
	for (size_t i = 0; i < ids->count; i++)
		if (!layer_find(u->job.images, ids->items[i]))
			return error_set(err, ERROR_INVALID,
					 "bad archive: layer '%.71s' is not in it", ids->items[i]);
	for (size_t i = 0; i < image->documents.count; i++)
		if (!digest_is_valid(image->documents.items[i]))
			return bad_worker(err);
	return true;
}

/* Docker tells when a name leaves another image behind; what import says is its id alone. */
static void tell_renamed(const struct upload_job *u, const struct image *before, const char *name,
			 struct buffer *lines)
{
	scoped_free char *text = NULL;

	if (!before || u->import)
		return;
	text = str_format(
		"The image %s already exists, renaming the old one with ID %s to empty string\n",
		name, before->id);
	progress_stream(lines, text);
}

static bool name_image(struct upload_job *u, struct image *image, const char *name,
		       struct image_batch *batch, struct buffer *lines, struct error *err)
{
	scoped_reference struct reference ref = {0};
	scoped_free char *familiar = NULL;

	if (!reference_parse(name, &ref, err))
		return false;
	if (ref.digest)
		return bad_worker(err);
	reference_add_default_tag(&ref);
	familiar = reference_familiar(&ref);
	tell_renamed(u, image_name(u->job.images, image, familiar, batch), familiar, lines);
	strings_add(&u->result.names, familiar);
	return true;
}

static void tell_loaded(const struct upload_job *u, const struct image *image,
			const struct strings *names, struct buffer *lines)
{
	scoped_free char *by_id = str_format("Loaded image ID: %s\n", image->id);

	if (u->import) {
		progress_message(lines, NULL, image->id);
		return;
	}
	for (size_t i = 0; i < names->count; i++) {
		scoped_free char *text = str_format("Loaded image: %s\n", names->items[i]);

		progress_stream(lines, text);
	}
	if (names->count == 0)
		progress_stream(lines, by_id);
}

static void on_recorded(void *data, const struct error *err)
{
	struct upload_job *u = data;
	struct buffer lines = u->lines.items[0];

	vector_remove(&u->lines, 0);
	if (err)
		fail(u, err);
	else if (!u->failed)
		say(u, &lines);
	buffer_fini(&lines);
	close_if_done(u);
}

static bool record(struct upload_job *u, struct upload_image *found, struct error *err)
{
	struct image_batch batch = {0};
	struct buffer lines = {0};
	struct image *image =
		image_add(u->job.images, found->id, found->config, &found->documents, &batch);
	bool ok = true;

	for (size_t i = 0; ok && i < found->names.count; i++)
		ok = name_image(u, image, found->names.items[i], &batch, &lines, err);
	if (found->names.count == 0)
		strings_add(&u->result.names, image->id);
	tell_loaded(u, image, &found->names, &lines);
	str_replace(&u->id, image->id);
	u->result.id = u->id;
	vector_add(&u->lines, lines);
	images_commit(u->job.images, &batch, on_recorded, u);
	return ok;
}

static bool take_image(struct upload_job *u, const struct message *message, struct error *err)
{
	struct upload_image image = {0};
	bool ok = record_decode(&upload_image_type, message->data, message->size, &image, err) &&
		  check_image(u, &image, err);

	if (ok && u->name)
		strings_add(&image.names, u->name);
	ok = ok && record(u, &image, err);
	record_fini(&upload_image_type, &image);
	return ok;
}

/* ---- the worker ---- */

static bool take_message(struct upload_job *u, const struct message *message, struct error *err)
{
	switch (message->type) {
	case WORKER_WANT:
	case WORKER_HAVE:
		return job_document(&u->job, u->worker, message, NULL, err);
	case UPLOAD_LAYER:
		return take_layer(u, message, err);
	case UPLOAD_IMAGE:
		return take_image(u, message, err);
	case UPLOAD_END:
		u->all_given = true;
		close_if_done(u);
		return true;
	default:
		return bad_worker(err);
	}
}

static void on_message(void *data, struct message *message)
{
	struct upload_job *u = data;
	struct error err;

	if (!u->failed && !take_message(u, message, &err))
		fail(u, &err);
}

static void on_failed(void *data, const struct error *err)
{
	fail(data, err);
}

static void on_end(void *data, const struct error *err)
{
	struct upload_job *u = data;
	struct image_result nothing = {0};
	struct error why;

	u->worker = NULL;
	if (!u->failed && !err && u->all_given && u->lines.count == 0) {
		image_job_end(&u->job, &u->result, NULL);
		return;
	}
	why = u->failed ? u->failure : err ? *err : (struct error){0};
	if (why.kind == ERROR_NONE)
		error_set(&why, ERROR_SYSTEM, "the worker ended too early");
	image_job_end(&u->job, &nothing, &why);
}

/* ---- the job ---- */

static void release_layers(struct upload_job *u)
{
	struct image_batch batch = {0};

	for (size_t i = 0; i < u->layers.count; i++) {
		struct upload_layer *l = u->layers.items[i];

		layer_job_cancel(l->unpacking);
		if (l->layer)
			layer_release(u->job.images, l->layer, &batch);
		free(l);
	}
	vector_fini(&u->layers);
	if (batch.count > 0)
		images_commit(u->job.images, &batch, NULL, NULL);
	image_batch_fini(&batch);
}

static void free_upload(struct image_job *job)
{
	struct upload_job *u = (struct upload_job *)job;

	worker_process_kill(u->worker);
	release_layers(u);
	for (size_t i = 0; i < u->lines.count; i++)
		buffer_fini(&u->lines.items[i]);
	vector_fini(&u->lines);
	strings_fini(&u->result.names);
	free(u->id);
	free(u->name);
	free(u);
}

static struct upload_job *new_upload(struct image_store *images,
				     const struct image_job_handlers *handlers, void *data)
{
	struct upload_job *u = mem_new(struct upload_job);

	image_job_init(&u->job, images, handlers, data);
	u->job.free = free_upload;
	return u;
}

static void fill_start(const struct upload_job *u, const struct image_upload *upload,
		       const struct platform *platform, struct upload_start *start)
{
	*start = (struct upload_start){
		.framing = (int32_t)upload->framing,
		.length = (int64_t)upload->length,
		.expects_continue = upload->expects_continue,
		.early = upload->early,
		.head = upload->head,
		.chunked = upload->chunked,
		.size_limit = u->job.images->limits.load_size,
		.quiet = u->quiet,
		.os = (char *)(uintptr_t)platform->os,
		.architecture = (char *)(uintptr_t)platform->architecture,
		.variant = (char *)(uintptr_t)platform->variant,
	};
}

/* The job, or NULL after on_done was called. */
static struct image_job *start_worker(struct upload_job *u, const char *command,
				      struct image_upload *upload, const struct upload_start *start)
{
	static const struct worker_handlers handlers = {on_message, on_failed, on_end};
	const struct image_store *images = u->job.images;
	struct image_result nothing = {0};
	struct error err;

	u->worker = worker_process_start(images->loop, images->worker, command, &handlers, u, &err);
	if (u->worker) {
		worker_process_send(u->worker, WORKER_START, &upload_start_type, start,
				    &upload->connection, 1);
		image_upload_fini(upload);
		return &u->job;
	}
	image_upload_refuse(upload, &err);
	image_upload_fini(upload);
	image_job_end(&u->job, &nothing, &err);
	return NULL;
}

/* ---- load ---- */

struct image_job *image_load(struct image_store *images, struct image_upload *upload, bool quiet,
			     const char *platform, const struct image_job_handlers *handlers,
			     void *data)
{
	struct upload_job *u = new_upload(images, handlers, data);
	struct platform wanted = platform_host();
	struct upload_start start;
	struct error ignored;

	u->quiet = quiet;
	if (!str_is_empty(platform) && !platform_parse(platform, &wanted, &ignored))
		wanted = platform_host();
	fill_start(u, upload, &wanted, &start);
	return start_worker(u, "load", upload, &start);
}

/* ---- import ---- */

static bool check_name(const char *name, struct error *err)
{
	scoped_reference struct reference ref = {0};

	if (str_is_empty(name))
		return true;
	if (!reference_parse(name, &ref, err))
		return false;
	return !ref.digest || error_set(err, ERROR_INVALID, "cannot import digest reference");
}

static bool read_platform(const char *text, struct platform *out, struct error *err)
{
	*out = platform_host();
	return str_is_empty(text) || platform_parse(text, out, err);
}

static bool make_config(const struct image_import_request *request, struct image_config *out,
			struct error *err)
{
	struct platform platform;

	if (!check_name(request->name, err) || !read_platform(request->platform, &platform, err) ||
	    !image_apply_changes(&request->changes, out, err))
		return false;
	out->os = str_dup(platform.os);
	out->architecture = str_dup(platform.architecture);
	out->variant = platform.variant[0] ? str_dup(platform.variant) : NULL;
	return true;
}

bool image_import_check(const struct image_import_request *request, struct error *err)
{
	scoped_image_config struct image_config config = {0};

	if (!str_equal(request->source, "-") && !url_can_be_got(request->source))
		return error_set(
			err, ERROR_INVALID,
			"unsupported protocol scheme: \"%.200s\" is no URL of http or https",
			request->source);
	return make_config(request, &config, err);
}

static void tell_source(struct upload_job *u, const char *url)
{
	scoped_free char *text = str_format("Downloading from %s", url);
	scoped_buffer struct buffer line = {0};

	progress_message(&line, NULL, text);
	say(u, &line);
}

static void date_config(const struct image_import_request *request, struct image_config *config)
{
	scoped_free char *from = str_format("Imported from %s", request->source);
	const char *message = str_is_empty(request->message) ? from : request->message;
	struct image_history *history = record_list_add(&image_history_type, &config->history);
	char now[TIME_TEXT_SIZE];

	time_to_text(time_now_ns(), now);
	config->created = str_dup(now);
	config->comment = str_dup(message);
	history->created = str_dup(now);
	history->comment = str_dup(message);
}

struct image_job *image_import(struct image_store *images, struct image_upload *upload,
			       const struct image_import_request *request,
			       const struct image_job_handlers *handlers, void *data)
{
	struct upload_job *u = new_upload(images, handlers, data);
	scoped_image_config struct image_config config = {0};
	struct platform platform;
	struct upload_start start;
	struct image_job *job;
	struct error ignored;

	u->import = true;
	u->name = str_is_empty(request->name) ? NULL : str_dup(request->name);
	make_config(request, &config, &ignored); /* the request has been checked */
	date_config(request, &config);
	read_platform(request->platform, &platform, &ignored);
	fill_start(u, upload, &platform, &start);
	start.import = &config;
	if (str_equal(request->source, "-"))
		return start_worker(u, "import", upload, &start);
	start.url = (char *)(uintptr_t)request->source;
	job = start_worker(u, "import", upload, &start);
	if (job)
		tell_source(u, request->source);
	return job;
}

/* ---- the connection ---- */

void image_upload_fini(struct image_upload *upload)
{
	close_fd(&upload->connection);
	buffer_fini(&upload->early);
	buffer_fini(&upload->head);
}

void image_upload_refuse(const struct image_upload *upload, const struct error *err)
{
	scoped_buffer struct buffer line = {0};
	struct error gone;

	progress_error(&line, err);
	if (write(upload->connection, upload->head.data, upload->head.size) >= 0)
		http_chunk_write(upload->connection, upload->chunked, line.data, line.size, &gone);
	http_chunk_finish(upload->connection, upload->chunked, &gone);
}
