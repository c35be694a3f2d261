/* The client.  Bytes wait in `in` until they are asked for: after the head what follows it, while a
 * body is being sent an early answer.  The body is decoded in the caller's buffer as http_body.c does
 * it: pieces only ever move down. */
#include "http/http_client.h"

#include "http/http_chunk.h"
#include "http/http_head.h"
#include "http/http_transport.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#define BODY_PIECE	   ((size_t)64 * 1024)
#define EARLY_ANSWER_LIMIT ((size_t)1024 * 1024)

struct http_client {
	struct http_address address;
	struct http_client_tls tls;
	bool uses_tls;
	struct http_transport transport;
	struct http_message message; /* the answer */
	struct buffer in;	     /* read, not yet used */
	size_t in_used;
	char *out; /* where the next piece of body belongs, inside the caller's buffer */
	bool at_end, reusable;
	bool no_body;	 /* the request was HEAD */
	size_t scanned;	 /* of `in`, in search of a head's end */
	struct error refusal; /* why the request was not sent whole; ERROR_NONE: it was */
};

/* ---- life ---- */

static void free_tls(struct http_client_tls *tls)
{
	free((char *)tls->ca);
	free((char *)tls->certificate);
	free((char *)tls->key);
}

struct http_client *http_client_new(const char *address, const struct http_client_tls *tls,
				    struct error *err)
{
	struct http_client *client = mem_new(struct http_client);

	client->transport.fd = -1;
	if (!http_address_parse(&client->address, address, err)) {
		http_client_free(client);
		return NULL;
	}
	client->uses_tls = tls && !client->address.path;
	if (tls)
		client->tls = (struct http_client_tls){str_dup_or_null(tls->ca),
						       str_dup_or_null(tls->certificate),
						       str_dup_or_null(tls->key), tls->verify};
	return client;
}

static void disconnect(struct http_client *client)
{
	http_transport_close(&client->transport);
	buffer_fini(&client->in);
	client->in_used = 0;
	client->at_end = client->reusable = false;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	disconnect(client);
	http_address_fini(&client->address);
	free_tls(&client->tls);
	free(client);
}

void http_answer_fini(struct http_answer *answer)
{
	pairs_fini(&answer->headers);
	*answer = (struct http_answer){0};
}

/* Has the daemon closed the connection since the last answer? */
static bool is_stale(struct http_client *client)
{
	struct pollfd p = {.fd = client->transport.fd, .events = POLLIN};

	return !client->reusable || poll(&p, 1, 0) != 0;
}

static bool ensure_connected(struct http_client *client, struct error *err)
{
	if (client->transport.fd >= 0 && is_stale(client))
		disconnect(client);
	return client->transport.fd >= 0 ||
	       http_transport_open(&client->transport, &client->address,
				   client->uses_tls ? &client->tls : NULL, err);
}

/* ---- bytes ---- */

static size_t left_in(const struct http_client *client)
{
	return client->in.size - client->in_used;
}

static size_t take_in(struct http_client *client, void *out, size_t size)
{
	if (size > left_in(client))
		size = left_in(client);
	memcpy(out, client->in.data + client->in_used, size);
	client->in_used += size;
	if (!left_in(client)) {
		buffer_fini(&client->in);
		client->in_used = 0;
	}
	return size;
}

static ssize_t try_read(struct http_client *client, void *out, size_t size, struct error *err)
{
	if (left_in(client))
		return (ssize_t)take_in(client, out, size);
	return client->transport.driver->read(&client->transport, out, size, err);
}

static ssize_t read_waiting(struct http_client *client, void *out, size_t size, struct error *err)
{
	ssize_t n;

	while ((n = try_read(client, out, size, err)) == TRANSPORT_AGAIN)
		http_transport_wait(&client->transport, -1);
	return n;
}

/* Add to `in` what is there now, as the transport's read. */
static ssize_t fill_in(struct http_client *client, struct error *err)
{
	struct http_transport *t = &client->transport;
	char *room = buffer_reserve(&client->in, BODY_PIECE);
	ssize_t n = t->driver->read(t, room, BODY_PIECE, err);

	buffer_wrote(&client->in, n > 0 ? (size_t)n : 0);
	return n;
}

