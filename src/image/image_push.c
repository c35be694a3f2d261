/* Push, as the daemon sees it: images are found and leased, the worker asks for the bytes of layers that
 * the registry lacks, which a packer makes; what the registry then has is noted with the layer. */
#include "image/image_store.h"

#include "format/digest.h"
#include "format/json_write.h"
#include "format/reference.h"
#include "image/pack_job.h"
#include "image/progress.h"
#include "image/source_job.h"

#include <fcntl.h>
#include <unistd.h>

#define SHORT_LENGTH 12
#define PIPE_SIZE    (1 << 20)

struct push_job {
	struct image_job job; /* first */
	struct worker_process *worker;
	struct leased_images leased;
	struct reference ref;
	char *name; /* familiar, without tag */
	struct push_start start;
	struct pack_job *packing;
	struct layer *sending;
	int32_t number; /* of the present pipe */
	struct image_result result;
	bool failed;
	struct error failure;
};

static void free_push(struct image_job *job)
{
	struct push_job *p = (struct push_job *)job;

	pack_job_cancel(p->packing);
	worker_process_kill(p->worker);
	leased_images_fini(&p->leased);
	record_list_fini(&push_image_type, &p->start.images);
	record_list_fini(&push_layer_type, &p->start.layers);
	strings_fini(&p->result.names);
	reference_fini(&p->ref);
	free(p->name);
	free(p);
}

/* ---- telling ---- */

static void short_id(const char *diff_id, char out[static SHORT_LENGTH + 1])
{
	memcpy(out, digest_hex(diff_id), SHORT_LENGTH);
	out[SHORT_LENGTH] = '\0';
}

static void tell_step(struct push_job *p, const char *diff_id, const char *status)
{
	scoped_buffer struct buffer line = {0};
	char id[SHORT_LENGTH + 1];

	short_id(diff_id, id);
	progress_step(&line, id, status);
	image_job_progress(&p->job, &line);
}

static void tell_start(struct push_job *p)
{
	scoped_buffer struct buffer line = {0};
	scoped_free char *full = reference_name(&p->ref);
	scoped_free char *status = str_format("The push refers to repository [%s]", full);

	progress_message(&line, NULL, status);
	image_job_progress(&p->job, &line);
	for (size_t i = p->start.layers.count; i-- > 0;)
		tell_step(p, RECORD_AT(p->start.layers, struct push_layer, i)->diff_id,
			  "Preparing");
	for (size_t i = p->start.layers.count; i-- > 1;)
		tell_step(p, RECORD_AT(p->start.layers, struct push_layer, i)->diff_id, "Waiting");
}

static void tell_retry(struct push_job *p, const struct push_told *told)
{
	scoped_free char *text =
		str_format("Retrying in %d second%s", told->seconds, told->seconds == 1 ? "" : "s");

	tell_step(p, told->diff_id, text);
}

static void tell_mounted(struct push_job *p, const struct push_told *told)
{
	scoped_free char *text = str_format("Mounted from %s", told->from ? told->from : "");

	tell_step(p, told->diff_id, text);
}

static void tell_tagged(struct push_job *p, const struct push_tagged *tagged)
{
	scoped_buffer struct buffer lines = {0};
	scoped_free char *status = str_format("%s: digest: %s size: %lld", tagged->tag,
					      tagged->digest, (long long)tagged->size);

	progress_message(&lines, NULL, status);
	buffer_add_text(&lines, "{\"progressDetail\":{},\"aux\":{\"Tag\":");
	json_write_string(&lines, tagged->tag);
	buffer_add_text(&lines, ",\"Digest\":");
	json_write_string(&lines, tagged->digest);
	buffer_format(&lines, ",\"Size\":%lld}}\r\n", (long long)tagged->size);
	image_job_progress(&p->job, &lines);
}

/* ---- which images ---- */

static void add_layers(struct push_job *p, const struct image *image)
{
	for (size_t i = 0; i < image->config.diff_ids.count; i++) {
		struct push_layer *layer;
		bool known = false;

		for (size_t j = 0; !known && j < p->start.layers.count; j++)
			known = str_equal(RECORD_AT(p->start.layers, struct push_layer, j)->diff_id,
					  image->config.diff_ids.items[i]);
		if (known)
			continue;
		layer = record_list_add(&push_layer_type, &p->start.layers);
		layer->diff_id = str_dup(image->config.diff_ids.items[i]);
		record_list_copy(&layer_blob_type, &image->layers[i]->blobs, &layer->blobs);
	}
}

