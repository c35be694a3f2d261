/* A pull, as the daemon sees it: the fetcher finds the image and fetches what it is told to; here it is
 * decided what is needed, and each layer goes from blob to folder to record beside the others
 * (image/pull_layer.h). */
#include "format/digest.h"
#include "format/reference.h"
#include "image/job_documents.h"
#include "image/progress.h"
#include "image/pull_layer.h"

#include <errno.h>

struct pull {
	struct image_job job; /* first */
	struct worker_process *fetcher;
	struct reference ref;
	char *name; /* short form, without tag */
	struct platform platform;
	bool platform_asked;

	struct fetch_image found;  /* the image at hand */
	struct pull_layer *layers; /* as many as found.layers */
	struct image *known;	   /* leased: there already, so that nothing is to be fetched */
	bool updated;		   /* the name asked for has moved */
	bool full;		   /* it failed for want of room on the disk */

	struct image_result result;
	char *id; /* what result.id points to: the image itself may go meanwhile */
};

/* ---- telling ---- */

static void tell_message(struct pull *pull, const char *id, const char *status)
{
	scoped_buffer struct buffer line = {0};

	progress_message(&line, id, status);
	image_job_progress(&pull->job, &line);
}

/* ---- failing ---- */

static void fail(void *data, const struct error *err)
{
	struct pull *pull = data;
	struct error copy = *err; /* it may be of what is freed now */
	struct image_result nothing = {0};

	pull->full = err->os == ENOSPC || err->os == EDQUOT;
	image_job_end(&pull->job, &nothing, &copy);
}

/* ---- the image is complete ---- */

static void on_recorded(void *data, const struct error *err);

static char *name_with(const struct pull *pull, char mark, const char *what)
{
	return str_format("%s%c%s", pull->name, mark, what);
}

static void set_name(struct pull *pull, struct image *image, const char *name,
		     struct image_batch *batch)
{
	struct image_store *images = pull->job.images;
	struct map *shelf = strchr(name, '@') ? &images->digests : &images->tags;

	pull->updated = map_get(shelf, name) != image;
	image_name(images, image, name, batch);
}

/* The tag is what counts for "newer", or the digest where no tag was asked for. */
static void name_image(struct pull *pull, struct image *image, struct image_batch *batch)
{
	scoped_free char *digest = name_with(pull, '@', pull->found.digest);
	scoped_free char *tag = pull->found.tag ? name_with(pull, ':', pull->found.tag) : NULL;

	set_name(pull, image, digest, batch);
	if (tag)
		set_name(pull, image, tag, batch);
	strings_add(&pull->result.names, tag ? tag : digest);
}

static void release_layers(struct pull *pull, struct image_batch *batch)
{
	for (size_t i = 0; i < pull->found.layers.count; i++)
		if (pull->layers && pull->layers[i].layer)
			layer_release(pull->job.images, take(pull->layers[i].layer), batch);
}

/* For a later push. */
static void note_blobs(const struct pull *pull, struct image_batch *batch)
{
	scoped_free char *repository = reference_name(&pull->ref);

	for (size_t i = 0; pull->layers && i < pull->found.layers.count; i++) {
		const struct descriptor *d = pull->layers[i].blob;
		struct layer_blob blob = {repository, d->digest, d->media_type, d->size};

		layer_note_blob(pull->layers[i].layer, &blob, batch);
	}
}

static void record(struct pull *pull)
{
	struct image_store *images = pull->job.images;
	struct strings documents = strings_copy(&pull->found.documents);
	struct image_batch batch = {0};
	struct image *image =
		image_add(images, pull->found.id, pull->found.config, &documents, &batch);

	strings_fini(&documents);
	note_blobs(pull, &batch);
	release_layers(pull, &batch);
	name_image(pull, image, &batch);
	str_replace(&pull->id, image->id);
	pull->result.id = pull->id;
	images_commit(images, &batch, on_recorded, pull);
}

static void record_if_complete(void *data)
{
	struct pull *pull = data;

	for (size_t i = 0; i < pull->found.layers.count; i++)
		if (pull->layers && pull->layers[i].state != LAYER_DONE)
			return;
	record(pull);
}

static void tell_status(struct pull *pull, const char *name)
{
	scoped_free char *status =
		str_format("Status: %s for %s",
			   pull->updated ? "Downloaded newer image" : "Image is up to date", name);

	tell_message(pull, NULL, status);
}

static void forget_image(struct pull *pull)
{
	free(take(pull->layers));
	record_fini(&fetch_image_type, &pull->found);
	if (pull->known)
		image_release(pull->job.images, take(pull->known));
}

static void on_recorded(void *data, const struct error *err)
{
	struct pull *pull = data;
	scoped_free char *digest = str_format("Digest: %s", pull->found.digest);

	if (err) {
		fail(pull, err);
		return;
	}
	tell_message(pull, NULL, digest);
	if (pull->ref.tag || pull->ref.digest)
		tell_status(pull, pull->result.names.items[pull->result.names.count - 1]);
	forget_image(pull);
	worker_process_send(pull->fetcher, FETCH_NEXT, NULL, NULL, NULL, 0);
}

