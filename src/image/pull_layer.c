#include "image/pull_layer.h"

#include "base/time.h"
#include "format/digest.h"
#include "image/progress.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

#define TELL_INTERVAL_NS (100 * NS_PER_MS)

/* ---- telling ---- */

/* As clients see it: the head of the blob's digest. */
static const char *short_id(const struct pull_layer *l, char out[static PULL_LAYER_ID_LENGTH + 1])
{
	memcpy(out, digest_hex(l->blob->digest), PULL_LAYER_ID_LENGTH);
	out[PULL_LAYER_ID_LENGTH] = '\0';
	return out;
}

void pull_layer_tell(const struct pull_layer *l, const char *status)
{
	scoped_buffer struct buffer line = {0};
	char id[PULL_LAYER_ID_LENGTH + 1];

	progress_step(&line, short_id(l, id), status);
	image_job_progress(l->job, &line);
}

static void tell_bytes(struct pull_layer *l, const char *status, int64_t current)
{
	scoped_buffer struct buffer line = {0};
	char id[PULL_LAYER_ID_LENGTH + 1];
	int64_t now = time_monotonic_ns();

	if (now - l->told_at < TELL_INTERVAL_NS)
		return;
	l->told_at = now;
	progress_bytes(&line, short_id(l, id), status, current, l->blob->size);
	image_job_progress(l->job, &line);
}

/* ---- the blob ---- */