/* What must not be sent is not asked for either: a recipe is needed only for layers that are. */
static bool add_image(struct push_job *p, struct image *image, const char *tag, struct error *err)
{
	struct push_image *item;

	if (!leased_images_hold(&p->leased, image, err))
		return false;
	item = record_list_add(&push_image_type, &p->start.images);
	item->tag = str_dup(tag);
	item->id = str_dup(image->id);
	item->diff_ids = strings_copy(&image->config.diff_ids);
	image_made_config(image, &item->config);
	add_layers(p, image);
	return true;
}

static bool absent(const struct push_job *p, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
			 "An image does not exist locally with the tag: %.300s", p->name);
}

static bool add_tagged(struct push_job *p, struct error *err)
{
	scoped_free char *name = reference_familiar(&p->ref);
	struct image *image = map_get(&p->job.images->tags, name);

	if (!image || image->hidden)
		return absent(p, err);
	return add_image(p, image, p->ref.tag, err);
}

static bool add_all_tags(struct push_job *p, struct error *err)
{
	size_t count, length = strlen(p->name);
	struct image *const *all = image_all(p->job.images, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < all[i]->tags.count; j++) {
			const char *tag = all[i]->tags.items[j];

			if (strncmp(tag, p->name, length) == 0 && tag[length] == ':' &&
			    !strchr(tag + length, '/') &&
			    !add_image(p, all[i], tag + length + 1, err))
				return false;
		}
	return p->start.images.count > 0 || absent(p, err);
}

/* ---- bytes for the worker ---- */

static void send_packed(struct push_job *p, const struct error *err)
{
	struct push_packed packed = {.number = p->number,
				     .failure = err ? (char *)(uintptr_t)err->text : NULL};

	if (p->worker)
		worker_process_send(p->worker, PUSH_PACKED, &push_packed_type, &packed, NULL, 0);
}

static void on_packed(void *data, const struct unpacked *done)
{
	struct push_job *p = data;

	p->packing = NULL;
	send_packed(p, NULL);
}

static void on_not_packed(void *data, const struct error *err)
{
	struct push_job *p = data;

	p->packing = NULL;
	send_packed(p, err);
}

static void on_position(void *data, int64_t position)
{
	struct push_job *p = data;
	scoped_buffer struct buffer line = {0};
	char id[SHORT_LENGTH + 1];

	short_id(p->sending->diff_id, id);
	progress_bytes(&line, id, "Pushing", position, p->sending->size);
	image_job_progress(&p->job, &line);
}

static bool start_packing(struct push_job *p, int output, struct error *err)
{
	static const struct pack_handlers handlers = {on_packed, on_not_packed, on_position};
	struct image_store *images = p->job.images;
	struct pack_source source = {
		.mode = PACK_BLOB, .output = output, .recipe = -1, .diff_id = p->sending->diff_id};

	source.folder =
		openat(images->layers, p->sending->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source.folder >= 0 && layer_recipe_open(images, p->sending, &source.recipe, err)) {
		p->packing = pack_job_start(images, &source, &handlers, p);
		return true;
	}
	if (source.folder < 0)
		error_errno(err, "cannot open layer '%s'", p->sending->diff_id);
	close_fd(&source.folder);
	close_fd(&output);
	return false;
}

static bool take_need(struct push_job *p, const struct message *message, struct error *err)
{
	struct worker_document need = {0};
	struct worker_number number = {++p->number};
	int ends[2];
	bool ok = record_decode(&worker_document_type, message->data, message->size, &need, err);

	pack_job_cancel(take(p->packing)); /* of a pipe that is given up */
	p->sending = ok && need.digest ? map_get(&p->job.images->by_diff_id, need.digest) : NULL;
	record_fini(&worker_document_type, &need);
	if (!p->sending)
		return error_set(err, ERROR_SYSTEM, "the push worker says what makes no sense");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	if (!start_packing(p, ends[1], err)) {
		close(ends[0]);
		return false;
	}
	worker_process_send(p->worker, PUSH_PIPE, &worker_number_type, &number, &ends[0], 1);
	close(ends[0]);
	return true;
}

/* ---- what the worker tells ---- */

static void note(struct push_job *p, const struct push_told *told)
{
	scoped_free char *repository = reference_name(&p->ref);
	struct layer_blob blob = {repository, told->blob.digest, told->blob.media_type,
				  told->blob.size};
	struct layer *layer = map_get(&p->job.images->by_diff_id, told->diff_id);
	struct image_batch batch = {0};

	if (!layer || !digest_is_valid(blob.digest ? blob.digest : "") || blob.size < 0)
		return;
	layer_note_blob(layer, &blob, &batch);
	if (batch.count > 0)
		images_commit(p->job.images, &batch, NULL, NULL);
	image_batch_fini(&batch);
}

