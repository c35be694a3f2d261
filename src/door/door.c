#include "door/door.h"

#include <ctype.h>
#include <strings.h>

#define BODY_LIMIT	 ((size_t)4 * 1024 * 1024)
#define LARGE_BODY_LIMIT ((size_t)24 * 1024 * 1024) /* 16 MiB in base64, and what stands around them */

/* ---- the way of a request ---- */

/* The handler may answer and thereby end the call at any time: a reference of ours keeps it. */
static void handle(struct call *call)
{
	call_hold(call);
	call->route->handle(call);
	call_drop(call);
}

void door_serve_early(struct door *door)
{
	for (size_t i = 0; i < door->early.count; i++) {
		struct call *call = door->early.items[i];

		if (call_is_open(call))
			handle(call);
		call_drop(call);
	}
	vector_fini(&door->early);
}

static void handle_when_ready(struct call *call)
{
	if (call->route->flags & ROUTE_EARLY || call->door->is_ready(call->door))
		handle(call);
	else
		vector_add(&call->door->early, call_hold(call));
}

/* ---- its body ---- */

/* JSON, whatever parameters follow the type. */
static bool is_json_type(const char *type)
{
	size_t length = strcspn(type, "; \t");

	return length == strlen("application/json") &&
	       strncasecmp(type, "application/json", length) == 0;
}

static bool check_type(const struct http_request *request, struct error *err)
{
	const char *type = http_header(request, "content-type");

	if (type && is_json_type(type))
		return true;
	return error_set(err, ERROR_INVALID,
			 "unsupported Content-Type header (%s): must be 'application/json'",
			 type ? type : "");
}

static bool is_blank(const char *text, size_t size)
{
	while (size && isspace((unsigned char)*text))
		text++, size--;
	return size == 0;
}

static bool parse_body(struct call *call, const char *body, size_t size, struct error *err)
{
	size_t used;

	if (is_blank(body, size))
		return true;
	call->body = json_parse_first(body, size, &used, err);
	if (!call->body)
		return error_prefix(err, "invalid JSON");
	return is_blank(body + used, size - used) ||
	       error_set(err, ERROR_INVALID, "unexpected content after JSON");
}

static void on_body(void *data, struct http_request *request, const char *body, size_t size)
{
	struct call *call = http_data(request);
	struct error err;

	if ((size && !check_type(request, &err)) || !parse_body(call, body, size, &err))
		call_fail(call, &err);
	else
		handle_when_ready(call);
}

void door_handle(struct call *call)
{
	bool large = call->route->flags & ROUTE_LARGE;

	if (call->route->flags & ROUTE_BODY)
		http_collect_body(call->request, large ? LARGE_BODY_LIMIT : BODY_LIMIT, on_body);
	else
		handle_when_ready(call);
}

/* ---- the rest ---- */

void door_fini(struct door *door)
{
	for (size_t i = 0; i < door->early.count; i++)
		call_drop(door->early.items[i]);
	vector_fini(&door->early);
}

void door_answer_not_found(struct http_request *request)
{
	static const char body[] = "{\"message\":\"page not found\"}\n";

	http_respond(request, 404, "application/json", body, sizeof(body) - 1);
}
