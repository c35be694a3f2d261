#include "image/upload.h"

#include "base/id.h"
#include "http/http_chunk.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "image/transfer.h"
#include "os/fd.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_SIZE (256 * 1024)
#define DRAIN_MAX  (64 << 20)

/* ---- opening ---- */

static bool take_start(struct upload *u, struct error *err)
{
	struct message *message;

	if (!worker_expect(u->worker, WORKER_START, &upload_start_type, &u->start, &message, err))
		return false;
	if (message->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "the worker got no connection");
	u->connection = take_fd(message->fds[0]);
	return true;
}

/* Both read files when they are first used; afterwards there are none.  Jansson's seed keeps a JSON of
 * chosen names from filling one bucket of its tables. */
static void prepare_libraries(void)
{
	size_t seed;

	random_bytes(&seed, sizeof(seed));
	json_object_seed(seed | 1);
	content_hash_prepare();
}

bool upload_open(struct upload *u, struct worker *worker, struct error *err)
{
	struct http_body_input input;

	*u = (struct upload){.worker = worker, .connection = -1, .pipe = -1, .document = -1};
	if (!take_start(u, err))
		return false;
	input = (struct http_body_input){
		.socket = u->connection,
		.framing = (enum http_framing)u->start.framing,
		.length = (uint64_t)u->start.length,
		.expects_continue = u->start.expects_continue,
		.early = &u->start.early,
	};
	u->body = http_body_new(&input);
	u->block = mem_resize(NULL, BLOCK_SIZE, 1);
	prepare_libraries();
	if (u->start.url)
		curl_global_init(CURL_GLOBAL_DEFAULT);
	return u->start.url ? confine_to_network(err) : confine_to_descriptors(err);
}

void upload_fini(struct upload *u)
{
	for (size_t i = 0; i < u->layers.count; i++)
		record_fini(&unpacked_type, &u->layers.items[i]);
	vector_fini(&u->layers);
	http_body_free(u->body);
	free(u->block);
	close_fd(&u->pipe);
	close_fd(&u->document);
	close_fd(&u->connection);
	record_fini(&upload_start_type, &u->start);
}

/* ---- the answer ---- */

/* A client that has gone is noticed here, and no reason to stop: what was sent whole is kept. */
static void say(struct upload *u, const char *text)
{
	struct error gone;

	if (!u->head_sent)
		fd_write_all(u->connection, u->start.head.data ? u->start.head.data : "",
			     u->start.head.size, &gone);
	u->head_sent = true;
	http_chunk_write(u->connection, u->start.chunked, text, strlen(text), &gone);
}

static void close_answer(struct upload *u)
{
	struct error gone;

	say(u, "");
	http_chunk_finish(u->connection, u->start.chunked, &gone);
	u->closed = true;
}

/* ---- orders ---- */

static bool take_say(struct upload *u, struct message *message, struct error *err)
{
	struct worker_text text = {0};

	if (!record_decode(&worker_text_type, message->data, message->size, &text, err))
		return false;
	if (text.text)
		say(u, text.text);
	record_fini(&worker_text_type, &text);
	return true;
}

static bool take_unpacked(struct upload *u, struct message *message, struct error *err)
{
	struct unpacked unpacked = {0};

	if (!record_decode(&unpacked_type, message->data, message->size, &unpacked, err))
		return false;
	if (unpacked.number < 0 || (size_t)unpacked.number >= u->layers.count)
		return error_set(err, ERROR_SYSTEM, "there is no layer %d", unpacked.number);
	record_fini(&unpacked_type, &u->layers.items[unpacked.number]);
	u->layers.items[unpacked.number] = unpacked;
	return true;
}

static bool take_order(struct upload *u, struct message *message, struct error *err)
{
	switch (message->type) {
	case UPLOAD_SAY:
		return take_say(u, message, err);
	case UPLOAD_UNPACKED:
		return take_unpacked(u, message, err);
	case UPLOAD_PIPE:
		if (message->fd_count == 1)
			u->pipe = take_fd(message->fds[0]);
		return true;
	case WORKER_GIVE:
		u->given = true;
		if (message->fd_count == 1)
			u->document = take_fd(message->fds[0]);
		return true;
	case UPLOAD_CLOSE:
		close_answer(u);
		return true;
	default:
		return error_set(err, ERROR_SYSTEM, "unexpected message %u", message->type);
	}
}

static bool wait_for_order(struct upload *u, struct error *err)
{
	struct message *message;

	if (u->closed)
		return error_set(err, ERROR_SYSTEM, "the daemon has ended the job");
	return worker_receive(u->worker, &message, err) && take_order(u, message, err);
}