static bool write_all(struct http_client *client, const void *data, size_t size, struct error *err)
{
	struct http_transport *t = &client->transport;
	const char *from = data;

	while (size) {
		ssize_t n = t->driver->write(t, from, size, err);

		if (n == TRANSPORT_FAILED)
			return false;
		if (n == TRANSPORT_AGAIN)
			http_transport_wait(t, -1);
		else
			from += n, size -= (size_t)n;
	}
	return true;
}

/* ---- the request ---- */

ssize_t http_bytes_read(void *data, void *out, size_t size, struct error *err)
{
	struct http_bytes *bytes = data;
	size_t part = bytes->left < size ? bytes->left : size;

	memcpy(out, bytes->data, part);
	bytes->data += part;
	bytes->left -= part;
	return (ssize_t)part;
}

static void add_framing(struct buffer *head, const char *method,
			const struct http_body_source *body)
{
	if (body && body->read && body->size < 0)
		buffer_add_text(head, "Transfer-Encoding: chunked\r\n");
	else if (body && body->read)
		buffer_format(head, "Content-Length: %" PRId64 "\r\n", body->size);
	else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		buffer_add_text(head, "Content-Length: 0\r\n");
	buffer_add_text(head, "\r\n");
}

static bool send_head(struct http_client *client, const char *method, const char *target,
		      const struct pairs *headers, const struct http_body_source *body,
		      struct error *err)
{
	scoped_buffer struct buffer head = {0};

	buffer_format(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target,
		      client->address.authority);
	for (size_t i = 0; headers && i < headers->count; i++)
		buffer_format(&head, "%s: %s\r\n", headers->items[i].name, headers->items[i].value);
	add_framing(&head, method, body);
	return write_all(client, head.data, head.size, err);
}

/* Is the answer, as far as it came, a refusal? */
static bool is_refused(const struct http_client *client)
{
	return left_in(client) >= 12 && client->in.data[client->in_used + 9] >= '3';
}

/* Wait for room to write, and take what the daemon says meanwhile: one that answers while it reads, and
 * finds nobody to take the answer, would stop reading.  False: no use in sending more. */
static bool wait_to_send(struct http_client *client)
{
	struct pollfd p = {.fd = client->transport.fd, .events = client->transport.waits_for};
	struct error ignored;

	if (client->in.size < EARLY_ANSWER_LIMIT)
		p.events |= POLLIN;
	poll(&p, 1, -1);
	if (p.revents & p.events & POLLIN) {
		ssize_t n = fill_in(client, &ignored);

		if (n == 0 || n == TRANSPORT_FAILED)
			return false;
	}
	return !is_refused(client);
}

static bool send_piece(struct http_client *client, const char *data, size_t size, struct error *err)
{
	struct http_transport *t = &client->transport;

	while (size) {
		ssize_t n = t->driver->write(t, data, size, err);

		if (n == TRANSPORT_FAILED)
			return false;
		if (n == TRANSPORT_AGAIN) {
			if (!wait_to_send(client))
				return error_set(err, ERROR_UNAVAILABLE,
						 "the daemon stopped reading");
		} else {
			data += n;
			size -= (size_t)n;
		}
	}
	return true;
}

/* One piece of body, and its frame around it in the same buffer. */
static ssize_t read_piece(const struct http_body_source *body, char *buffer, size_t *offset,
			  struct error *err)
{
	char line[HTTP_CHUNK_LINE];
	ssize_t size = body->read(body->data, buffer + HTTP_CHUNK_LINE, BODY_PIECE, err);

	*offset = HTTP_CHUNK_LINE;
	if (size <= 0 || body->size >= 0)
		return size;
	size_t length = http_chunk_line(line, (size_t)size);
	*offset -= length;
	memcpy(buffer + *offset, line, length);
	memcpy(buffer + HTTP_CHUNK_LINE + size, HTTP_CHUNK_END, 2);
	return (ssize_t)length + size + 2;
}

