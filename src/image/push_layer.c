/* Uploads.  A registry gives an address for each; parts of it are sent by PATCH, and the last word is a PUT
 * with the digest.  A part is kept until the registry has it: when the connection breaks, the registry is
 * asked how far it came and the rest of the part is sent again.  When it has forgotten the upload, the layer
 * begins anew with bytes made anew. */
#include "image/push_layer.h"

#include "image/content_hash.h"
#include "image/manifest_write.h"
#include "os/fd.h"

#include <errno.h>
#include <unistd.h>

#define PART_SIZE (8 << 20)

enum outcome { SENT, LOST, GIVEN_UP };

struct upload {
	const struct push_line *line;
	const struct push_layer *layer;
	struct content_hash *hash; /* of what was read */
	char *url;		   /* owned: where the next part goes */
	int pipe;
	int32_t number;	    /* of the pipe */
	struct buffer part; /* read, and not there yet */
	int64_t offset;	    /* bytes that are there */
	int64_t furthest;   /* the most that ever was there, of earlier uploads too */
	bool at_end;	    /* of the pipe */
	int32_t failures;   /* since it came further than ever */
};

static void upload_fini(struct upload *u)
{
	content_hash_free(u->hash);
	free(u->url);
	close_fd(&u->pipe);
	buffer_fini(&u->part);
}

/* ---- telling ---- */

static bool tell(const struct upload *u, enum push_state state, int32_t seconds, struct error *err)
{
	struct push_told told = {
		.diff_id = u->layer->diff_id, .state = (int32_t)state, .seconds = seconds};

	return worker_send(u->line->worker, PUSH_TOLD, &push_told_type, &told, err);
}

/* After a failure that may pass; false when there were enough. */
static bool pause_before_next(struct upload *u, struct error *err)
{
	int64_t ms = u->line->start->retry_ms * ++u->failures;
	struct error gone;

	if (u->failures >= u->line->start->attempts)
		return false;
	tell(u, PUSH_RETRIES, (int32_t)((ms + 999) / 1000), &gone);
	usleep((useconds_t)(ms * 1000));
	return true;
}

static void go_to(struct upload *u, struct registry_reply *reply)
{
	if (!reply->location)
		return;
	free(u->url);
	u->url = take(reply->location);
}

/* ---- what is there ---- */

static enum registry_verdict has_blob(const struct push_line *line, const char *digest, bool *has,
				      struct error *err)
{
	scoped_free char *what = str_format("blobs/%s", digest);
	struct registry_call call = {
		.method = "HEAD", .what = what, .offset = -1, .may_lack = true};
	struct registry_reply reply;
	enum registry_verdict verdict = registry_send(line->registry, &call, &reply, err);

	if (verdict != REGISTRY_DONE)
		return verdict;
	*has = reply.status != 404;
	registry_reply_fini(&reply);
	return verdict;
}

/* The address of a new upload; with a mount it may be done already. */
static enum registry_verdict begin_upload(const struct push_line *line, const char *mount,
					  char **url, bool *mounted, struct error *err)
{
	scoped_free char *what = str_format("blobs/uploads/%s", mount ? mount : "");
	struct registry_call call = {.method = "POST", .what = what, .offset = -1};
	struct registry_reply reply;
	enum registry_verdict verdict = registry_send(line->registry, &call, &reply, err);

	if (verdict != REGISTRY_DONE)
		return verdict;
	*mounted = reply.status == 201;
	*url = take(reply.location);
	registry_reply_fini(&reply);
	if (*mounted || *url)
		return REGISTRY_DONE;
	error_set(err, ERROR_SYSTEM, "the registry takes no uploads");
	return REGISTRY_FAILED;
}

/* ---- the end of an upload ---- */

static char *with_digest(const char *url, const char *digest)
{
	return str_format("%s%cdigest=%s", url, strchr(url, '?') ? '&' : '?', digest);
}

