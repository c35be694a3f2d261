/* The queue between the loop and the writer thread.
 *
 * The writer takes everything that waits and writes it as one transaction, so that many clients
 * share one fsync.  What needs none and stands in front of what does is committed first, on its
 * own: a start never waits for the disk because a create came behind it.  While the writer works,
 * the next group gathers.
 *
 * Finished writes go back through a list and one uv_async.  Whoever reads a document queues up, too, and
 * gets it once what waited with him is written. */
#include "store/state_file.h"

#include "base/memory.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define WRITER_STACK (256 << 10) /* SQLite needs a fifth of it */

struct write {
	struct write *next;
	enum store_promise promise;
	store_done *done;
	void *data;
	bool failed;
	struct error err;
	store_read_done *read;	/* NULL: it is a write, */
	struct buffer document; /* else what was found */
	bool found;
	size_t count;
	struct store_change changes[]; /* keys and values stand behind them, in the same block */
};

struct queue {
	struct write *first, **last; /* last: where the next one is hung */
};

struct store {
	struct state_file *file; /* the writer's, once `writing` */
	uv_async_t finished;	 /* the loop's */
	uv_thread_t writer;
	uv_mutex_t mutex;
	uv_cond_t wake;
	struct queue waiting, done; /* under the mutex, as is `closing` */
	bool closing;
	bool writing;	   /* the loop's: a first write was made */
	size_t unfinished; /* the loop's: keeps the loop alive */
	atomic_bool full;
};

/* ---- queues ---- */

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_add(struct queue *queue, struct write *write)
{
	write->next = NULL;
	*queue->last = write;
	queue->last = &write->next;
}

static struct write *queue_take_all(struct queue *queue)
{
	struct write *all = queue->first;

	queue_init(queue);
	return all;
}

static void write_free(struct write *write)
{
	buffer_fini(&write->document);
	free(write);
}

static void queue_free(struct queue *queue)
{
	for (struct write *write = queue_take_all(queue), *next; write; write = next) {
		next = write->next;
		write_free(write);
	}
}

/* ---- the writer ---- */

static bool write_group(struct state_file *file, struct write *first, const struct write *end,
			enum store_promise promise, struct error *err)
{
	if (!state_file_begin(file, promise, err))
		return false;
	for (struct write *write = first; write != end; write = write->next)
		for (size_t i = 0; i < write->count && !write->read; i++)
			if (!state_file_change(file, &write->changes[i], err))
				return false;
	return state_file_commit(file, err);
}

static void commit_group(struct store *store, struct write *first, const struct write *end,
			 enum store_promise promise)
{
	struct error err;
	bool ok = write_group(store->file, first, end, promise, &err);

	if (!ok && err.os == ENOSPC && state_file_release_reserve(store->file))
		ok = write_group(store->file, first, end, promise, &err);
	for (struct write *write = first; write != end && !ok; write = write->next) {
		write->failed = true;
		write->err = err;
	}
	atomic_store(&store->full, !state_file_has_reserve(store->file));
}

/* Whatever became of the writes beside it. */
static void read_group(struct store *store, struct write *first, const struct write *end)
{
	for (struct write *write = first; write != end; write = write->next)
		if (write->read)
			write->failed =
				!state_file_read(store->file, write->changes[0].key,
						 &write->document, &write->found, &write->err);
}

static const struct write *first_durable(const struct write *write)
{
	while (write && write->promise != STORE_SURVIVES_POWER_CUT)
		write = write->next;
	return write;
}

static void give_back(struct store *store, struct write *first, const struct write *end)
{
	uv_mutex_lock(&store->mutex);
	for (struct write *write = first, *next; write != end; write = next) {
		next = write->next;
		queue_add(&store->done, write);
	}
	uv_mutex_unlock(&store->mutex);
	uv_async_send(&store->finished);
}

static void write_all(struct store *store, struct write *all)
{
	struct write *durable = (struct write *)first_durable(all);

	if (all != durable) {
		commit_group(store, all, durable, STORE_SURVIVES_KILL);
		read_group(store, all, durable);
		give_back(store, all, durable);
	}
	if (durable) {
		commit_group(store, durable, NULL, STORE_SURVIVES_POWER_CUT);
		read_group(store, durable, NULL);
		give_back(store, durable, NULL);
	}
}

/* What waits, or NULL when there is none.  Sleeps only if told so. */
static struct write *take_waiting(struct store *store, bool sleep)
{
	struct write *all;

	uv_mutex_lock(&store->mutex);
	while (sleep && !store->waiting.first && !store->closing)
		uv_cond_wait(&store->wake, &store->mutex);
	all = queue_take_all(&store->waiting);
	uv_mutex_unlock(&store->mutex);
	return all;
}

static void writer_main(void *data)
{
	struct store *store = data;
	struct write *all;

	while ((all = take_waiting(store, true))) {
		do {
			write_all(store, all);
			state_file_tidy(store->file, false);
		} while ((all = take_waiting(store, false)));
		state_file_tidy(store->file, true);
		atomic_store(&store->full, !state_file_has_reserve(store->file));
	}
}