static bool send_body(struct http_client *client, const struct http_body_source *body,
		      bool *source_failed, struct error *err)
{
	scoped_free char *buffer = mem_zeroed(1, HTTP_CHUNK_LINE + BODY_PIECE + 2);
	int64_t total = 0;
	size_t offset;
	ssize_t size;

	*source_failed = false;
	while ((size = read_piece(body, buffer, &offset, err)) > 0) {
		if (!send_piece(client, buffer + offset, (size_t)size, err))
			return false;
		total += size;
	}
	if (size == 0 && body->size < 0)
		return send_piece(client, HTTP_CHUNK_LAST, strlen(HTTP_CHUNK_LAST), err);
	*source_failed = true;
	if (size == 0 && total == body->size)
		return true;
	return size < 0 ? false
			: error_set(err, ERROR_INVALID, "what is sent changed its size meanwhile");
}

/* ---- the answer ---- */

static void take_piece(void *data, const char *piece, size_t size)
{
	struct http_client *client = data;

	memmove(client->out, piece, size);
	client->out += size;
}

/* Both must take it: our own reading of the lines, and llhttp, whose framing is the one that counts. */
static bool parse_head(struct http_client *client, char *text, size_t size,
		       struct http_answer *answer)
{
	struct http_fields fields = {0};
	char *cursor = text + strcspn(text, "\n") + 1;
	bool good = strlen(text) == size && strncmp(text, "HTTP/1.", 7) == 0 &&
		    http_message_feed_head(&client->message, text, size) &&
		    http_fields_parse(&fields, &cursor) && cursor == text + size;

	answer->status = client->message.parser.status_code;
	for (size_t i = 0; good && i < fields.count; i++)
		pairs_set(&answer->headers, fields.items[i].name, fields.items[i].value);
	http_fields_fini(&fields);
	return good;
}

/* Have a whole head in `in`: its size, HTTP_CLIENT_AGAIN, or -1. */
static ssize_t find_head(struct http_client *client, struct error *err)
{
	ssize_t size = 0;

	while (!left_in(client) || (size = http_head_end(client->in.data + client->in_used,
							 left_in(client), &client->scanned)) == 0) {
		ssize_t n = left_in(client) > HTTP_HEAD_LIMIT ? 0 : fill_in(client, err);

		if (n == TRANSPORT_AGAIN || n == TRANSPORT_FAILED)
			return n;
		if (n == 0) {
			error_set(err, ERROR_UNAVAILABLE, "the daemon closed the connection");
			return -1;
		}
	}
	if (size < 0)
		error_set(err, ERROR_UNAVAILABLE, "the answer is not HTTP");
	return size < 0 ? -1 : size;
}

/* The next head out of the stream, interim ones (100 Continue) among them. */
static int take_head(struct http_client *client, struct http_answer *answer, struct error *err)
{
	ssize_t size = find_head(client, err);

	if (size < 0)
		return (int)size;
	scoped_free char *text = str_dup_n(client->in.data + client->in_used, (size_t)size);
	client->in_used += (size_t)size;
	client->scanned = 0;
	http_message_init(&client->message, HTTP_RESPONSE);
	client->message.no_body = client->no_body;
	client->message.on_body = take_piece;
	client->message.data = client;
	if (parse_head(client, text, (size_t)size, answer))
		return 1;
	error_set(err, ERROR_UNAVAILABLE, "malformed answer from the daemon");
	return -1;
}

static int read_head(struct http_client *client, struct http_answer *answer, struct error *err)
{
	int got;

	*answer = (struct http_answer){0};
	while ((got = take_head(client, answer, err)) > 0) {
		if (answer->status / 100 != 1 || answer->status == 101)
			return 1;
		http_answer_fini(answer);
	}
	http_answer_fini(answer);
	return got;
}

int http_client_try_answer(struct http_client *client, struct http_answer *answer,
			   struct error *err)
{
	bool refused = client->refusal.kind != ERROR_NONE;
	int got = read_head(client, answer, err);

	if (got > 0 && refused)
		client->message.keep_alive = false;
	if (got == -1 && refused) { /* it did not say why before it stopped reading */
		*err = client->refusal;
		disconnect(client);
	}
	return got;
}

bool http_client_begin(struct http_client *client, const char *method, const char *target,
		       const struct pairs *headers, const struct http_body_source *body,
		       struct error *err)
{
	bool source_failed = false;

