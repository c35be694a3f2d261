#include "door/docker/call.h"

#include "base/log.h"
#include "door/docker/door_state.h"
#include "format/base64.h"
#include "http/http_status.h"

#define RAW_TYPE	 "application/vnd.docker.raw-stream"
#define MULTIPLEXED_TYPE "application/vnd.docker.multiplexed-stream"

struct docker_door *call_door(const struct call *call)
{
	return container_of(call->door, struct docker_door, door);
}

struct engine *call_engine(const struct call *call)
{
	return call_door(call)->engine;
}

const struct engine_parts *call_parts(const struct call *call)
{
	return engine_get_parts(call_door(call)->engine);
}

static bool query_side(const struct call *call, const char *name, int64_t *value, struct error *err)
{
	const char *text = call_query(call, name);

	if (!text || !parse_i64(text, value))
		return error_set(err, ERROR_INVALID, "strconv.Atoi: parsing \"%s\": invalid syntax",
				 text ? text : "");
	return (*value >= 0 && *value <= UINT16_MAX) ||
	       error_set(err, ERROR_INVALID, "strconv.Atoi: parsing \"%s\": value out of range",
			 text);
}

bool call_query_size(const struct call *call, int64_t *rows, int64_t *columns, struct error *err)
{
	return query_side(call, "h", rows, err) && query_side(call, "w", columns, err);
}

/* After the head of a stream is out, an error can only be one more document. */
void call_fail_in_band(struct call *call, const struct error *err)
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

void call_fail_plain(struct call *call, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];
	scoped_free char *line = str_format("%s\r\n", error_text(err, text, sizeof(text)));

	call_log_failure(call, err);
	call_answer_text(call, http_status_of_error(err->kind), RAW_TYPE, line);
}

struct container *call_container(struct call *call)
{
	struct error err;
	struct container *c = engine_find(call_engine(call), call->arguments[0], &err);

	if (!c)
		call_fail(call, &err);
	return c;
}

const char *call_stream_type(const struct call *call, bool tty)
{
	return tty || call->minor < 42 ? RAW_TYPE : MULTIPLEXED_TYPE;
}

void call_take_upload(struct call *call, struct image_upload *upload)
{
	image_upload_take(call->request, upload);
	call_ended(call);
}

void call_take_answer(struct call *call, const char *type, struct image_answer *answer)
{
	scoped_buffer struct buffer early = {0};

	*answer = (struct image_answer){.connection = -1};
	http_response_head(call->request, 200, type, &answer->head, &answer->chunked);
	answer->connection = http_hijack(call->request, &early);
	call_ended(call);
}

char *call_registry_auth(const struct call *call)
{
	const char *header = http_header(call->request, "x-registry-auth");
	scoped_buffer struct buffer json = {0};

	if (str_is_empty(header) || !base64_decode(header, strlen(header), &json))
		return NULL;
	return buffer_take(&json);
}