/* `bytes` are the whole of it, or nothing: all is there. */
static enum registry_verdict finish_upload(const struct push_line *line, const char *url,
					   const char *digest, const struct buffer *bytes,
					   struct error *err)
{
	scoped_free char *last = with_digest(url, digest);
	struct registry_call call = {
		.method = "PUT",
		.url = last,
		.content_type = "application/octet-stream",
		.body = bytes->data,
		.size = bytes->size,
		.offset = -1,
	};
	struct registry_reply reply;
	enum registry_verdict verdict = registry_send(line->registry, &call, &reply, err);
	struct error ignored;
	bool has = false;

	if (verdict == REGISTRY_DONE)
		registry_reply_fini(&reply);
	/* its answer may have been lost, not the blob */
	if (verdict == REGISTRY_LATER && has_blob(line, digest, &has, &ignored) == REGISTRY_DONE &&
	    has)
		return REGISTRY_DONE;
	return verdict;
}

bool push_document(const struct push_line *line, const char *digest, const struct buffer *bytes,
		   struct error *err)
{
	enum registry_verdict verdict = REGISTRY_LATER;

	for (int32_t i = 0; verdict == REGISTRY_LATER && i < line->start->attempts; i++) {
		scoped_free char *url = NULL;
		bool has = false, mounted;

		if (i > 0)
			usleep((useconds_t)(line->start->retry_ms * i * 1000));
		verdict = has_blob(line, digest, &has, err);
		if (verdict == REGISTRY_DONE && !has)
			verdict = begin_upload(line, NULL, &url, &mounted, err);
		if (verdict == REGISTRY_DONE && !has)
			verdict = finish_upload(line, url, digest, bytes, err);
	}
	return verdict == REGISTRY_DONE;
}

/* ---- bytes of a layer ---- */

static bool get_pipe(struct upload *u, struct error *err)
{
	struct worker_document need = {.digest = u->layer->diff_id};
	struct worker_number number = {0};
	struct message *message;

	close_fd(&u->pipe);
	if (!worker_send(u->line->worker, PUSH_NEED, &worker_document_type, &need, err))
		return false;
	do /* what was said of an earlier pipe does not matter any more */
		if (!worker_receive(u->line->worker, &message, err))
			return false;
	while (message->type != PUSH_PIPE);
	if (!worker_decode(message, PUSH_PIPE, &worker_number_type, &number, err))
		return false;
	if (message->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "the worker got no pipe");
	u->pipe = take_fd(message->fds[0]);
	u->number = number.number;
	return true;
}