/* ---- what the fetcher has found ---- */

static bool bad_worker(struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "the fetch worker says what makes no sense");
}

static void init_layers(struct pull *pull)
{
	static const struct pull_layer_handlers handlers = {record_if_complete, fail};
	size_t count = pull->found.layers.count;

	pull->layers = mem_zeroed(count, sizeof(*pull->layers));
	for (size_t i = 0; i < count; i++)
		pull->layers[i] = (struct pull_layer){
			.job = &pull->job,
			.fetcher = pull->fetcher,
			.handlers = &handlers,
			.owner = pull,
			.number = (int32_t)i,
			.blob = RECORD_AT(pull->found.layers, struct descriptor, i),
			.diff_id = pull->found.config->diff_ids.items[i],
			.state = LAYER_WAITS,
		};
}

/* The fetcher takes so many at a time. */
static bool has_to_wait(const struct pull *pull, size_t index)
{
	return pull->layers[index].state == LAYER_WAITS ||
	       (pull->layers[index].state == LAYER_FETCHING &&
		index >= (size_t)pull->job.images->limits.downloads);
}

static bool claim_layers(struct pull *pull, struct error *err)
{
	size_t count = pull->found.layers.count;

	init_layers(pull);
	for (size_t i = 0; i < count; i++) {
		struct pull_layer *l = &pull->layers[i];

		if (!pull_layer_claim(l, err))
			return false;
		pull_layer_tell(l, l->state == LAYER_DONE ? "Already exists" : "Pulling fs layer");
	}
	for (size_t i = 0; i < count; i++)
		if (has_to_wait(pull, i))
			pull_layer_tell(&pull->layers[i], "Waiting");
	return true;
}

static bool check_found(const struct pull *pull, struct error *err)
{
	const struct fetch_image *found = &pull->found;

	if (!digest_is_valid(found->id ? found->id : "") ||
	    !digest_is_valid(found->digest ? found->digest : "") ||
	    (found->tag && !reference_tag_is_valid(found->tag)))
		return bad_worker(err);
	if (!found->config)
		return (pull->known && str_equal(pull->known->id, found->id)) || bad_worker(err);
	if (found->config->diff_ids.count != found->layers.count)
		return bad_worker(err);
	for (size_t i = 0; i < found->layers.count; i++) {
		const struct descriptor *blob = RECORD_AT(found->layers, struct descriptor, i);

		if (!digest_is_valid(found->config->diff_ids.items[i]) || blob->size < 0 ||
		    !digest_is_valid(blob->digest ? blob->digest : ""))
			return bad_worker(err);
	}
	return true;
}

static bool check_platform(const struct pull *pull, struct error *err)
{
	const struct image_config *config =
		pull->found.config ? pull->found.config : &pull->known->config;
	struct platform offered = platform_of(config->os, config->architecture, config->variant);
	scoped_free char *name = reference_familiar(&pull->ref);
	char wanted[PLATFORM_TEXT_SIZE], found[PLATFORM_TEXT_SIZE];

	if (!str_is_empty(config->os) && !str_equal(offered.os, "linux"))
		return error_set(err, ERROR_INVALID,
				 "image operating system \"%s\" cannot be used on this platform",
				 offered.os);
	if (!pull->platform_asked || platform_match(&pull->platform, &offered) > 0)
		return true;
	return error_set(
		err, ERROR_NOT_FOUND,
		"image with reference %.200s was found but its platform (%s) does not match the "
		"specified platform (%s)",
		name, platform_text(&offered, found), platform_text(&pull->platform, wanted));
}

static void tell_from(struct pull *pull)
{
	scoped_free char *status = str_format("Pulling from %s", pull->ref.path);

	tell_message(pull, pull->found.tag ? pull->found.tag : pull->found.digest, status);
}

static bool take_image(struct pull *pull, const struct message *message, struct error *err)
{
	if (pull->layers || pull->found.id)
		return bad_worker(err);
	if (!record_decode(&fetch_image_type, message->data, message->size, &pull->found, err) ||
	    !check_found(pull, err) || !check_platform(pull, err))
		return false;
	tell_from(pull);
	if (pull->found.config && !claim_layers(pull, err))
		return false;
	if (!pull->found.config)
		record_list_fini(&descriptor_type, &pull->found.layers);
	record_if_complete(pull);
	return true;
}

static bool take_progress(struct pull *pull, const struct message *message, struct error *err)
{
	struct fetch_progress progress = {0};

	if (!record_decode(&fetch_progress_type, message->data, message->size, &progress, err))
		return false;
	if (!pull->layers || progress.layer < 0 ||
	    (size_t)progress.layer >= pull->found.layers.count ||
	    !pull_layer_advance(&pull->layers[progress.layer], &progress))
		return bad_worker(err);
	return true;
}

/* ---- the fetcher ---- */

/* One of an older version lacks recipes, which a pull brings. */
static bool is_whole(const struct image_store *images, const struct image *image)
{
	for (size_t i = 0; i < image->config.diff_ids.count; i++)
		if (!layer_recipe_is_settled(images, image->layers[i]))
			return false;
	return true;
}