/* Signals are the loop's: the writer is born with all of them blocked. */
static bool start_writer(struct store *store, struct error *err)
{
	uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
				       .stack_size = WRITER_STACK};
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = uv_thread_create_ex(&store->writer, &options, writer_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		return true;
	return error_set(err, ERROR_SYSTEM, "cannot start the store's writer: %s",
			 uv_strerror(failed));
}

/* ---- the loop's side ---- */

static void finish(struct store *store, struct write *write)
{
	if (--store->unfinished == 0)
		uv_unref((uv_handle_t *)&store->finished);
	const struct error *err = write->failed ? &write->err : NULL;
	const char *document = write->document.data ? write->document.data : "";

	if (write->read)
		write->read(write->data, write->found ? document : NULL, write->document.size, err);
	else if (write->done)
		write->done(write->data, err);
	write_free(write);
}

static void on_finished(uv_async_t *handle)
{
	struct store *store = handle->data;
	struct write *all;

	uv_mutex_lock(&store->mutex);
	all = queue_take_all(&store->done);
	uv_mutex_unlock(&store->mutex);
	for (struct write *write = all, *next; write; write = next) {
		next = write->next;
		finish(store, write);
	}
}

struct store *store_open(uv_loop_t *loop, const char *folder, struct error *err)
{
	struct store *store;
	struct state_file *file = state_file_open(folder, err);

	if (!file)
		return NULL;
	store = mem_new(struct store);
	store->file = file;
	queue_init(&store->waiting);
	queue_init(&store->done);
	uv_mutex_init(&store->mutex);
	uv_cond_init(&store->wake);
	uv_async_init(loop, &store->finished, on_finished);
	store->finished.data = store;
	uv_unref((uv_handle_t *)&store->finished);
	atomic_store(&store->full, !state_file_has_reserve(file));
	if (start_writer(store, err))
		return store;
	store->closing = true;
	store_close(store);
	return NULL;
}

static void free_store(uv_handle_t *handle)
{
	struct store *store = handle->data;

	queue_free(&store->waiting);
	queue_free(&store->done);
	uv_cond_destroy(&store->wake);
	uv_mutex_destroy(&store->mutex);
	free(store);
}

static void stop_writer(struct store *store)
{
	uv_mutex_lock(&store->mutex);
	store->closing = true;
	uv_cond_signal(&store->wake);
	uv_mutex_unlock(&store->mutex);
	uv_thread_join(&store->writer);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (!store->closing)
		stop_writer(store);
	state_file_close(store->file);
	uv_close((uv_handle_t *)&store->finished, free_store);
}

bool store_each(struct store *store, const char *prefix,
		bool (*visit)(void *data, const char *key, const void *value, size_t size),
		void *data, struct error *err)
{
	assert(!store->writing);
	return state_file_each(store->file, prefix, visit, data, err);
}

/* Room that somebody has made since is seen at once: the next write then brings the reserve back. */
bool store_disk_is_full(const struct store *store)
{
	return atomic_load(&store->full) && !state_file_has_room(store->file);
}

/* ---- making writes ---- */

static struct write *write_new(const struct store_change *changes, size_t count)
{
	size_t head = sizeof(struct write) + count * sizeof(*changes), size = head;
	struct write *write;
	char *at;

	for (size_t i = 0; i < count; i++)
		size += strlen(changes[i].key) + 1 + changes[i].size;
	write = mem_zeroed(1, size);
	write->count = count;
	at = (char *)write + head;
	for (size_t i = 0; i < count; i++) {
		struct store_change *copy = &write->changes[i];

		copy->key = memcpy(at, changes[i].key, strlen(changes[i].key) + 1);
		at += strlen(changes[i].key) + 1;
		copy->size = changes[i].size;
		copy->document = changes[i].document;
		if (changes[i].value)
			copy->value = memcpy(at, changes[i].value, changes[i].size);
		at += changes[i].size;
	}
	return write;
}

static void enqueue(struct store *store, struct write *write)
{
	store->writing = true;
	if (store->unfinished++ == 0)
		uv_ref((uv_handle_t *)&store->finished);
	uv_mutex_lock(&store->mutex);
	queue_add(&store->waiting, write);
	uv_cond_signal(&store->wake);
	uv_mutex_unlock(&store->mutex);
}

void store_commit(struct store *store, const struct store_change *changes, size_t count,
		  enum store_promise promise, store_done *done, void *data)
{
	struct write *write = write_new(changes, count);

	write->promise = promise;
	write->done = done;
	write->data = data;
	enqueue(store, write);
}

void store_read(struct store *store, const char *key, store_read_done *done, void *data)
{
	struct store_change what = {.key = key, .document = true};
	struct write *write = write_new(&what, 1);

	write->promise = STORE_SURVIVES_KILL;
	write->read = done;
	write->data = data;
	enqueue(store, write);
}

void store_put(struct store *store, const char *key, const void *value, size_t size,
	       enum store_promise promise, store_done *done, void *data)
{
	struct store_change change = {.key = key, .value = value ? value : "", .size = size};

	store_commit(store, &change, 1, promise, done, data);
}

void store_delete(struct store *store, const char *key, enum store_promise promise,
		  store_done *done, void *data)
{
	struct store_change change = {.key = key};

	store_commit(store, &change, 1, promise, done, data);
}
