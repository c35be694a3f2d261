/* A pull, as the daemon sees it: the fetcher finds the image and fetches what it is told to; here it is
 * decided what is needed, and each layer goes from blob to folder to record beside the others.
 *
 * A layer's blob grows in blobs/partial while its unpacker reads behind the fetcher's pen.  A blob that
 * another pull is fetching already is waited for; when that one fails, the next in line takes over where
 * it stopped.  A blob whose fetching broke off stays for the next pull, until the daemon ends. */
#include "image/image_store.h"

#include "base/log.h"
#include "base/time.h"
#include "format/digest.h"
#include "format/reference.h"
#include "image/job_documents.h"
#include "image/layer_job.h"
#include "image/manifest.h"
#include "image/progress.h"

#include <fcntl.h>
#include <unistd.h>

#define TELL_INTERVAL_NS (100 * NS_PER_MS)
#define SHORT_LENGTH	 12

enum pull_state {
	LAYER_WAITS, /* another one fetches this blob */
	LAYER_FETCHING,
	LAYER_UNPACKING, /* the blob is whole */
	LAYER_DONE,
};

struct pull_layer {
	struct pull *pull;
	int32_t number;
	enum pull_state state;
	char id[SHORT_LENGTH + 1];     /* as clients see it: of the blob's digest */
	const struct descriptor *blob; /* borrowed from the image found */
	const char *diff_id;	       /* likewise */
	struct layer_job *unpacking;
	struct layer *layer; /* LAYER_DONE: used once by us */
	int64_t told_at;
};

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
	bool updated;		   /* some name has moved */
	bool told_names;

	struct image_result result;
};

/* ---- telling ---- */

static void tell_message(struct pull *pull, const char *id, const char *status)
{
	scoped_buffer struct buffer line = {0};

	progress_message(&line, id, status);
	image_job_progress(&pull->job, &line);
}

static void tell_step(const struct pull_layer *l, const char *status)
{
	scoped_buffer struct buffer line = {0};

	progress_step(&line, l->id, status);
	image_job_progress(&l->pull->job, &line);
}

static void tell_bytes(struct pull_layer *l, const char *status, int64_t current)
{
	scoped_buffer struct buffer line = {0};

	progress_bytes(&line, l->id, status, current, l->blob->size);
	image_job_progress(&l->pull->job, &line);
	l->told_at = time_monotonic_ns();
}

/* ---- failing ---- */

static void fail(struct pull *pull, const struct error *err)
{
	struct error copy = *err;
	struct image_result nothing = {0};

	image_job_end(&pull->job, &nothing, &copy);
}

/* ---- blobs ---- */

