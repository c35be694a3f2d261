#include "image/download.h"

#include "base/time.h"
#include "image/content_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define TELL_INTERVAL_NS (50 * NS_PER_MS)
#define FOREVER_MS	 (3600 * 1000)
#define STALL_CHECK_MS	 1000 /* while something runs: libcurl looks for stalls when it is called */
#define RETRY_AFTER_MAX	 60
#define WORTH_A_TRY	 (64 * 1024) /* a try that brought as much is not counted */

enum download_state { QUEUED, RUNNING, WAITING, DONE };

struct download {
	enum download_state state;
	int32_t number; /* of the layer */
	const struct descriptor *blob;
	int file; /* owned */
	struct content_hash *hash;
	int64_t count;	    /* bytes in the file, all of them hashed */
	int64_t tried_from; /* where the present try began */
	int64_t furthest; /* the most that was there at the end of a try worth not to be counted */
	bool pieced;	  /* not from one answer: a wrong digest is worth another try */
	int32_t failures;
	int64_t retry_at;
	int64_t told_at;
	struct registry_request request;
	struct transfer *transfer; /* owned */
	struct downloads *all;
	struct error err; /* of the sink */
};

struct downloads {
	struct worker *worker;
	struct registry *registry;
	const struct record_list *layers;
	const struct download_settings *settings;
	CURLM *multi;
	struct {
		struct download **items;
		size_t count, capacity;
	} list; /* in the order asked for */
	int32_t running;
	bool finished; /* FETCH_NEXT has come */
};

/* ---- telling ---- */

static bool tell(struct download *d, enum fetch_state state, int32_t seconds, struct error *err)
{
	struct fetch_progress progress = {d->number, (int32_t)state, d->count, seconds};

	d->told_at = time_monotonic_ns();
	return worker_send(d->all->worker, FETCH_PROGRESS, &fetch_progress_type, &progress, err);
}

/* ---- the file ---- */

