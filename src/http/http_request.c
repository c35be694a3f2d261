/* The request as handlers see it: what it asks, its body, its answer. */
#include "http/http_chunk.h"
#include "http/http_connection.h"
#include "http/http_status.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- life ---- */

static void on_piece(void *data, const char *piece, size_t size);

struct http_request *request_new(struct http_connection *c)
{
	struct http_request *r = mem_new(struct http_request);

	r->connection = c;
	http_message_init(&r->message, HTTP_REQUEST);
	r->message.on_body = on_piece;
	r->message.data = r;
	return r;
}

void request_free(struct http_request *r)
{
	http_head_fini(&r->head);
	pairs_fini(&r->extra_headers);
	pairs_fini(&r->first_query);
	buffer_fini(&r->body);
	free(r);
}

static bool waits_for_body(const struct http_request *r)
{
	return !r->body_delivered && (r->use == BODY_COLLECT || r->use == BODY_STREAM);
}

/* One that waits for its body is not: its handler will not be called again. */
bool request_is_awaited(const struct http_request *r)
{
	return !r->answered && !r->on_gone && !waits_for_body(r);
}

void request_lost(struct http_request *r)
{
	void *data = take(r->connection)->server->data;

	if (request_is_awaited(r))
		return;
	r->dying = true;
	if (!r->answered && r->on_gone)
		r->on_gone(data, r);
	request_free(r);
}

/* The handler is done with the request. */
static void request_done(struct http_request *r)
{
	r->answered = true;
	if (r->connection)
		connection_kick(r->connection);
	else if (!r->dying && !r->feeding)
		request_free(r);
}

bool request_is_over(const struct http_request *r)
{
	return r->answered && (r->message.is_complete || !r->message.keep_alive);
}

/* ---- what it asks ---- */

const char *http_method(const struct http_request *r)
{
	return r->head.method;
}

const char *http_path(const struct http_request *r)
{
	return r->head.path;
}

const char *http_raw_path(const struct http_request *r)
{
	return r->head.raw_path;
}

const char *http_header(const struct http_request *r, const char *name)
{
	return http_fields_get(&r->head.headers, name);
}

const char *http_peer(const struct http_request *r)
{
	return r->connection ? r->connection->peer : NULL;
}

const struct http_client_process *http_client_process(const struct http_request *r)
{
	static const struct http_client_process nobody;

	return r->connection ? &r->connection->client : &nobody;
}

const char *http_query(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->head.query.count; i++)
		if (!strcmp(r->head.query.items[i].name, name))
			return r->head.query.items[i].value;
	return NULL;
}

struct strings http_query_values(const struct http_request *r, const char *name)
{
	struct strings values = {0};

	for (size_t i = 0; i < r->head.query.count; i++)
		if (!strcmp(r->head.query.items[i].name, name))
			strings_add(&values, r->head.query.items[i].value);
	return values;
}

const struct pairs *http_query_all(struct http_request *r)
{
	const struct http_fields *query = &r->head.query;

	for (size_t i = r->first_query.count ? query->count : 0; i < query->count; i++)
		if (!pairs_have(&r->first_query, query->items[i].name))
			pairs_set(&r->first_query, query->items[i].name, query->items[i].value);
	return &r->first_query;
}

bool http_query_bool(const struct http_request *r, const char *name)
{
	static const char *const no[] = {"", "0", "no", "false", "none"};
	const char *value = http_query(r, name);

	if (!value)
		return false;
	value += strspn(value, " \t");
	size_t length = strlen(value);
	while (length && isspace((unsigned char)value[length - 1]))
		length--;
	for (size_t i = 0; i < array_length(no); i++)
		if (length == strlen(no[i]) && !strncasecmp(value, no[i], length))
			return false;
	return true;
}

bool http_has_body(const struct http_request *r)
{
	return r->message.framing != HTTP_NO_BODY;
}

enum http_framing http_body_framing(const struct http_request *r, uint64_t *length)
{
	*length = r->message.length;
	return r->message.framing;
}

bool http_expects_continue(const struct http_request *r)
{
	return r->head.expects_continue;
}

bool http_wants_upgrade(const struct http_request *r)
{
	return r->head.is_1_1 && http_header(r, "upgrade");
}

void http_set_data(struct http_request *r, void *data)
{
	r->data = data;
}

void *http_data(const struct http_request *r)
{
	return r->data;
}

void http_on_gone(struct http_request *r, bool half_close,
		  void (*on_gone)(void *data, struct http_request *request))
{
	r->gone_on_half_close = half_close;
	r->on_gone = on_gone;
	if (r->connection)
		connection_kick(r->connection);
}

/* ---- its body ---- */

bool request_wants_body(const struct http_request *r)
{
	return !r->message.is_complete && r->use != BODY_UNDECIDED && !r->paused &&
	       !r->refusal.status;
}

