#include "door/docker/call.h"
#include "format/base64.h"

#include "base/log.h"
#include "door/docker/door_state.h"
#include "door/docker/route.h"
#include "http/http_status.h"

#include <sys/socket.h>
#include <unistd.h>

#define JSON_TYPE	 "application/json"
#define RAW_TYPE	 "application/vnd.docker.raw-stream"
#define MULTIPLEXED_TYPE "application/vnd.docker.multiplexed-stream"

struct engine *call_engine(const struct call *call)
{
	return call->door->engine;
}

const struct engine_parts *call_parts(const struct call *call)
{
	return engine_get_parts(call->door->engine);
}

/* ---- life ---- */

static void call_free(struct call *call)
{
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
		call_free(call);
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

struct call *call_new(struct docker_door *door, struct http_request *request)
{
	struct call *call = mem_new(struct call);

	call->door = door;
	call->request = request;
	call->minor = API_MINOR_NEWEST;
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

bool call_query_size(const struct call *call, int64_t *rows, int64_t *columns, struct error *err)
{
	return call_query_i64(call, "h", rows, err) && call_query_i64(call, "w", columns, err);
}

void call_read_console_size(const char *text, int *rows, int *columns)
{
	struct error ignored;
	scoped_json json_t *json = text ? json_parse(text, strlen(text), &ignored) : NULL;

	if (json_array_size(json) != 2)
		return;
	*rows = (int)json_integer_value(json_array_get(json, 0));
	*columns = (int)json_integer_value(json_array_get(json, 1));
}

bool call_read_body(const struct call *call, const struct record_type *type, void *record,
		    struct error *err)
{
	if (!call->body)
		return error_set(err, ERROR_INVALID,
				 "invalid JSON: got EOF while reading request body");
	return record_from_json(type, call->body, RECORD_FOR_API, record, err) ||
	       error_prefix(err, "invalid JSON");
}

/* ---- the answer ---- */

static int status_of(const struct error *err)
{
	return http_status_of_error(err->kind);
}

/* What the daemon itself could not do is told in its log, too. */
static void log_failure(const struct call *call, const struct error *err)
{
	if (status_of(err) == 500)
		log_error("request failed", err, "method=%s path=%s", http_method(call->request),
			  http_raw_path(call->request));
}

/* The request is over with what has just been sent; the caller of this holds no pointer into it. */
static void end_request(struct call *call)
{
	call->request = NULL;
	free_if_over(call);
}

static void respond(struct call *call, int status, const char *type, const void *body, size_t size)
{
	http_respond(call->request, status, type, body, size);
	end_request(call);
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

static void write_message(const struct error *err, struct buffer *json)
{
	char text[ERROR_TEXT_SIZE];

	buffer_add_char(json, '{');
	json_write_name(json, "message");
	json_write_string(json, error_text(err, text, sizeof(text)));
	buffer_add_char(json, '}');
}

/* After the head of a stream is out, an error can only be one more document. */
static void fail_in_band(struct call *call, const struct error *err)
{
	scoped_buffer struct buffer json = {0};
	char text[ERROR_TEXT_SIZE];

	error_text(err, text, sizeof(text));
	buffer_add_text(&json, "{\"errorDetail\":{\"message\":");
	json_write_bytes(&json, text, strlen(text), true);
	buffer_add_text(&json, "},\"error\":");
	json_write_bytes(&json, text, strlen(text), true);
	buffer_add_text(&json, "}\r\n");
	http_write(call->request, json.data, json.size);
	call_end_stream(call);
}

void call_fail(struct call *call, const struct error *err)
{
	scoped_buffer struct buffer json = {0};

	log_failure(call, err);
	if (call->streaming) {
		fail_in_band(call, err);
	} else if (err->kind == ERROR_UNCHANGED) {
		call_answer_status(call, 304);
	} else {
		write_message(err, &json);
		call_answer_json(call, status_of(err), &json);
	}
}

void call_fail_plain(struct call *call, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];
	scoped_free char *line = str_format("%s\r\n", error_text(err, text, sizeof(text)));

	log_failure(call, err);
	call_answer_text(call, status_of(err), RAW_TYPE, line);
}

void call_answer(struct call *call, int status, const struct error *err)
{
	if (err)
		call_fail(call, err);
	else
		call_answer_status(call, status);
}

struct container *call_container(struct call *call)
{
	struct error err;
	struct container *c = engine_find(call_engine(call), call->arguments[0], &err);

	if (!c)
		call_fail(call, &err);
	return c;
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
	end_request(call);
}

void call_abort(struct call *call)
{
	http_abort(call->request);
	end_request(call);
}

/* ---- giving the connection away ---- */

const char *call_stream_type(const struct call *call, bool tty)
{
	return tty || call->minor < 42 ? RAW_TYPE : MULTIPLEXED_TYPE;
}

static void hijack(struct call *call, struct engine_connection *connection)
{
	connection->early = (struct buffer){0};
	connection->fd = http_hijack(call->request, &connection->early);
	end_request(call);
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
		end_request(call);
		return false;
	}
	hijack(call, connection);
	return connection->fd >= 0;
}

void call_take_upload(struct call *call, struct image_upload *upload)
{
	image_upload_take(call->request, upload);
	end_request(call);
}

void call_take_answer(struct call *call, const char *type, struct image_answer *answer)
{
	scoped_buffer struct buffer early = {0};

	*answer = (struct image_answer){.connection = -1};
	http_response_head(call->request, 200, type, &answer->head, &answer->chunked);
	answer->connection = http_hijack(call->request, &early);
	end_request(call);
}

char *call_registry_auth(const struct call *call)
{
	const char *header = http_header(call->request, "x-registry-auth");
	struct buffer json = {0};

	if (str_is_empty(header) || !base64_decode(header, strlen(header), &json))
		return NULL;
	return buffer_take(&json);
}