static bool read_part(struct upload *u, struct error *err)
{
	while (!u->at_end && u->part.size < PART_SIZE) {
		char *room = buffer_reserve(&u->part, PART_SIZE - u->part.size);
		ssize_t n = read(u->pipe, room, PART_SIZE - u->part.size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read the layer");
		u->at_end = n == 0;
		content_hash_add(u->hash, room, (size_t)n);
		buffer_wrote(&u->part, (size_t)n);
	}
	return true;
}

/* Whether what came through the pipe was the layer. */
static bool wait_packed(const struct upload *u, struct error *err)
{
	struct push_packed packed = {0};
	struct message *message;
	bool ok;

	do {
		record_fini(&push_packed_type, &packed);
		if (!worker_expect(u->line->worker, PUSH_PACKED, &push_packed_type, &packed,
				   &message, err))
			return false;
	} while (packed.number != u->number);
	ok = !packed.failure;
	if (!ok)
		error_set(err, ERROR_SYSTEM, "%s", packed.failure);
	record_fini(&push_packed_type, &packed);
	return ok;
}

/* ---- parts ---- */

/* How far the registry came with the part at hand. */
static enum outcome ask_offset(struct upload *u, int64_t *received, struct error *err)
{
	struct registry_call call = {
		.method = "GET", .url = u->url, .offset = -1, .may_lack = true};
	struct registry_reply reply;
	enum registry_verdict verdict = registry_send(u->line->registry, &call, &reply, err);
	enum outcome outcome = SENT;

	if (verdict != REGISTRY_DONE)
		return verdict == REGISTRY_LATER ? SENT : GIVEN_UP; /* it is asked again */
	if (reply.status == 404 || reply.received < u->offset ||
	    reply.received > u->offset + (int64_t)u->part.size)
		outcome = LOST;
	*received = reply.received;
	go_to(u, &reply);
	registry_reply_fini(&reply);
	return outcome;
}

static void drop_sent(struct upload *u, int64_t received)
{
	if (received <= u->offset)
		return;
	buffer_consume(&u->part, (size_t)(received - u->offset));
	u->offset = received;
	if (received <=
	    u->furthest) /* once more: else a registry that forgets would get it for ever */
		return;
	u->furthest = received;
	u->failures = 0;
}

static enum registry_verdict send_part(struct upload *u, struct error *err)
{
	struct registry_call call = {
		.method = "PATCH",
		.url = u->url,
		.content_type = "application/octet-stream",
		.body = u->part.data,
		.size = u->part.size,
		.offset = u->offset,
	};
	struct registry_reply reply;
	enum registry_verdict verdict = registry_send(u->line->registry, &call, &reply, err);

	if (verdict != REGISTRY_DONE)
		return verdict;
	go_to(u, &reply);
	registry_reply_fini(&reply);
	drop_sent(u, u->offset + (int64_t)u->part.size);
	return verdict;
}

static enum outcome send_whole_part(struct upload *u, struct error *err)
{
	while (u->part.size > 0) {
		int64_t received = u->offset;
		enum outcome outcome;

		switch (send_part(u, err)) {
		case REGISTRY_DONE:
			continue;
		case REGISTRY_FAILED:
			return GIVEN_UP;
		case REGISTRY_LATER:
		case REGISTRY_AGAIN:
			break;
		}
		if (!pause_before_next(u, err))
			return GIVEN_UP;
		outcome = ask_offset(u, &received, err);
		if (outcome != SENT)
			return outcome;
		drop_sent(u, received);
	}
	return SENT;
}

/* ---- the whole ---- */

static enum outcome finish(struct upload *u, struct descriptor *found, struct error *err)
{
	char digest[CONTENT_DIGEST_SIZE];
	int64_t size = u->offset + (int64_t)u->part.size;

	if (!wait_packed(u, err))
		return GIVEN_UP;
	content_hash_finish(u->hash, digest);
	switch (finish_upload(u->line, u->url, digest, &u->part, err)) {
	case REGISTRY_DONE:
		*found = (struct descriptor){.media_type = str_dup(LAYER_DOCKER_GZIP),
					     .digest = str_dup(digest),
					     .size = size};
		return SENT;
	case REGISTRY_LATER:
		return LOST;
	case REGISTRY_FAILED:
	case REGISTRY_AGAIN:
		break;
	}
	return GIVEN_UP;
}

/* A layer that fits one part goes with the last word. */
static enum outcome send_parts(struct upload *u, struct descriptor *found, struct error *err)
{
	for (;;) {
		enum outcome outcome;

		if (!read_part(u, err))
			return GIVEN_UP;
		if (u->at_end && (u->offset == 0 || u->part.size == 0))
			return finish(u, found, err);
		outcome = send_whole_part(u, err);
		if (outcome != SENT)
			return outcome;
	}
}

static enum outcome upload_once(struct upload *u, struct descriptor *found, struct error *err)
{
	bool mounted;

	if (!u->url) {
		switch (begin_upload(u->line, NULL, &u->url, &mounted, err)) {
		case REGISTRY_DONE:
			break;
		case REGISTRY_LATER:
			return LOST;
		case REGISTRY_FAILED:
		case REGISTRY_AGAIN:
			return GIVEN_UP;
		}
	}
	return get_pipe(u, err) ? send_parts(u, found, err) : GIVEN_UP;
}

static void begin_anew(struct upload *u)
{
	char unused[CONTENT_DIGEST_SIZE];

	content_hash_finish(u->hash, unused);
	free(take(u->url));
	buffer_clear(&u->part);
	u->offset = 0;
	u->at_end = false;
}

/* `url` is owned: of an upload that was begun already; NULL: none. */
static bool upload(const struct push_line *line, const struct push_layer *layer, char *url,
		   struct descriptor *found, struct error *err)
{
	scoped_with(upload_fini) struct upload u = {
		.line = line, .layer = layer, .hash = content_hash_new(), .url = url, .pipe = -1};
	enum outcome outcome;

	do {
		outcome = upload_once(&u, found, err);
		if (outcome == LOST && !pause_before_next(&u, err))
			outcome = GIVEN_UP;
		if (outcome == LOST)
			begin_anew(&u);
	} while (outcome == LOST);
	return outcome == SENT && tell(&u, PUSH_SENT, 0, err);
}

/* ---- layers that are known ---- */

static void describe(const struct layer_blob *blob, struct descriptor *out)
{
	*out = (struct descriptor){
		.media_type = str_dup(blob->media_type ? blob->media_type : LAYER_DOCKER_GZIP),
		.digest = str_dup(blob->digest),
		.size = blob->size,
	};
}

static bool told(const struct push_line *line, const struct push_layer *layer,
		 enum push_state state, const char *from, struct error *err)
{
	struct push_told told = {.diff_id = layer->diff_id,
				 .state = (int32_t)state,
				 .from = (char *)(uintptr_t)from};

	return worker_send(line->worker, PUSH_TOLD, &push_told_type, &told, err);
}

/* Newest first: those are the likeliest.  *done when one is there. */
static bool look_for(const struct push_line *line, const struct push_layer *layer,
		     struct descriptor *found, bool *done, struct error *err)
{
	for (size_t i = layer->blobs.count; i-- > 0;) {
		const struct layer_blob *blob = RECORD_AT(layer->blobs, struct layer_blob, i);
		enum registry_verdict verdict = has_blob(line, blob->digest, done, err);

		if (verdict == REGISTRY_FAILED)
			return false;
		if (verdict != REGISTRY_DONE || !*done)
			continue;
		describe(blob, found);
		return told(line, layer, PUSH_EXISTS, NULL, err);
	}
	return true;
}

/* The path of a repository of the same registry; NULL: it is of another, or this one. */
static const char *source_of(const struct push_line *line, const struct layer_blob *blob)
{
	size_t length = strlen(line->start->domain);

	if (strncmp(blob->repository, line->start->domain, length) != 0 ||
	    blob->repository[length] != '/' ||
	    str_equal(blob->repository + length + 1, line->start->path))
		return NULL;
	return blob->repository + length + 1;
}

/* *url is an upload that a registry began instead, for the caller. */
static bool try_mounts(const struct push_line *line, const struct push_layer *layer,
		       struct descriptor *found, bool *done, char **url, struct error *err)
{
	for (size_t i = layer->blobs.count; i-- > 0 && !*url;) {
		const struct layer_blob *blob = RECORD_AT(layer->blobs, struct layer_blob, i);
		const char *from = source_of(line, blob);
		scoped_free char *mount =
			from ? str_format("?mount=%s&from=%s", blob->digest, from) : NULL;
		struct error ignored;

		if (!from || begin_upload(line, mount, url, done, &ignored) != REGISTRY_DONE ||
		    !*done)
			continue;
		free(take(*url));
		describe(blob, found);
		return told(line, layer, PUSH_MOUNTED, from, err);
	}
	return true;
}

bool push_layer(const struct push_line *line, const struct push_layer *layer,
		struct descriptor *found, struct error *err)
{
	bool done = false;
	char *url = NULL;

	if (!look_for(line, layer, found, &done, err))
		return false;
	if (done)
		return true;
	if (!try_mounts(line, layer, found, &done, &url, err))
		return false;
	return done || upload(line, layer, url, found, err);
}