static bool take_told(struct push_job *p, const struct message *message, struct error *err)
{
	struct push_told told = {0};
	bool ok = record_decode(&push_told_type, message->data, message->size, &told, err) &&
		  digest_check(told.diff_id ? told.diff_id : "", err);

	switch (ok ? told.state : -1) {
	case PUSH_EXISTS:
		tell_step(p, told.diff_id, "Layer already exists");
		break;
	case PUSH_MOUNTED:
		tell_mounted(p, &told);
		break;
	case PUSH_SENT:
		tell_step(p, told.diff_id, "Pushed");
		break;
	case PUSH_RETRIES:
		tell_retry(p, &told);
		break;
	case PUSH_STANDS:
		note(p, &told);
		break;
	default:
		break;
	}
	record_fini(&push_told_type, &told);
	return ok;
}

/* The image now has the name under which the registry has it. */
static void name_digest(struct push_job *p, const struct push_tagged *tagged)
{
	struct image *image = image_by_id(p->job.images, tagged->id);
	scoped_free char *name = str_format("%s@%s", p->name, tagged->digest);
	struct image_batch batch = {0};

	if (!image)
		return;
	image_name(p->job.images, image, name, &batch);
	if (batch.count > 0)
		images_commit(p->job.images, &batch, NULL, NULL);
	image_batch_fini(&batch);
}

static bool take_tagged(struct push_job *p, const struct message *message, struct error *err)
{
	struct push_tagged tagged = {0};
	bool ok = record_decode(&push_tagged_type, message->data, message->size, &tagged, err) &&
		  digest_check(tagged.digest ? tagged.digest : "", err) && tagged.tag && tagged.id;

	if (ok) {
		scoped_free char *name = str_format("%s:%s", p->name, tagged.tag);

		name_digest(p, &tagged);
		tell_tagged(p, &tagged);
		strings_add(&p->result.names, name);
	}
	record_fini(&push_tagged_type, &tagged);
	return ok;
}

/* ---- the worker ---- */

static bool take_message(struct push_job *p, const struct message *message, struct error *err)
{
	switch (message->type) {
	case WORKER_ASK:
		return leased_images_give(&p->leased, p->worker, message, err);
	case PUSH_NEED:
		return take_need(p, message, err);
	case PUSH_TOLD:
		return take_told(p, message, err);
	case PUSH_TAGGED:
		return take_tagged(p, message, err);
	default:
		return error_set(err, ERROR_SYSTEM, "the push worker says what makes no sense");
	}
}

static void end(struct push_job *p, const struct error *err)
{
	struct image_result nothing = {0};
	struct error why;

	if (!err) {
		image_job_end(&p->job, &p->result, NULL);
		return;
	}
	why = *err;
	image_job_end(&p->job, &nothing, &why);
}

static void on_message(void *data, struct message *message)
{
	struct push_job *p = data;
	struct error err = {0};

	if (!take_message(p, message, &err))
		end(p, &err);
}

static void on_end(void *data, const struct error *err)
{
	struct push_job *p = data;

	p->worker = NULL;
	end(p, err);
}

static void fill_registry(const struct push_job *p, const char *auth, struct fetch_start *out)
{
	const struct image_store *images = p->job.images;

	*out = (struct fetch_start){
		.domain = p->ref.domain,
		.path = p->ref.path,
		.auth = (char *)(uintptr_t)auth,
		.insecure = images->insecure,
		.certificates = images->certificates,
		.user_agent = images->user_agent,
		.stall_ms = images->limits.stall_ms,
		.retry_ms = images->limits.retry_ms,
		.attempts = images->limits.attempts,
	};
}

static bool start_worker(struct push_job *p, const char *auth, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	struct push_start start = p->start;

	p->worker = worker_process_start(p->job.images->loop, p->job.images->worker, "push",
					 &handlers, p, err);
	if (!p->worker)
		return false;
	fill_registry(p, auth, &start.registry);
	worker_process_send(p->worker, WORKER_START, &push_start_type, &start, NULL, 0);
	return true;
}

/* ---- the job ---- */

struct image_job *image_push(struct image_store *images, const struct image_push_request *request,
			     const struct image_job_handlers *handlers, void *data,
			     struct error *err)
{
	struct push_job *p = mem_new(struct push_job);

	image_job_init(&p->job, images, handlers, data);
	p->job.free = free_push;
	p->leased.images = images;
	if (!reference_parse(request->reference, &p->ref, err) ||
	    (p->ref.digest && !error_set(err, ERROR_INVALID, "cannot push a digest reference"))) {
		image_job_cancel(&p->job);
		return NULL;
	}
	p->name = reference_familiar_name(&p->ref);
	if ((p->ref.tag ? add_tagged(p, err) : add_all_tags(p, err)) &&
	    start_worker(p, request->auth, err)) {
		tell_start(p);
		return &p->job;
	}
	image_job_cancel(&p->job);
	return NULL;
}