bool request_has_news(const struct http_request *r)
{
	return r->message.is_complete && !r->answered && !r->paused && waits_for_body(r);
}

void request_deliver(struct http_request *r)
{
	void *data = r->connection->server->data;

	r->body_delivered = true;
	if (r->use == BODY_COLLECT)
		r->on.body(data, r, r->body.data ? r->body.data : "", r->body.size);
	else
		r->on.chunk(data, r, "", 0);
}

static void on_piece(void *data, const char *piece, size_t size)
{
	struct http_request *r = data;

	if (!r->connection || r->refusal.status)
		return;
	if (r->use == BODY_STREAM)
		r->on.chunk(r->connection->server->data, r, piece, size);
	else if (r->use == BODY_COLLECT && size > r->collect_limit - r->body.size)
		r->refusal = (struct http_refusal){413, "the request body is too large"};
	else if (r->use == BODY_COLLECT)
		buffer_add(&r->body, piece, size);
}

size_t request_feed(struct http_request *r, const char *data, size_t size)
{
	r->feeding = true;
	ssize_t used = http_message_feed(&r->message, data, size);
	r->feeding = false;
	if (!r->connection) {
		request_free(r);
		return size;
	}
	if (used < 0 && !r->refusal.status)
		r->refusal = (struct http_refusal){400, "malformed request body"};
	return used < 0 ? size : (size_t)used;
}

/* The client waits for leave to send its body: give it, unless the body is coming already. */
static void send_continue(struct http_request *r)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (r->head.expects_continue && !r->message.is_complete && !r->streaming &&
	    !r->connection->in.size)
		connection_send(r->connection, &(struct iovec){(char *)text, sizeof(text) - 1}, 1);
	r->head.expects_continue = false;
}

static void use_body(struct http_request *r, enum body_use use)
{
	r->use = use;
	if (!r->connection)
		return;
	send_continue(r);
	connection_kick(r->connection);
}

void http_collect_body(struct http_request *r, size_t limit,
		       void (*on_body)(void *data, struct http_request *request, const char *body,
				       size_t size))
{
	r->on.body = on_body;
	r->collect_limit = limit;
	if (r->message.length > limit) {
		r->refusal = (struct http_refusal){413, "the request body is too large"};
		r->head.expects_continue = false;
	}
	use_body(r, BODY_COLLECT);
}

struct buffer http_take_body(struct http_request *r)
{
	struct buffer body = r->body;

	r->body = (struct buffer){0};
	return body;
}

void http_read_body(struct http_request *r,
		    void (*on_chunk)(void *data, struct http_request *request, const char *chunk,
				     size_t size))
{
	r->on.chunk = on_chunk;
	use_body(r, BODY_STREAM);
}

static void set_paused(struct http_request *r, bool paused)
{
	r->paused = paused;
	if (r->connection)
		connection_kick(r->connection);
}

void http_pause(struct http_request *r)
{
	set_paused(r, true);
}

void http_resume(struct http_request *r)
{
	set_paused(r, false);
}

/* The answer is complete.  What is left of the body is skipped when that is little, so that the
 * connection can go on; else the connection ends with this answer.  A client that still waits for
 * 100 Continue may send its body or not, so nobody can know where its next request begins. */
static void settle_body(struct http_request *r)
{
	if (r->message.is_complete)
		return;
	if (r->message.framing != HTTP_LENGTH || r->message.length > HTTP_SKIP_LIMIT ||
	    r->head.expects_continue)
		r->message.keep_alive = false;
	r->use = BODY_SKIP;
	r->paused = false;
}

/* ---- the answer ---- */