static bool open_blob(const struct pull_layer *l, int *write, int *read, struct error *err)
{
	const char *name = digest_hex(l->blob->digest);
	int partial = l->pull->job.images->partial;

	*write = openat(partial, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	*read = *write < 0 ? -1 : openat(partial, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *read >= 0 || error_errno(err, "cannot make blob '%s'", l->blob->digest);
}

static void drop_blob(const struct pull_layer *l)
{
	unlinkat(l->pull->job.images->partial, digest_hex(l->blob->digest), 0);
}

/* ---- one layer ---- */

static void on_unpacked(void *data, struct layer *layer);
static void on_unpack_failed(void *data, const struct error *err);

static bool start_unpacking(struct pull_layer *l, int input, struct error *err)
{
	static const struct layer_job_handlers handlers = {on_unpacked, on_unpack_failed};
	struct layer_source source = {.input = input, .growing = true, .diff_id = l->diff_id};

	l->unpacking = layer_job_start(l->pull->job.images, &source, &handlers, l, err);
	return l->unpacking != NULL;
}

static bool start_fetching(struct pull_layer *l, struct error *err)
{
	struct worker_number number = {l->number};
	scoped_fd int file = -1;
	int input = -1;

	if (!open_blob(l, &file, &input, err) || !start_unpacking(l, input, err))
		return false;
	map_put(&l->pull->job.images->fetching, l->blob->digest, l);
	worker_process_send(l->pull->fetcher, FETCH_LAYER, &worker_number_type, &number, &file, 1);
	l->state = LAYER_FETCHING;
	return true;
}

/* The blob, if it was ours to fetch, is added to what others may go on with. */
static void stop_fetching(struct pull_layer *l, struct strings *freed)
{
	struct map *fetching = &l->pull->job.images->fetching;

	layer_job_cancel(take(l->unpacking));
	if (map_get(fetching, l->blob->digest) != l)
		return;
	map_remove(fetching, l->blob->digest);
	strings_add(freed, l->blob->digest);
}

/* Take it as it is, wait for whoever fetches it, or fetch it. */
static bool claim(struct pull_layer *l, struct error *err)
{
	struct image_store *images = l->pull->job.images;

	l->layer = layer_find(images, l->diff_id);
	if (l->layer) {
		layer_use(l->layer);
		l->state = LAYER_DONE;
		return true;
	}
	l->state = LAYER_WAITS;
	return map_get(&images->fetching, l->blob->digest) || start_fetching(l, err);
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

static void record(struct pull *pull)
{
	struct image_store *images = pull->job.images;
	struct strings documents = strings_copy(&pull->found.documents);
	struct image_batch batch = {0};
	struct image *image =
		image_add(images, pull->found.id, pull->found.config, &documents, &batch);

	strings_fini(&documents);
	release_layers(pull, &batch);
	name_image(pull, image, &batch);
	pull->result.image = image;
	images_commit(images, &batch, on_recorded, pull);
}

static void record_if_complete(struct pull *pull)
{
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

/* ---- others that wait for the same blob ---- */

static void free_pull(struct image_job *job);

static bool waits_for(const struct pull_layer *l, const char *digest)
{
	return l->state == LAYER_WAITS && str_equal(l->blob->digest, digest);
}

/* One layer of any pull that waits for this blob. */
static struct pull_layer *find_waiting(const struct image_store *images, const char *digest)
{
	for (size_t i = 0; i < images->jobs.count; i++) {
		struct pull *pull = (struct pull *)images->jobs.items[i];

		if (pull->job.free != free_pull || !pull->layers)
			continue;
		for (size_t k = 0; k < pull->found.layers.count; k++)
			if (waits_for(&pull->layers[k], digest))
				return &pull->layers[k];
	}
	return NULL;
}

static void go_on(struct pull_layer *l)
{
	struct pull *pull = l->pull;
	struct error err;

	if (!claim(l, &err)) {
		fail(pull, &err);
		return;
	}
	if (l->state != LAYER_DONE)
		return;
	tell_step(l, "Pull complete");
	record_if_complete(pull);
}

/* Nobody fetches this blob any more: it is there, or the next one takes over. */
static void wake_waiting(struct image_store *images, const char *digest)
{
	struct pull_layer *l;

	while (!images->closing && !map_get(&images->fetching, digest) &&
	       (l = find_waiting(images, digest)))
		go_on(l);
}

/* ---- what the unpacker says ---- */

static void on_unpacked(void *data, struct layer *layer)
{
	struct pull_layer *l = data;
	struct image_store *images = l->pull->job.images;
	scoped_free char *digest = str_dup(l->blob->digest);

	l->unpacking = NULL;
	l->layer = layer;
	l->state = LAYER_DONE;
	drop_blob(l);
	map_remove(&images->fetching, digest);
	tell_step(l, "Pull complete");
	record_if_complete(l->pull);
	wake_waiting(images, digest);
}

static void on_unpack_failed(void *data, const struct error *err)
{
	struct pull_layer *l = data;

	l->unpacking = NULL;
	drop_blob(l);
	fail(l->pull, err);
}

/* ---- what the fetcher says about a layer ---- */

static void on_running(struct pull_layer *l, const struct fetch_progress *progress)
{
	if (time_monotonic_ns() - l->told_at >= TELL_INTERVAL_NS)
		tell_bytes(l, "Downloading", progress->current);
	layer_job_more(l->unpacking, progress->current, false);
}

static void on_pause(struct pull_layer *l, const struct fetch_progress *progress)
{
	scoped_free char *text = str_format("Retrying in %d second%s", progress->seconds,
					    progress->seconds == 1 ? "" : "s");

	tell_step(l, text);
}

/* What was unpacked so far came of bytes that were wrong. */
static void on_again(struct pull_layer *l, const struct fetch_progress *progress)
{
	struct error err;
	int input = openat(l->pull->job.images->partial, digest_hex(l->blob->digest),
			   O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	layer_job_cancel(take(l->unpacking));
	if (input < 0)
		error_errno(&err, "cannot open blob '%s'", l->blob->digest);
	if (input < 0 || !start_unpacking(l, input, &err))
		fail(l->pull, &err);
}

static void on_complete(struct pull_layer *l, const struct fetch_progress *progress)
{
	l->state = LAYER_UNPACKING;
	tell_step(l, "Verifying Checksum");
	tell_step(l, "Download complete");
	tell_bytes(l, "Extracting", l->blob->size);
	layer_job_more(l->unpacking, l->blob->size, true);
}

static void (*const on_state[])(struct pull_layer *l, const struct fetch_progress *progress) = {
	[FETCH_RUNNING] = on_running,
	[FETCH_WAITING] = on_pause,
	[FETCH_AGAIN] = on_again,
	[FETCH_COMPLETE] = on_complete,
};

static bool bad_worker(struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "the fetch worker says what makes no sense");
}

static bool take_progress(struct pull *pull, const struct message *message, struct error *err)
{
	struct fetch_progress progress = {0};
	struct pull_layer *l;

	if (!record_decode(&fetch_progress_type, message->data, message->size, &progress, err))
		return false;
	if (!pull->layers || progress.layer < 0 ||
	    (size_t)progress.layer >= pull->found.layers.count || progress.state < 0 ||
	    (size_t)progress.state >= array_length(on_state))
		return bad_worker(err);
	l = &pull->layers[progress.layer];
	if (l->state != LAYER_FETCHING || progress.current < 0 || progress.current > l->blob->size)
		return bad_worker(err);
	on_state[progress.state](l, &progress);
	return true;
}

/* ---- what the fetcher has found ---- */

static void init_layer(struct pull *pull, size_t index)
{
	struct pull_layer *l = &pull->layers[index];

	l->pull = pull;
	l->number = (int32_t)index;
	l->blob = RECORD_AT(pull->found.layers, struct descriptor, index);
	l->diff_id = pull->found.config->diff_ids.items[index];
	memcpy(l->id, digest_hex(l->blob->digest), SHORT_LENGTH);
}

static bool claim_layers(struct pull *pull, struct error *err)
{
	size_t count = pull->found.layers.count;

	pull->layers = mem_zeroed(count, sizeof(*pull->layers));
	for (size_t i = 0; i < count; i++)
		init_layer(pull, i);
	for (size_t i = 0; i < count; i++) {
		struct pull_layer *l = &pull->layers[i];

		if (!claim(l, err))
			return false;
		tell_step(l, l->state == LAYER_DONE ? "Already exists" : "Pulling fs layer");
	}
	for (size_t i = 0; i < count; i++)
		if (pull->layers[i].state == LAYER_WAITS ||
		    (pull->layers[i].state == LAYER_FETCHING &&
		     i >= (size_t)pull->job.images->limits.downloads))
			tell_step(&pull->layers[i], "Waiting");
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

/* ---- the fetcher ---- */

/* An image that is there whole is leased, so that it stays until its new names are recorded. */
static bool knows(struct image_job *job, const char *id)
{
	struct pull *pull = (struct pull *)job;
	struct image *image = image_by_id(job->images, id);
	struct error missing;

	if (!image || pull->known || !image_lease(job->images, image, &missing))
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
	if (!err && !pull->result.image)
		error_set(&silent, ERROR_NOT_FOUND, "no image of '%.200s' was found", pull->name);
	if (err || !pull->result.image) {
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
		stop_fetching(&pull->layers[i], &freed);
	release_layers(pull, &batch);
	if (batch.count > 0)
		images_commit(images, &batch, NULL, NULL);
	image_batch_fini(&batch);
	forget_image(pull);
	reference_fini(&pull->ref);
	strings_fini(&pull->result.names);
	free(pull->name);
	free(pull);
	for (size_t i = 0; i < freed.count; i++)
		wake_waiting(images, freed.items[i]);
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
	struct pull *pull = mem_new(struct pull);

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
