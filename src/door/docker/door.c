#include "door/docker/door.h"

#include "door/docker/door_state.h"
#include "door/docker/route.h"
#include "os/file.h"

#include <ctype.h>
#include <fcntl.h>

#define BODY_LIMIT ((size_t)4 * 1024 * 1024)

/* ---- life ---- */

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return hash;
}

char *daemon_id_make(const char *data_root)
{
	scoped_buffer struct buffer machine = {0};
	struct error ignored;

	file_read(AT_FDCWD, "/etc/machine-id", 256, &machine, &ignored);
	uint64_t host = hash_text(machine.data ? machine.data : ""), root = hash_text(data_root);
	return str_format("%08x-%04x-%04x-%04x-%012llx", (unsigned)(host >> 32),
			  (unsigned)(host >> 16) & 0xffff, (unsigned)host & 0xffff,
			  (unsigned)(root >> 48), (unsigned long long)(root & 0xffffffffffff));
}

static void serve_early_calls(void *data);

struct docker_door *docker_door_new(struct engine *engine,
				    const struct docker_door_settings *settings, struct error *err)
{
	struct docker_door *door = mem_new(struct docker_door);

	door->engine = engine;
	door->builder = settings->builder;
	door->version = str_dup(settings->version);
	door->data_root = str_dup(settings->data_root);
	door->labels = strings_copy(&settings->labels);
	door->mirrors = strings_copy(&settings->mirrors);
	door->insecure_registries = strings_copy(&settings->insecure_registries);
	door->id = daemon_id_make(settings->data_root);
	door->server = str_format("Docker/%s (linux)", settings->version);
	engine_when_ready(engine, serve_early_calls, door);
	return door;
}

void docker_door_free(struct docker_door *door)
{
	if (!door)
		return;
	for (size_t i = 0; i < door->early.count; i++)
		call_drop(door->early.items[i]);
	vector_fini(&door->early);
	free(door->version);
	free(door->data_root);
	free(door->id);
	free(door->server);
	strings_fini(&door->labels);
	strings_fini(&door->mirrors);
	strings_fini(&door->insecure_registries);
	free(door);
}

/* ---- the way of a request ---- */

/* The handler may answer and thereby end the call at any time: a reference of ours keeps it. */
static void handle(struct call *call)
{
	call_hold(call);
	call->route->handle(call);
	call_drop(call);
}

static void serve_early_calls(void *data)
{
	struct docker_door *door = data;

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
	if (call->route->flags & ROUTE_EARLY || engine_is_ready(call->door->engine))
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

static void begin(struct call *call)
{
	struct error err;

	if (call->route->flags & ROUTE_BODY) {
		http_collect_body(call->request, BODY_LIMIT, on_body);
	} else if (call->route->flags & ROUTE_NO_BODY && http_has_body(call->request)) {
		error_set(&err, ERROR_INVALID,
			  "starting container with non-empty request body was deprecated since API "
			  "v1.22 and removed in v1.24");
		call_fail(call, &err);
	} else {
		handle_when_ready(call);
	}
}

/* ---- the way in ---- */

static void set_headers(const struct docker_door *door, struct http_request *request)
{
	http_set_header(request, "Api-Version", "1.47");
	http_set_header(request, "Docker-Experimental", "false");
	http_set_header(request, "Ostype", "linux");
	http_set_header(request, "Server", door->server);
}

static void respond_not_found(struct http_request *request)
{
	static const char body[] = "{\"message\":\"page not found\"}\n";

	http_respond(request, 404, "application/json", body, sizeof(body) - 1);
}

void docker_door_serve(struct docker_door *door, struct http_request *request)
{
	const char *path = http_path(request), *rest = path;
	char *arguments[CALL_ARGUMENTS] = {0};
	int minor = API_MINOR_NEWEST;
	enum version_prefix version = route_cut_version(path, &minor, &rest);
	const struct route *route = version == VERSION_BROKEN
					    ? NULL
					    : route_find(http_method(request), rest, arguments);
	struct error err;

	if (!route) {
		respond_not_found(request);
		return;
	}
	set_headers(door, request);
	struct call *call = call_new(door, request);
	call->route = route;
	call->minor = minor;
	memcpy(call->arguments, arguments, sizeof(arguments));
	if (version == VERSION_GIVEN && !route_check_version(path, minor, &err))
		call_fail(call, &err);
	else
		begin(call);
}