static bool write_file(struct download *d, const char *bytes, size_t size, struct error *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(d->file, bytes + done, size - done, d->count + (off_t)done);

		if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot write blob '%s'", d->blob->digest);
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

static bool start_over(struct download *d, struct error *err)
{
	char dropped[CONTENT_DIGEST_SIZE];

	if (ftruncate(d->file, 0) < 0)
		return error_errno(err, "cannot empty blob '%s'", d->blob->digest);
	content_hash_finish(d->hash, dropped);
	d->count = d->tried_from = 0;
	d->pieced = false;
	return tell(d, FETCH_AGAIN, 0, err);
}

/* Before the first byte of an answer: does it begin where we asked? */
static bool check_start(struct download *d, struct error *err)
{
	const struct transfer_answer *answer = transfer_answer(d->transfer);

	if (d->count == 0 || d->count != d->tried_from)
		return true;
	if (answer->status == 200)
		return start_over(d, err);
	if (answer->from != d->count)
		return error_set(err, ERROR_SYSTEM,
				 "the registry sends another part than was asked for");
	return true;
}

static bool take_bytes(struct download *d, const void *bytes, size_t size, struct error *err)
{
	if (!check_start(d, err))
		return false;
	if ((int64_t)size > d->blob->size - d->count)
		return error_set(err, ERROR_INVALID, "blob '%s' is longer than the manifest says",
				 d->blob->digest);
	if (!write_file(d, bytes, size, err))
		return false;
	content_hash_add(d->hash, bytes, size);
	d->count += (int64_t)size;
	/* The unpacker gets the last bytes when the whole is right: else it might be the first to fail on
	 * a blob that was damaged on its way, with words that blame the layer. */
	if (d->count == d->blob->size || time_monotonic_ns() - d->told_at < TELL_INTERVAL_NS)
		return true;
	return tell(d, FETCH_RUNNING, 0, err);
}

static bool on_bytes(void *data, const void *bytes, size_t size)
{
	struct download *d = data;

	return take_bytes(d, bytes, size, &d->err);
}

/* Hash what an earlier pull has left in the file. */
static bool read_beginning(struct download *d, struct error *err)
{
	scoped_free char *block = mem_resize(NULL, 1 << 18, 1);
	ssize_t n;

	while ((n = pread(d->file, block, 1 << 18, d->count)) > 0) {
		content_hash_add(d->hash, block, (size_t)n);
		d->count += n;
	}
	if (n < 0)
		return error_errno(err, "cannot read blob '%s'", d->blob->digest);
	d->pieced = d->count > 0;
	d->furthest = d->count;
	return d->count <= d->blob->size || start_over(d, err);
}

/* ---- one download ---- */

static void download_free(struct download *d)
{
	transfer_free(d->transfer); /* leaves the multi handle by itself */
	content_hash_free(d->hash);
	registry_request_fini(&d->request);
	close_fd(&d->file);
	free(d);
}

static bool add_download(struct downloads *all, int32_t number, int file, struct error *err)
{
	struct download *d = mem_new(struct download);
	scoped_free char *what = NULL;

	d->all = all;
	d->number = number;
	d->blob = RECORD_AT(*all->layers, struct descriptor, number);
	d->file = file;
	d->hash = content_hash_new();
	d->transfer = transfer_new(&all->settings->transfer);
	what = str_format("blobs/%s", d->blob->digest);
	registry_request_init(all->registry, what, &d->request);
	vector_add(&all->list, d);
	return read_beginning(d, err);
}

static bool is_right(struct download *d)
{
	char digest[CONTENT_DIGEST_SIZE];

	content_hash_finish(d->hash, digest);
	return str_equal(digest, d->blob->digest);
}

/* All bytes are there.  A wrong whole is tried once more, if it may be the pieces that do not fit. */
static bool complete(struct download *d, struct error *err)
{
	if (is_right(d)) {
		d->state = DONE;
		return tell(d, FETCH_COMPLETE, 0, err);
	}
	if (!d->pieced)
		return error_set(err, ERROR_INVALID,
				 "filesystem layer verification failed for digest %s",
				 d->blob->digest);
	d->state = QUEUED;
	return start_over(d, err);
}

static bool begin(struct download *d, struct error *err)
{
	struct transfer_request request = {.write = on_bytes, .data = d, .from = d->count};

	if (d->count == d->blob->size)
		return complete(d, err);
	registry_prepare(d->all->registry, &d->request, &request);
	d->pieced = d->pieced || d->count > 0;
	d->tried_from = d->count;
	d->err.kind = ERROR_NONE;
	d->state = RUNNING;
	d->all->running++;
	curl_multi_add_handle(d->all->multi, transfer_begin(d->transfer, &request));
	return true;
}

/* Further than ever: who begins anew each time, and never comes further, would else try for ever. */
static bool was_worth_it(struct download *d)
{
	if (d->count - d->furthest < WORTH_A_TRY)
		return false;
	d->furthest = d->count;
	return true;
}

/* A pause, then another try; `why` is the failure when there have been enough. */
static bool try_later(struct download *d, const struct error *why, struct error *err)
{
	int64_t asked = transfer_answer(d->transfer)->retry_after;
	int64_t pause;

	d->failures = was_worth_it(d) ? 1 : d->failures + 1;
	if (d->failures >= d->all->settings->attempts) {
		*err = *why;
		return false;
	}
	pause = d->all->settings->retry_ms * d->failures * NS_PER_MS;
	if (asked > 0 && asked <= RETRY_AFTER_MAX && asked * NS_PER_SECOND > pause)
		pause = asked * NS_PER_SECOND;
	d->state = WAITING;
	d->retry_at = time_monotonic_ns() + pause;
	d->told_at = 0;
	return true;
}

/* A whole answer of 200 or 206 has come; is the blob whole, too? */
static bool finish_answer(struct download *d, struct error *err)
{
	struct error early;

	if (d->count == d->blob->size)
		return complete(d, err);
	error_set(&early, ERROR_UNAVAILABLE, "blob '%s' ends too early", d->blob->digest);
	return try_later(d, &early, err);
}

/* The part that was asked for is not there, or another came: the server's blob is another one, or it cannot
 * do parts.  The next try asks for the whole, so that no later pull meets the same with what is kept. */
static bool is_bad_range(const struct download *d)
{
	const struct transfer_answer *answer = transfer_answer(d->transfer);

	if (d->tried_from == 0 || d->count != d->tried_from)
		return false;
	return answer->status == 416 || (answer->status == 206 && answer->from != d->tried_from);
}

static bool judge(struct download *d, const struct error *failure, struct error *err)
{
	struct error why;

	if (is_bad_range(d)) {
		d->state = QUEUED;
		return start_over(d, err);
	}
	if (d->err.kind != ERROR_NONE) {
		*err = d->err;
		return false;
	}
	switch (registry_judge(d->all->registry, &d->request, transfer_answer(d->transfer), failure,
			       &why)) {
	case REGISTRY_DONE:
		return finish_answer(d, err);
	case REGISTRY_AGAIN:
		d->state = QUEUED;
		return true;
	case REGISTRY_LATER:
		return try_later(d, &why, err);
	case REGISTRY_FAILED:
		break;
	}
	*err = why;
	return false;
}

static bool end(struct download *d, CURLcode code, struct error *err)
{
	struct error failure;
	bool came = transfer_end(d->transfer, code, &failure);

	d->all->running--;
	return judge(d, came ? NULL : &failure, err);
}

/* ---- all of them ---- */

static struct download *find_download(const struct downloads *all, CURL *handle)
{
	const struct transfer *transfer = transfer_of(handle);

	for (size_t i = 0; i < all->list.count; i++)
		if (all->list.items[i]->transfer == transfer)
			return all->list.items[i];
	return NULL;
}

static bool take_ended(struct downloads *all, struct error *err)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(all->multi, &left))) {
		struct download *d = find_download(all, message->easy_handle);
		CURLcode code = message->data.result;

		curl_multi_remove_handle(all->multi, message->easy_handle);
		if (!end(d, code, err))
			return false;
	}
	return true;
}

