/* The loop.  What waits for its turn is a queue; what is in flight (and timers) a list that callbacks may add to,
 * so what is over stays in it until the round is. */
#include "cmd/compose/requests.h"

#include "base/time.h"
#include "format/json.h"

#include <poll.h>

enum { PIECE = 32 * 1024 };
#define ANSWER_LIMIT ((size_t)64 << 20)

struct request {
	struct request *next; /* in the queue */
	char *method;
	struct target target;
	char *type;
	struct buffer body;
	struct http_client *client; /* in flight */
	struct http_answer answer;
	bool has_head, is_stream, is_timer, is_over;
	struct buffer text; /* of the answer, of a stream what is no whole line yet */
	int64_t due_ms;
	void (*each)(void *data, const json_t *document);
	void (*each_bytes)(void *data, const char *type, const char *bytes, size_t size);
	void (*opened)(void *data);
	requests_done *done;
	void (*fire)(void *data);
	void *data;
};

struct watch {
	int fd; /* -1: given up during this round */
	short events;
	void (*ready)(void *data, short events);
	void *data;
};

struct requests {
	struct cli *cli;
	size_t limit;
	struct request *first, *last; /* the queue */
	struct {
		struct request **items;
		size_t count, capacity;
	} active;
	struct {
		struct http_client **items;
		size_t count, capacity;
	} idle;
	struct {
		struct watch *items;
		size_t count, capacity;
	} watches;
	const struct buffer *text; /* of the answer that `done` is called for */
	bool stopped;
};

/* ---- life ---- */

struct requests *requests_new(struct cli *cli, size_t limit)
{
	struct requests *requests = mem_new(struct requests);

	requests->cli = cli;
	requests->limit = limit ? limit : 1;
	return requests;
}

static void request_free(struct request *request)
{
	http_client_free(request->client);
	http_answer_fini(&request->answer);
	target_fini(&request->target);
	buffer_fini(&request->body);
	buffer_fini(&request->text);
	free(request->method);
	free(request->type);
	free(request);
}

void requests_free(struct requests *requests)
{
	if (!requests)
		return;
	for (struct request *next, *r = requests->first; r; r = next) {
		next = r->next;
		request_free(r);
	}
	for (size_t i = 0; i < requests->active.count; i++)
		request_free(requests->active.items[i]);
	for (size_t i = 0; i < requests->idle.count; i++)
		http_client_free(requests->idle.items[i]);
	vector_fini(&requests->active);
	vector_fini(&requests->idle);
	vector_fini(&requests->watches);
	free(requests);
}

/* ---- what is asked ---- */

static struct request *request_new(const char *method, const struct target *target)
{
	struct request *request = mem_new(struct request);

	request->method = str_dup(method);
	buffer_add_text(&request->target.text, target->text.data);
	return request;
}

static void set_json(struct request *request, const json_t *body)
{
	if (!body)
		return;
	scoped_free char *text = json_dumps(body, JSON_COMPACT);
	buffer_add_text(&request->body, text ? text : "");
	request->type = str_dup("application/json");
}

static void enqueue(struct requests *requests, struct request *request)
{
	if (requests->last)
		requests->last->next = request;
	else
		requests->first = request;
	requests->last = request;
}

void requests_send(struct requests *requests, const char *method, const struct target *target,
		   const json_t *body, requests_done *done, void *data)
{
	struct request *request = request_new(method, target);

	set_json(request, body);
	request->done = done;
	request->data = data;
	enqueue(requests, request);
}

void requests_send_bytes(struct requests *requests, const char *method, const struct target *target,
			 const char *type, const struct buffer *bytes, requests_done *done,
			 void *data)
{
	struct request *request = request_new(method, target);

	buffer_add(&request->body, bytes->data, bytes->size);
	request->type = str_dup(type);
	request->done = done;
	request->data = data;
	enqueue(requests, request);
}

struct request *requests_stream(struct requests *requests, const char *method,
				const struct target *target, const json_t *body,
				void (*each)(void *data, const json_t *document),
				requests_done *done, void *data)
{
	struct request *request = request_new(method, target);

	set_json(request, body);
	request->is_stream = true;
	request->each = each;
	request->done = done;
	request->data = data;
	enqueue(requests, request);
	return request;
}

struct request *requests_bytes(struct requests *requests, const struct target *target,
			       void (*each)(void *data, const char *type, const char *bytes,
					    size_t size),
			       requests_done *done, void *data)
{
	struct request *request = requests_stream(requests, "GET", target, NULL, NULL, done, data);

	request->each_bytes = each;
	return request;
}