/* Those that have come already. */
static bool take_orders(struct upload *u, struct error *err)
{
	struct message *message;

	while (!u->closed) {
		if (!worker_try_receive(u->worker, &message, err))
			return false;
		if (!message)
			return true;
		if (!take_order(u, message, err))
			return false;
	}
	return error_set(err, ERROR_SYSTEM, "the daemon has ended the job");
}

/* ---- the body ---- */

/* Until the client sends more, or the daemon says something. */
static void wait_for_either(const struct upload *u)
{
	struct pollfd fds[] = {{.fd = u->connection, .events = POLLIN},
			       {.fd = u->worker->control, .events = POLLIN}};

	if (http_body_needs_input(u->body))
		poll(fds, 2, -1);
}

static bool has_input(const struct upload *u)
{
	struct pollfd fd = {.fd = u->connection, .events = POLLIN};

	return !http_body_needs_input(u->body) || poll(&fd, 1, 0) > 0;
}

static ssize_t next_body(void *data, const void **block, struct error *err)
{
	struct upload *u = data;
	ssize_t size;

	do {
		wait_for_either(u);
		if (!take_orders(u, err))
			return -1;
	} while (!has_input(u));
	size = http_body_read(u->body, u->block, BLOCK_SIZE, err);
	if (size > 0)
		u->count += size;
	if (u->count > u->start.size_limit) {
		error_set(err, ERROR_INVALID, "the archive is larger than %lld bytes",
			  (long long)u->start.size_limit);
		return -1;
	}
	*block = u->block;
	return size;
}

struct byte_source upload_source(struct upload *u)
{
	return (struct byte_source){next_body, u};
}

/* ---- layers and images ---- */

bool upload_begin_layer(struct upload *u, int *pipe, struct error *err)
{
	struct worker_number number = {(int32_t)u->layers.count};
	struct unpacked none = {0};

	if (u->layers.count >= UPLOAD_LAYERS_MAX)
		return error_set(err, ERROR_INVALID, "the archive has more than %d layers",
				 UPLOAD_LAYERS_MAX);
	vector_add(&u->layers, none);
	if (!worker_send(u->worker, UPLOAD_LAYER, &worker_number_type, &number, err))
		return false;
	while (u->pipe < 0)
		if (!wait_for_order(u, err))
			return false;
	*pipe = take_fd(u->pipe);
	return true;
}

bool upload_write(struct upload *u, int pipe, const void *data, size_t size, struct error *err)
{
	if (fd_write_all(pipe, data, size, err))
		return true;
	while (err->os == EPIPE && wait_for_order(u, err))
		;
	return false;
}

static bool all_unpacked(const struct upload *u)
{
	for (size_t i = 0; i < u->layers.count; i++)
		if (!u->layers.items[i].diff_id)
			return false;
	return true;
}

bool upload_wait_layers(struct upload *u, struct error *err)
{
	while (!all_unpacked(u))
		if (!wait_for_order(u, err))
			return false;
	return true;
}

/* As worker_want, but other orders may come before the answer. */
static bool want(struct upload *u, const char *digest, struct error *err)
{
	struct worker_document wanted = {.digest = (char *)(uintptr_t)digest};

	u->given = false;
	close_fd(&u->document);
	if (!worker_send(u->worker, WORKER_WANT, &worker_document_type, &wanted, err))
		return false;
	while (!u->given)
		if (!wait_for_order(u, err))
			return false;
	return true;
}

bool upload_keep(struct upload *u, const char *digest, const struct buffer *bytes,
		 struct error *err)
{
	return want(u, digest, err) &&
	       (u->document < 0 || worker_have(u->worker, digest, u->document, bytes, err));
}

bool upload_image(struct upload *u, const struct image_config *config, const struct buffer *bytes,
		  const struct strings *names, const struct strings *documents, struct error *err)
{
	char id[CONTENT_DIGEST_SIZE];
	struct upload_image image = {.id = id,
				     .config = (struct image_config *)(uintptr_t)config,
				     .names = *names,
				     .documents = strings_copy(documents)};
	bool ok;

	content_digest(bytes->data, bytes->size, id);
	strings_add(&image.documents, id);
	ok = upload_keep(u, id, bytes, err) &&
	     worker_send(u->worker, UPLOAD_IMAGE, &upload_image_type, &image, err);
	strings_fini(&image.documents);
	return ok;
}

/* ---- the end ---- */

void upload_end(struct upload *u, const struct error *err)
{
	struct error gone;

	if (u->closed || u->connection < 0)
		return;
	if (err)
		worker_fail(u->worker, err);
	else
		worker_send(u->worker, UPLOAD_END, NULL, NULL, &gone);
	while (!u->closed && wait_for_order(u, &gone))
		;
	shutdown(u->connection, SHUT_WR);
	if (u->count > 0 ||
	    !u->start.expects_continue) /* else the client has sent nothing, and never will */
		http_body_drain(u->body, DRAIN_MAX);
}