/* No line end can get into a header, so no value can end it. */
static char *clean_value(const char *value)
{
	char *clean = str_dup(value);

	for (char *c = clean; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return clean;
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
	scoped_free char *clean = clean_value(value);

	assert(http_is_token(name));
	pairs_set(&r->extra_headers, name, clean);
}

static void add_header(struct buffer *out, const char *name, const char *value)
{
	buffer_add_text(out, name);
	buffer_add(out, ": ", 2);
	buffer_add_text(out, value);
	buffer_add(out, "\r\n", 2);
}

static void begin_head(const struct http_request *r, int status, const char *content_type,
		       struct buffer *out)
{
	buffer_format(out, "HTTP/1.%d %d %s\r\n", r->head.is_1_1, status, http_status_text(status));
	for (size_t i = 0; i < r->extra_headers.count; i++)
		add_header(out, r->extra_headers.items[i].name, r->extra_headers.items[i].value);
	if (content_type)
		add_header(out, "Content-Type", content_type);
}

static void end_head(const struct http_request *r, bool keep_alive, struct buffer *out)
{
	add_header(out, "Date", http_date());
	if (!keep_alive && r->head.is_1_1)
		add_header(out, "Connection", "close");
	else if (keep_alive && !r->head.is_1_1)
		add_header(out, "Connection", "keep-alive");
	buffer_add(out, "\r\n", 2);
}

static bool has_no_body(int status)
{
	return status / 100 == 1 || status == 204 || status == 304;
}

static bool is_head(const struct http_request *r)
{
	return !strcmp(r->head.method, "HEAD");
}

void http_respond(struct http_request *r, int status, const char *content_type, const void *body,
		  size_t size)
{
	scoped_buffer struct buffer head = {0};

	assert(!r->answered && !r->streaming);
	settle_body(r);
	begin_head(r, status, content_type, &head);
	if (!has_no_body(status))
		buffer_format(&head, "Content-Length: %zu\r\n", size);
	end_head(r, r->message.keep_alive, &head);
	if (has_no_body(status) || is_head(r))
		size = 0;
	struct iovec parts[] = {{head.data, head.size}, {(void *)body, size}};
	if (r->connection)
		connection_send(r->connection, parts, size ? 2 : 1);
	request_done(r);
}

void http_respond_stream(struct http_request *r, int status, const char *content_type)
{
	scoped_buffer struct buffer head = {0};

	assert(!r->answered && !r->streaming);
	r->streaming = true;
	r->chunked = r->head.is_1_1;
	begin_head(r, status, content_type, &head);
	if (r->chunked)
		add_header(&head, "Transfer-Encoding", "chunked");
	else
		r->message.keep_alive = false;
	end_head(r, r->message.keep_alive, &head);
	if (r->connection)
		connection_send(r->connection, &(struct iovec){head.data, head.size}, 1);
}

bool http_write(struct http_request *r, const void *data, size_t size)
{
	char line[HTTP_CHUNK_LINE];

	assert(r->streaming && !r->answered);
	if (!r->connection || !size || is_head(r))
		return true;
	struct iovec parts[] = {
		{line, http_chunk_line(line, size)}, {(void *)data, size}, {HTTP_CHUNK_END, 2}};
	if (r->chunked)
		connection_send(r->connection, parts, 3);
	else
		connection_send(r->connection, parts + 1, 1);
	if (connection_backlog(r->connection) <= HTTP_BACKLOG_LIMIT)
		return true;
	r->drain_wanted = true;
	return false;
}

void http_on_drain(struct http_request *r,
		   void (*on_drain)(void *data, struct http_request *request))
{
	r->on_drain = on_drain;
}

void http_finish(struct http_request *r)
{
	assert(r->streaming && !r->answered);
	if (r->connection && r->chunked && !is_head(r))
		connection_send(r->connection, &(struct iovec){HTTP_CHUNK_LAST, 5}, 1);
	settle_body(r);
	request_done(r);
}

void http_abort(struct http_request *r)
{
	struct http_connection *c = r->connection;

	r->connection = NULL;
	if (c) { /* a reset, where there are resets: an end would look like the end of the answer */
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
			   sizeof(struct linger));
		connection_close(c);
	}
	request_done(r);
}

void connection_send_refusal(struct http_connection *c, struct http_refusal refusal)
{
	scoped_free char *body = str_format("{\"message\":\"%s\"}\n", refusal.why);
	scoped_free char *text = str_format(
		"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"Date: %s\r\nConnection: close\r\n\r\n%s",
		refusal.status, http_status_text(refusal.status), strlen(body), http_date(), body);

	connection_send(c, &(struct iovec){text, strlen(text)}, 1);
}

/* ---- giving the connection away ---- */

int http_hijack(struct http_request *r, struct buffer *early)
{
	struct http_connection *c = take(r->connection);
	int fd = -1;

	assert(!r->feeding);
	if (c) {
		*early = c->in;
		c->in = (struct buffer){0};
		fd = connection_release(c);
	}
	request_done(r);
	return fd;
}

bool http_hijack_header(struct http_request *r, const char *content_type)
{
	scoped_buffer struct buffer head = {0};
	bool upgrade = http_wants_upgrade(r);
	const char *protocol = upgrade ? http_header(r, "upgrade") : NULL;

	begin_head(r, upgrade ? 101 : 200, content_type, &head);
	if (upgrade) {
		add_header(&head, "Connection", "Upgrade");
		add_header(&head, "Upgrade", http_is_token(protocol) ? protocol : "tcp");
	}
	buffer_add(&head, "\r\n", 2);
	r->streaming = true;
	if (!r->connection)
		return false;
	connection_send(r->connection, &(struct iovec){head.data, head.size}, 1);
	return !r->connection->broken && !connection_backlog(r->connection);
}

void http_response_head(const struct http_request *r, int status, const char *content_type,
			struct buffer *out, bool *chunked)
{
	*chunked = r->head.is_1_1;
	begin_head(r, status, content_type, out);
	if (*chunked)
		add_header(out, "Transfer-Encoding", "chunked");
	end_head(r, false, out);
}