int requests_fd(const struct request *request)
{
	return request->client ? http_client_fd(request->client) : -1;
}

void requests_on_open(struct request *request, void (*opened)(void *data))
{
	request->opened = opened;
}

const struct buffer *requests_text(const struct requests *requests)
{
	return requests->text;
}

struct request *requests_timer(struct requests *requests, int64_t after_ms,
			       void (*fire)(void *data), void *data)
{
	struct request *request = mem_new(struct request);

	request->is_timer = true;
	request->due_ms = (time_monotonic_ns() / NS_PER_MS) + after_ms;
	request->fire = fire;
	request->data = data;
	vector_add(&requests->active, request);
	return request;
}

/* One that waits stays in the queue, and is dropped when its turn comes. */
void requests_cancel(struct requests *requests, struct request *request)
{
	request->is_over = true;
	http_client_free(take(request->client));
}

void requests_watch(struct requests *requests, int fd, short events,
		    void (*ready)(void *data, short events), void *data)
{
	vector_add(&requests->watches, ((struct watch){fd, events, ready, data}));
}

void requests_unwatch(struct requests *requests, int fd)
{
	for (size_t i = 0; i < requests->watches.count; i++)
		if (requests->watches.items[i].fd == fd)
			requests->watches.items[i].fd = -1;
}

void requests_stop(struct requests *requests)
{
	requests->stopped = true;
}

/* ---- beginning ---- */

static bool begin(struct requests *requests, struct request *request, struct error *err)
{
	scoped_pairs struct pairs headers = {0};
	struct http_bytes bytes = {request->body.data, request->body.size};
	struct http_body_source source = {http_bytes_read, &bytes, (int64_t)bytes.left};

	if (requests->idle.count)
		request->client = requests->idle.items[--requests->idle.count];
	else if (!(request->client = api_connect(requests->cli, err)))
		return false;
	scoped_free char *path = api_path(requests->cli, &request->target);
	if (request->type)
		pairs_set(&headers, "Content-Type", request->type);
	api_trace(requests->cli, request->method, path);
	return http_client_begin(request->client, request->method, path, &headers,
				 request->type ? &source : NULL, err) ||
	       api_cannot_connect(requests->cli, err);
}

/* ---- ending ---- */

static void finish(struct request *request, const json_t *answer, const struct error *err)
{
	request->is_over = true;
	http_client_free(take(request->client));
	if (request->done)
		request->done(request->data, answer, err);
}

static void finish_with_answer(struct requests *requests, struct request *request)
{
	struct error err;

	vector_add(&requests->idle, take(request->client));
	if (request->answer.status >= 400 || request->answer.status == 304) {
		api_read_refusal(&request->target, request->answer.status, &request->text, &err);
		finish(request, NULL, &err);
		return;
	}
	struct buffer *text = &request->text;
	scoped_json json_t *answer = text->size ? json_parse(text->data, text->size, &err) : NULL;
	requests->text = text;
	finish(request, answer, NULL);
	requests->text = NULL;
}

/* ---- going on ---- */

static void take_lines(struct request *request)
{
	struct buffer *text = &request->text;
	size_t start = 0;
	struct error ignored;

	for (const char *end; !request->is_over && text->size &&
			      (end = memchr(text->data + start, '\n', text->size - start));
	     start = (size_t)(end - text->data) + 1) {
		scoped_json json_t *document = json_parse(
			text->data + start, (size_t)(end - text->data) - start, &ignored);

		if (document)
			request->each(request->data, document);
	}
	buffer_consume(text, start);
}

static void take_part(struct request *request)
{
	const char *type = pairs_get(&request->answer.headers, "content-type");

	if (!request->each_bytes) {
		take_lines(request);
		return;
	}
	request->each_bytes(request->data, type, request->text.data, request->text.size);
	buffer_clear(&request->text);
}

/* More of the answer: false when there is nothing now, or no more. */
static bool take_piece(struct requests *requests, struct request *request)
{
	struct error err;

	if (!request->has_head) {
		int got = http_client_try_answer(request->client, &request->answer, &err);

		request->has_head = got > 0;
		if (got == -1 && !api_cannot_connect(requests->cli, &err))
			finish(request, NULL, &err);
		if (got > 0 && request->opened && request->answer.status < 300)
			request->opened(request->data);
		return got > 0 && !request->is_over;
	}
	ssize_t size = http_client_try_body(request->client, buffer_reserve(&request->text, PIECE),
					    PIECE, &err);
	if (size == HTTP_CLIENT_AGAIN)
		return false;
	if (size > 0) {
		buffer_wrote(&request->text, (size_t)size);
		if (request->is_stream && request->answer.status < 400)
			take_part(request);
		if (request->text.size <= ANSWER_LIMIT)
			return !request->is_over;
		error_set(&err, ERROR_UNAVAILABLE, "the answer is too long");
		size = -1;
	}
	if (size < 0)
		finish(request, NULL, &err);
	else
		finish_with_answer(requests, request);
	return false;
}