/* Count a pause down, a line a second, as people know it. */
static bool wait_on(struct download *d, int64_t now, struct error *err)
{
	int64_t left = d->retry_at - now;

	if (left <= 0) {
		d->state = QUEUED;
		return true;
	}
	if (now - d->told_at < NS_PER_SECOND)
		return true;
	return tell(d, FETCH_WAITING, (int32_t)((left + NS_PER_SECOND - 1) / NS_PER_SECOND), err);
}

static bool advance(struct downloads *all, struct error *err)
{
	int64_t now = time_monotonic_ns();

	for (size_t i = 0; i < all->list.count; i++) {
		struct download *d = all->list.items[i];

		if (d->state == WAITING && !wait_on(d, now, err))
			return false;
		if (d->state == QUEUED && all->running < all->settings->at_once && !begin(d, err))
			return false;
	}
	return true;
}

/* Until something has to be done without a descriptor saying so. */
static int next_timeout(const struct downloads *all)
{
	int64_t now = time_monotonic_ns();
	int64_t timeout = all->running > 0 ? STALL_CHECK_MS : FOREVER_MS;

	for (size_t i = 0; i < all->list.count; i++) {
		const struct download *d = all->list.items[i];
		int64_t next = d->told_at + NS_PER_SECOND;

		if (d->state == QUEUED && all->running < all->settings->at_once)
			return 0;
		if (d->state != WAITING)
			continue;
		next = next < d->retry_at ? next : d->retry_at;
		next = next > now ? (next - now) / NS_PER_MS + 1 : 0;
		timeout = next < timeout ? next : timeout;
	}
	return (int)timeout;
}

/* ---- orders ---- */

static bool take_layer(struct downloads *all, struct message *message, struct error *err)
{
	struct worker_number number = {0};

	if (!worker_decode(message, FETCH_LAYER, &worker_number_type, &number, err))
		return false;
	if (number.number < 0 || (size_t)number.number >= all->layers->count ||
	    message->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "there is no layer %d", number.number);
	return add_download(all, number.number, take_fd(message->fds[0]), err);
}

static bool take_order(struct downloads *all, struct message *message, struct error *err)
{
	if (message->type == FETCH_NEXT) {
		all->finished = true;
		return true;
	}
	return take_layer(all, message, err);
}

static bool take_orders(struct downloads *all, struct error *err)
{
	struct message *message;

	while (!all->finished) {
		if (!worker_try_receive(all->worker, &message, err))
			return false;
		if (!message)
			return true;
		if (!take_order(all, message, err))
			return false;
	}
	return true;
}

/* One turn: what was ordered, what can begin, what has come; then wait for more. */
static bool turn(struct downloads *all, struct error *err)
{
	struct curl_waitfd control = {.fd = all->worker->control, .events = CURL_WAIT_POLLIN};
	int running;

	if (!advance(all, err))
		return false;
	curl_multi_perform(all->multi, &running);
	if (!take_ended(all, err))
		return false;
	curl_multi_poll(all->multi, &control, 1, next_timeout(all), NULL);
	return take_orders(all, err);
}

static void downloads_fini(struct downloads *all)
{
	for (size_t i = 0; i < all->list.count; i++)
		download_free(all->list.items[i]);
	vector_fini(&all->list);
	curl_multi_cleanup(all->multi);
}

bool download_layers(struct worker *worker, struct registry *registry,
		     const struct record_list *layers, const struct download_settings *settings,
		     struct error *err)
{
	scoped_with(downloads_fini) struct downloads all = {
		.worker = worker,
		.registry = registry,
		.layers = layers,
		.settings = settings,
		.multi = curl_multi_init(),
	};

	while (!all.finished)
		if (!turn(&all, err))
			return false;
	return true;
}