static int open_blob(const struct pull_layer *l, int flags, struct error *err)
{
	int file = openat(l->job->images->partial, digest_hex(l->blob->digest),
			  flags | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (file < 0)
		error_errno(err, "cannot open blob '%s'", l->blob->digest);
	return file;
}

static void drop_blob(const struct pull_layer *l)
{
	unlinkat(l->job->images->partial, digest_hex(l->blob->digest), 0);
}

/* ---- unpacking ---- */

static void on_unpacked(void *data, struct layer *layer)
{
	struct pull_layer *l = data;
	struct image_store *images = l->job->images;
	scoped_free char *digest = str_dup(l->blob->digest);

	l->unpacking = NULL;
	l->layer = layer;
	l->state = LAYER_DONE;
	drop_blob(l);
	map_remove(&images->fetching, digest);
	pull_layer_tell(l, "Pull complete");
	l->handlers->on_done(l->owner);
	pull_layers_wake(images, digest);
}

static void on_unpack_failed(void *data, const struct error *err)
{
	struct pull_layer *l = data;

	l->unpacking = NULL;
	drop_blob(l);
	l->handlers->on_failed(l->owner, err);
}

static void on_position(void *data, int64_t position)
{
	struct pull_layer *l = data;

	if (l->state == LAYER_UNPACKING)
		tell_bytes(l, "Extracting", position);
}

static bool start_unpacking(struct pull_layer *l, struct error *err)
{
	static const struct layer_job_handlers handlers = {on_unpacked, on_unpack_failed,
							   on_position};
	int input = open_blob(l, O_RDONLY, err);
	struct layer_source source = {.input = input, .growing = true, .diff_id = l->diff_id};

	if (input < 0)
		return false;
	l->unpacking = layer_job_start(l->job->images, &source, &handlers, l, err);
	return l->unpacking != NULL;
}

/* ---- claiming ---- */

static bool start_fetching(struct pull_layer *l, struct error *err)
{
	struct worker_number number = {l->number};
	scoped_fd int file = open_blob(l, O_RDWR | O_CREAT, err);

	if (file < 0 || !start_unpacking(l, err))
		return false;
	map_put(&l->job->images->fetching, l->blob->digest, l);
	worker_process_send(l->fetcher, FETCH_LAYER, &worker_number_type, &number, &file, 1);
	l->state = LAYER_FETCHING;
	return true;
}

bool pull_layer_claim(struct pull_layer *l, struct error *err)
{
	struct image_store *images = l->job->images;

	l->layer = layer_find(images, l->diff_id);
	if (l->layer && !layer_recipe_is_settled(images, l->layer))
		l->layer = NULL; /* its bytes are needed once more */
	if (l->layer) {
		layer_use(l->layer);
		l->state = LAYER_DONE;
		return true;
	}
	if (!map_get(&images->fetching, l->blob->digest))
		return start_fetching(l, err);
	l->state = LAYER_WAITS;
	vector_add(&images->waiting, l);
	return true;
}

static void stop_waiting(struct pull_layer *l)
{
	struct image_store *images = l->job->images;

	for (size_t i = 0; i < images->waiting.count; i++)
		if (images->waiting.items[i] == l) {
			vector_remove(&images->waiting, i);
			return;
		}
}

void pull_layer_stop(struct pull_layer *l, bool keep, struct strings *freed)
{
	struct map *fetching = &l->job->images->fetching;

	stop_waiting(l);
	layer_job_cancel(take(l->unpacking));
	if (map_get(fetching, l->blob->digest) != l)
		return;
	map_remove(fetching, l->blob->digest);
	strings_add(freed, l->blob->digest);
	if (!keep)
		drop_blob(l);
}

/* Names with a point are of documents, which go with their jobs. */
static bool is_fetched(const struct image_store *images, const char *name)
{
	scoped_free char *digest = str_format("sha256:%s", name);

	return strchr(name, '.') || map_get(&images->fetching, digest);
}

void pull_blobs_prune(struct image_store *images)
{
	scoped_list DIR *list = folder_list(images->partial);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (!is_fetched(images, entry->d_name))
			unlinkat(images->partial, entry->d_name, 0);
}

static struct pull_layer *find_waiting(const struct image_store *images, const char *digest)
{
	for (size_t i = 0; i < images->waiting.count; i++)
		if (str_equal(images->waiting.items[i]->blob->digest, digest))
			return images->waiting.items[i];
	return NULL;
}

static void go_on(struct pull_layer *l)
{
	struct error err;

	stop_waiting(l);
	if (!pull_layer_claim(l, &err)) {
		l->handlers->on_failed(l->owner, &err);
		return;
	}
	if (l->state != LAYER_DONE)
		return;
	pull_layer_tell(l, "Pull complete");
	l->handlers->on_done(l->owner);
}

/* Nobody fetches this blob any more: it is there, or the next one takes over. */
void pull_layers_wake(struct image_store *images, const char *digest)
{
	struct pull_layer *l;

	while (!images->closing && !map_get(&images->fetching, digest) &&
	       (l = find_waiting(images, digest)))
		go_on(l);
}

/* ---- what the fetcher says ---- */

static void on_running(struct pull_layer *l, const struct fetch_progress *progress)
{
	tell_bytes(l, "Downloading", progress->current);
	layer_job_more(l->unpacking, progress->current, false);
}

static void on_pause(struct pull_layer *l, const struct fetch_progress *progress)
{
	scoped_free char *text = str_format("Retrying in %d second%s", progress->seconds,
					    progress->seconds == 1 ? "" : "s");

	pull_layer_tell(l, text);
}

/* What was unpacked so far came of bytes that were wrong. */
static void on_again(struct pull_layer *l, const struct fetch_progress *progress)
{
	struct error err;

	layer_job_cancel(take(l->unpacking));
	if (!start_unpacking(l, &err))
		l->handlers->on_failed(l->owner, &err);
}

static void on_complete(struct pull_layer *l, const struct fetch_progress *progress)
{
	l->state = LAYER_UNPACKING;
	pull_layer_tell(l, "Verifying Checksum");
	pull_layer_tell(l, "Download complete");
	layer_job_more(l->unpacking, l->blob->size, true);
}

static void (*const on_state[])(struct pull_layer *l, const struct fetch_progress *progress) = {
	[FETCH_RUNNING] = on_running,
	[FETCH_WAITING] = on_pause,
	[FETCH_AGAIN] = on_again,
	[FETCH_COMPLETE] = on_complete,
};

bool pull_layer_advance(struct pull_layer *l, const struct fetch_progress *progress)
{
	if (l->state != LAYER_FETCHING || progress->current < 0 ||
	    progress->current > l->blob->size || progress->state < 0 ||
	    (size_t)progress->state >= array_length(on_state))
		return false;
	on_state[progress->state](l, progress);
	return true;
}