static size_t count_in_flight(const struct requests *requests)
{
	size_t count = 0;

	for (size_t i = 0; i < requests->active.count; i++)
		count += !requests->active.items[i]->is_timer &&
			 !requests->active.items[i]->is_stream;
	return count;
}

/* Whether one of them is over already. */
static bool begin_waiting(struct requests *requests)
{
	size_t in_flight = count_in_flight(requests);
	bool any_over = false;

	while (requests->first && (in_flight < requests->limit || requests->first->is_stream)) {
		struct request *request = requests->first;
		struct error err;

		requests->first = request->next;
		if (!requests->first)
			requests->last = NULL;
		vector_add(&requests->active, request);
		in_flight += !request->is_stream;
		if (!request->is_over && !begin(requests, request, &err))
			finish(request, NULL, &err);
		any_over |= request->is_over;
	}
	return any_over;
}

static void sweep(struct requests *requests)
{
	size_t kept = 0;

	for (size_t i = 0; i < requests->active.count; i++) {
		struct request *request = requests->active.items[i];

		if (request->is_over)
			request_free(request);
		else
			requests->active.items[kept++] = request;
	}
	requests->active.count = kept;
	kept = 0;
	for (size_t i = 0; i < requests->watches.count; i++)
		if (requests->watches.items[i].fd >= 0)
			requests->watches.items[kept++] = requests->watches.items[i];
	requests->watches.count = kept;
}

static void fire_timers(struct requests *requests)
{
	int64_t now = (time_monotonic_ns() / NS_PER_MS);
	size_t count = requests->active.count;

	for (size_t i = 0; i < count; i++) {
		struct request *request = requests->active.items[i];

		if (!request->is_timer || request->is_over || request->due_ms > now)
			continue;
		request->is_over = true;
		request->fire(request->data);
	}
}

static int next_timeout(const struct requests *requests)
{
	int64_t now = (time_monotonic_ns() / NS_PER_MS), least = -1;

	for (size_t i = 0; i < requests->active.count; i++) {
		const struct request *request = requests->active.items[i];
		int64_t left = request->due_ms > now ? request->due_ms - now : 0;

		if (request->is_timer && (least < 0 || left < least))
			least = left;
	}
	return least > 3600000 ? 3600000 : (int)least;
}

/* One poll over all of them, and what it says. */
static void turn(struct requests *requests, struct pollfd *polls)
{
	size_t watched = requests->watches.count, active = requests->active.count;

	for (size_t i = 0; i < watched; i++)
		polls[i] = (struct pollfd){.fd = requests->watches.items[i].fd,
					   .events = requests->watches.items[i].events};
	for (size_t i = 0; i < active; i++) {
		const struct request *r = requests->active.items[i];

		polls[watched + i] = (struct pollfd){.fd = -1};
		if (r->client)
			polls[watched + i] =
				(struct pollfd){.fd = http_client_fd(r->client),
						.events = http_client_events(r->client) | POLLIN};
	}
	if (poll(polls, watched + active, next_timeout(requests)) < 0)
		return;
	for (size_t i = 0; i < watched; i++)
		if (polls[i].revents && requests->watches.items[i].fd >= 0)
			requests->watches.items[i].ready(requests->watches.items[i].data,
							 polls[i].revents);
	for (size_t i = 0; i < active; i++) {
		struct request *r = requests->active.items[i];

		if (polls[watched + i].revents && !r->is_over)
			while (take_piece(requests, r))
				;
	}
	fire_timers(requests);
}

void requests_run(struct requests *requests)
{
	requests->stopped = false;
	for (;;) {
		do
			sweep(requests); /* what is over makes room, also one that could not begin */
		while (begin_waiting(requests));
		if (requests->stopped || (!requests->first && !requests->active.count))
			return;
		scoped_free struct pollfd *polls = mem_zeroed(
			requests->watches.count + requests->active.count, sizeof(*polls));
		turn(requests, polls);
	}
}