	if (!ensure_connected(client, err))
		return false;
	client->reusable = client->at_end = false;
	client->no_body = strcmp(method, "HEAD") == 0;
	client->scanned = 0;
	client->refusal = (struct error){0};
	bool sent = send_head(client, method, target, headers, body, &client->refusal);
	if (sent && body && body->read)
		sent = send_body(client, body, &source_failed, &client->refusal);
	if (sent || !source_failed)
		return true;
	*err = client->refusal;
	disconnect(client);
	return false;
}

bool http_client_send(struct http_client *client, const char *method, const char *target,
		      const struct pairs *headers, const struct http_body_source *body,
		      struct http_answer *answer, struct error *err)
{
	int got;

	if (!http_client_begin(client, method, target, headers, body, err))
		return false;
	while ((got = http_client_try_answer(client, answer, err)) == HTTP_CLIENT_AGAIN)
		http_transport_wait(&client->transport, -1);
	return got > 0;
}

/* ---- its body ---- */

static ssize_t end_of_stream(struct http_client *client, struct error *err)
{
	client->at_end = true;
	if (client->message.framing == HTTP_UNTIL_CLOSE)
		return 0;
	error_set(err, ERROR_UNAVAILABLE, "the answer ended too early");
	return -1;
}

ssize_t http_client_try_body(struct http_client *client, void *out, size_t size, struct error *err)
{
	ssize_t used = 0;

	client->out = out;
	while (client->out == out && !client->message.is_complete && !client->at_end) {
		ssize_t raw = try_read(client, out, size, err);

		if (raw < 0)
			return raw;
		if (raw == 0)
			return end_of_stream(client, err);
		used = http_message_feed(&client->message, out, (size_t)raw);
		if (used < 0) {
			error_set(err, ERROR_UNAVAILABLE, "malformed answer from the daemon");
			return -1;
		}
		if (used < raw) /* we never asked for more than one answer */
			client->message.keep_alive = false;
	}
	client->reusable =
		client->message.is_complete && client->message.keep_alive && !left_in(client);
	return client->out - (char *)out;
}

ssize_t http_client_read(struct http_client *client, void *out, size_t size, struct error *err)
{
	ssize_t n;

	while ((n = http_client_try_body(client, out, size, err)) == HTTP_CLIENT_AGAIN)
		http_transport_wait(&client->transport, -1);
	return n;
}

short http_client_events(const struct http_client *client)
{
	return client->transport.waits_for;
}

bool http_client_ended(const struct http_client *client)
{
	return client->message.is_complete || client->at_end;
}

bool http_client_read_all(struct http_client *client, size_t limit, struct buffer *out,
			  struct error *err)
{
	ssize_t size;

	do {
		size = http_client_read(client, buffer_reserve(out, BODY_PIECE), BODY_PIECE, err);
		buffer_wrote(out, size > 0 ? (size_t)size : 0);
		if (out->size > limit)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the answer is longer than %zu bytes", limit);
	} while (size > 0);
	return size == 0;
}

/* ---- raw ---- */

ssize_t http_client_raw_read(struct http_client *client, void *out, size_t size, struct error *err)
{
	return read_waiting(client, out, size, err);
}

bool http_client_raw_write(struct http_client *client, const void *data, size_t size,
			   struct error *err)
{
	return write_all(client, data, size, err);
}

bool http_client_pending(const struct http_client *client)
{
	return left_in(client) || client->transport.driver->pending(&client->transport);
}

int http_client_fd(const struct http_client *client)
{
	return client->transport.fd;
}

void http_client_shut(struct http_client *client)
{
	client->transport.driver->shut(&client->transport);
}

ssize_t http_client_try_read(struct http_client *client, void *out, size_t size, short *events,
			     struct error *err)
{
	ssize_t n = try_read(client, out, size, err);

	*events = client->transport.waits_for;
	return n;
}

ssize_t http_client_try_write(struct http_client *client, const void *data, size_t size,
			      short *events, struct error *err)
{
	ssize_t n = client->transport.driver->write(&client->transport, data, size, err);

	*events = client->transport.waits_for;
	return n;
}