/* An image that is there whole is leased, so that it stays until its new names are recorded. */
static bool knows(struct image_job *job, const char *id)
{
	struct pull *pull = (struct pull *)job;
	struct image *image = image_by_id(job->images, id);
	struct error missing;

	if (!image || pull->known || !is_whole(job->images, image) ||
	    !image_lease(job->images, image, &missing))
		return false;
	pull->known = image;
	return true;
}

static bool take_message(struct pull *pull, const struct message *message, struct error *err)
{
	switch (message->type) {
	case WORKER_WANT:
	case WORKER_HAVE:
		return job_document(&pull->job, pull->fetcher, message, knows, err);
	case FETCH_IMAGE:
		return take_image(pull, message, err);
	case FETCH_PROGRESS:
		return take_progress(pull, message, err);
	default:
		return bad_worker(err);
	}
}

static void on_message(void *data, struct message *message)
{
	struct pull *pull = data;
	struct error err;

	if (!take_message(pull, message, &err))
		fail(pull, &err);
}

static void on_end(void *data, const struct error *err)
{
	struct pull *pull = data;
	struct error silent;

	pull->fetcher = NULL;
	if (!err && !pull->result.id)
		error_set(&silent, ERROR_NOT_FOUND, "no image of '%.200s' was found", pull->name);
	if (err || !pull->result.id) {
		fail(pull, err ? err : &silent);
		return;
	}
	if (!pull->ref.tag && !pull->ref.digest)
		tell_status(pull, pull->name);
	image_job_end(&pull->job, &pull->result, NULL);
}

static void fill_start(const struct pull *pull, const char *auth, struct fetch_start *start)
{
	const struct image_store *images = pull->job.images;

	*start = (struct fetch_start){
		.domain = pull->ref.domain,
		.path = pull->ref.path,
		.tag = pull->ref.tag,
		.digest = pull->ref.digest,
		.os = (char *)(uintptr_t)pull->platform.os,
		.architecture = (char *)(uintptr_t)pull->platform.architecture,
		.variant = (char *)(uintptr_t)pull->platform.variant,
		.auth = (char *)(uintptr_t)auth,
		.mirrors = images->mirrors,
		.insecure = images->insecure,
		.certificates = images->certificates,
		.user_agent = images->user_agent,
		.stall_ms = images->limits.stall_ms,
		.retry_ms = images->limits.retry_ms,
		.attempts = images->limits.attempts,
		.downloads = images->limits.downloads,
	};
}

static bool start_fetcher(struct pull *pull, const char *auth, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	const struct image_store *images = pull->job.images;
	struct fetch_start start;

	pull->fetcher =
		worker_process_start(images->loop, images->worker, "fetch", &handlers, pull, err);
	if (!pull->fetcher)
		return false;
	fill_start(pull, auth, &start);
	worker_process_send(pull->fetcher, WORKER_START, &fetch_start_type, &start, NULL, 0);
	return true;
}

/* ---- the job ---- */

static void free_pull(struct image_job *job)
{
	struct pull *pull = (struct pull *)job;
	struct image_store *images = job->images;
	scoped_strings struct strings freed = {0};
	struct image_batch batch = {0};

	worker_process_kill(pull->fetcher);
	for (size_t i = 0; pull->layers && i < pull->found.layers.count; i++)
		pull_layer_stop(&pull->layers[i], !pull->full, &freed);
	release_layers(pull, &batch);
	if (batch.count > 0)
		images_commit(images, &batch, NULL, NULL);
	image_batch_fini(&batch);
	forget_image(pull);
	reference_fini(&pull->ref);
	strings_fini(&pull->result.names);
	free(pull->id);
	free(pull->name);
	free(pull);
	for (size_t i = 0; i < freed.count; i++)
		pull_layers_wake(images, freed.items[i]);
}

static bool parse_request(const struct image_pull_request *request, struct pull *pull,
			  struct error *err)
{
	if (!reference_parse(request->reference, &pull->ref, err))
		return false;
	if (!request->all_tags)
		reference_add_default_tag(&pull->ref);
	if (pull->ref.digest)
		free(take(pull->ref.tag));
	pull->platform_asked = !str_is_empty(request->platform);
	pull->platform = platform_host();
	return !pull->platform_asked || platform_parse(request->platform, &pull->platform, err);
}

struct image_job *image_pull(struct image_store *images, const struct image_pull_request *request,
			     const struct image_job_handlers *handlers, void *data,
			     struct error *err)
{
	struct pull *pull;

	if (store_disk_is_full(images->store)) {
		error_set(err, ERROR_UNAVAILABLE, "no space left on the disk of the images");
		return NULL;
	}
	pull = mem_new(struct pull);
	image_job_init(&pull->job, images, handlers, data);
	pull->job.free = free_pull;
	if (!parse_request(request, pull, err)) {
		image_job_cancel(&pull->job);
		return NULL;
	}
	pull->name = reference_familiar_name(&pull->ref);
	if (!start_fetcher(pull, request->auth, err)) {
		image_job_cancel(&pull->job);
		return NULL;
	}
	return &pull->job;
}
