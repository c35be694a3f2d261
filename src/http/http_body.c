/* A pull reader over llhttp, which pushes.  Bytes are read straight into the caller's buffer and the
 * parser is run over them there; each piece of body it reports lies at or behind the place where the
 * next result belongs, so pieces are moved down inside the same buffer and nothing is ever stored. */
#include "http/http_body.h"

#include "http/http_message.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_body {
	struct http_message message;
	struct buffer early;
	size_t early_used;
	char *out; /* where the next piece belongs, inside the caller's buffer */
	int socket;
	bool expects_continue;
};

static void take_piece(void *data, const char *piece, size_t size)
{
	struct http_body *body = data;

	memmove(body->out, piece, size);
	body->out += size;
}

struct http_body *http_body_new(const struct http_body_input *input)
{
	struct http_body *body = mem_new(struct http_body);

	http_message_init_body(&body->message, input->framing, input->length);
	body->message.on_body = take_piece;
	body->message.data = body;
	body->socket = input->socket;
	if (input->early)
		buffer_add(&body->early, input->early->data, input->early->size);
	body->expects_continue = input->expects_continue && !body->early.size;
	return body;
}

void http_body_free(struct http_body *body)
{
	if (!body)
		return;
	buffer_fini(&body->early);
	free(body);
}

static ssize_t read_early(struct http_body *body, void *out, size_t size)
{
	size_t left = body->early.size - body->early_used;

	if (size > left)
		size = left;
	memcpy(out, body->early.data + body->early_used, size);
	body->early_used += size;
	if (size == left)
		buffer_fini(&body->early);
	if (size == left)
		body->early_used = 0;
	return (ssize_t)size;
}

static ssize_t read_socket(int socket, void *out, size_t size)
{
	for (;;) {
		ssize_t n = recv(socket, out, size, 0);

		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			poll(&(struct pollfd){.fd = socket, .events = POLLIN}, 1, -1);
		else if (errno != EINTR)
			return -1;
	}
}

static ssize_t read_raw(struct http_body *body, void *out, size_t size)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (body->early.size)
		return read_early(body, out, size);
	if (body->expects_continue)
		send(body->socket, text, sizeof(text) - 1,
		     MSG_NOSIGNAL); /* a failure shows below */
	body->expects_continue = false;
	return read_socket(body->socket, out, size);
}

ssize_t http_body_read(struct http_body *body, void *out, size_t size, struct error *err)
{
	body->out = out;
	while (body->out == out && !body->message.is_complete) {
		ssize_t raw = read_raw(body, out, size);

		if (raw < 0)
			error_errno(err, "cannot read the request body");
		else if (raw == 0)
			error_set(err, ERROR_INVALID, "the request body ended too early");
		else if (http_message_feed(&body->message, out, (size_t)raw) < 0)
			raw = error_set(err, ERROR_INVALID, "malformed request body");
		if (raw <= 0)
			return -1;
	}
	return body->out - (char *)out;
}

bool http_body_needs_input(const struct http_body *body)
{
	return !body->early.size && !body->expects_continue && !body->message.is_complete;
}

void http_body_drain(struct http_body *body, size_t limit)
{
	char sink[16384];
	struct error ignored;
	ssize_t size = 1;

	for (size_t total = 0; size > 0 && total < limit; total += (size_t)size)
		size = http_body_read(body, sink, sizeof(sink), &ignored);
}
