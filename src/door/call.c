/* What every door does with a request: see call.h. */
#include "door/call.h"

#include "base/log.h"
#include "door/door.h"
#include "http/http_status.h"

#include <sys/socket.h>
#include <unistd.h>

#define JSON_TYPE "application/json"

/* ---- life ---- */

void call_forget(struct call *call)
{
	list_remove(&call->all);
	if (call->fini)
		call->fini(call->state);
	for (size_t i = 0; i < CALL_ARGUMENTS; i++)
		free(call->arguments[i]);
	json_decref(call->body);
	free(call);
}

static void free_if_over(struct call *call)
{
	if (!call->request && call->references == 0)
		call_forget(call);
}

static void on_request_gone(void *data, struct http_request *request)
{
	struct call *call = http_data(request);

	call_hold(call);
	call->request = NULL;
	if (call->on_gone)
		call->on_gone(call);
	call_drop(call);
}

struct call *call_new(struct door *door, struct http_request *request)
{
	struct call *call = mem_new(struct call);

	call->door = door;
	call->request = request;
	list_append(&door->calls, &call->all);
	http_set_data(request, call);
	http_on_gone(request, false, on_request_gone);
	return call;
}

struct call *call_hold(struct call *call)
{
	call->references++;
	return call;
}

void call_drop(struct call *call)
{
	call->references--;
	free_if_over(call);
}

bool call_is_open(const struct call *call)
{
	return call->request != NULL;
}

void call_leave_on_half_close(struct call *call)
{
	http_on_gone(call->request, true, on_request_gone);
}

/* ---- the request ---- */

const char *call_query(const struct call *call, const char *name)
{
	return http_query(call->request, name);
}

bool call_query_bool(const struct call *call, const char *name)
{
	return http_query_bool(call->request, name);
}

bool call_query_i64(const struct call *call, const char *name, int64_t *value, struct error *err)
{
	const char *text = call_query(call, name);

	if (str_is_empty(text) || parse_i64(text, value))
		return true;
	return error_set(err, ERROR_INVALID, "strconv.Atoi: parsing \"%s\": invalid syntax", text);
}

bool body_read(json_t *body, const struct record_type *type, void *record, struct error *err)
{
	if (!body)
		return error_set(err, ERROR_INVALID,
				 "invalid JSON: got EOF while reading request body");
	return record_from_json(type, body, RECORD_FOR_API, record, err) ||
	       error_prefix(err, "invalid JSON");
}

bool call_read_body(const struct call *call, const struct record_type *type, void *record,
		    struct error *err)
{
	return body_read(call->body, type, record, err);
}

/* ---- work in the pool ---- */

static void run_work(uv_work_t *uv)
{
	struct call_work *work = container_of(uv, struct call_work, uv);

	work->run(work);
}

static void after_work(uv_work_t *uv, int status)
{
	struct call_work *work = container_of(uv, struct call_work, uv);
	struct call *call = work->call;

	(void)status;
	if (call_is_open(call))
		work->done(work);
	work->free(work);
	call_drop(call);
}

void call_work_begin(struct call_work *work, struct call *call)
{
	work->call = call_hold(call);
	uv_queue_work(call->door->loop, &work->uv, run_work, after_work);
}

/* ---- the answer ---- */

static int status_of(const struct error *err)
{
	return http_status_of_error(err->kind);
}

/* What the daemon itself could not do is told in its log, too. */
void call_log_failure(const struct call *call, const struct error *err)
{
	if (status_of(err) == 500)
		log_error("request failed", err, "method=%s path=%s", http_method(call->request),
			  http_raw_path(call->request));
}

/* The request is over with what has just been sent; the caller of this holds no pointer into it. */
void call_ended(struct call *call)
{
	call->request = NULL;
	free_if_over(call);
}

static void respond(struct call *call, int status, const char *type, const void *body, size_t size)
{
	http_respond(call->request, status, type, body, size);
	call_ended(call);
}

void call_answer_status(struct call *call, int status)
{
	respond(call, status, NULL, "", 0);
}

void call_answer_text(struct call *call, int status, const char *type, const char *text)
{
	respond(call, status, type, text, strlen(text));
}

void call_answer_json(struct call *call, int status, struct buffer *json)
{
	buffer_add_char(json, '\n');
	respond(call, status, JSON_TYPE, json->data, json->size);
}

void call_answer_record(struct call *call, int status, const struct record_type *type,
			const void *record)
{
	scoped_buffer struct buffer json = {0};

	record_write_json(type, record, RECORD_FOR_API, &json);
	call_answer_json(call, status, &json);
}

static void write_message(const struct call *call, const struct error *err, struct buffer *json)
{
	char text[ERROR_TEXT_SIZE];

	buffer_add_char(json, '{');
	json_write_name(json, "message");
	json_write_string(json, error_text(err, text, sizeof(text)));
	if (call->door->describe_error)
		call->door->describe_error(err, json);
	buffer_add_char(json, '}');
}

void call_fail(struct call *call, const struct error *err)
{
	scoped_buffer struct buffer json = {0};

	call_log_failure(call, err);
	if (call->streaming) {
		call->door->fail_in_stream(call, err);
	} else if (err->kind == ERROR_UNCHANGED) {
		call_answer_status(call, 304);
	} else {
		write_message(call, err, &json);
		call_answer_json(call, status_of(err), &json);
	}
}

void call_answer(struct call *call, int status, const struct error *err)
{
	if (err)
		call_fail(call, err);
	else
		call_answer_status(call, status);
}

/* ---- a JSON stream ---- */

void call_begin_stream(struct call *call)
{
	if (!call->streaming)
		http_respond_stream(call->request, 200, JSON_TYPE);
	call->streaming = true;
}

bool call_write(struct call *call, const void *data, size_t size)
{
	return http_write(call->request, data, size);
}

void call_end_stream(struct call *call)
{
	http_finish(call->request);
	call_ended(call);
}

void call_abort(struct call *call)
{
	http_abort(call->request);
	call_ended(call);
}

/* ---- giving the connection away ---- */

static void hijack(struct call *call, struct engine_connection *connection)
{
	connection->early = (struct buffer){0};
	connection->fd = http_hijack(call->request, &connection->early);
	call_ended(call);
}

static void close_connection(struct engine_connection *connection)
{
	close_fd(&connection->fd);
	buffer_fini(&connection->early);
}

/* A head is small and the socket was idle: it goes out at once, or the client does not read. */
bool call_give_body(struct call *call, const char *type, struct engine_connection *connection,
		    bool *chunked)
{
	scoped_buffer struct buffer head = {0};

	http_response_head(call->request, 200, type, &head, chunked);
	hijack(call, connection);
	if (connection->fd >= 0 &&
	    send(connection->fd, head.data, head.size, MSG_NOSIGNAL) == (ssize_t)head.size)
		return true;
	close_connection(connection);
	return false;
}

bool call_give_stream(struct call *call, const char *type, struct engine_connection *connection)
{
	if (!http_hijack_header(call->request, type)) {
		http_abort(call->request);
		call_ended(call);
		return false;
	}
	hijack(call, connection);
	return connection->fd >= 0;
}
