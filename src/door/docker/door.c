#include "door/docker/door.h"

#include "door/docker/door_state.h"
#include "door/docker/route.h"
#include "format/json.h"
#include "os/file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

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

static bool is_ready(const struct door *door)
{
	return engine_is_ready(container_of(door, struct docker_door, door)->engine);
}

static void be_ready(void *data)
{
	struct docker_door *door = data;

	door_serve_early(&door->door);
}

static void take_lists(struct docker_door *door, const struct docker_door_settings *settings)
{
	door->labels = strings_copy(&settings->labels);
	door->mirrors = strings_copy(&settings->mirrors);
	door->insecure_registries = strings_copy(&settings->insecure_registries);
}

static void drop_lists(struct docker_door *door)
{
	strings_fini(&door->labels);
	strings_fini(&door->mirrors);
	strings_fini(&door->insecure_registries);
}

struct docker_door *docker_door_new(struct engine *engine,
				    const struct docker_door_settings *settings, struct error *err)
{
	struct docker_door *door = mem_new(struct docker_door);

	door_init(&door->door, engine_get_parts(engine)->loop);
	door->door.is_ready = is_ready;
	door->door.fail_in_stream = call_fail_in_band;
	door->engine = engine;
	door->builder = settings->builder;
	door->version = str_dup(settings->version);
	door->data_root = str_dup(settings->data_root);
	take_lists(door, settings);
	door->id = daemon_id_make(settings->data_root);
	door->server = str_format("Docker/%s (linux)", settings->version);
	engine_when_ready(engine, be_ready, door);
	return door;
}

void docker_door_free(struct docker_door *door)
{
	if (!door)
		return;
	door_fini(&door->door);
	free(door->version);
	free(door->data_root);
	free(door->id);
	free(door->server);
	drop_lists(door);
	free(door);
}

/* ---- what changes while it serves ---- */

static void set_list(struct pairs *attributes, const char *name, const struct strings *list)
{
	scoped_buffer struct buffer json = {0};

	json_write_strings(&json, list);
	pairs_set(attributes, name, json.data);
}

static void publish_reload(const struct docker_door *door)
{
	scoped_pairs struct pairs attributes = {0};
	char name[HOST_NAME_MAX + 1] = "";

	gethostname(name, sizeof(name) - 1);
	pairs_set(&attributes, "name", name);
	set_list(&attributes, "labels", &door->labels);
	set_list(&attributes, "registry-mirrors", &door->mirrors);
	set_list(&attributes, "insecure-registries", &door->insecure_registries);
	engine_publish(door->engine, EVENT_DAEMON, "reload", door->id, &attributes);
}

void docker_door_reload(struct docker_door *door, const struct docker_door_settings *settings)
{
	drop_lists(door);
	take_lists(door, settings);
	publish_reload(door);
}

/* ---- the way in ---- */

static void set_headers(const struct docker_door *door, struct http_request *request)
{
	http_set_header(request, "Api-Version", "1.47");
	http_set_header(request, "Docker-Experimental", "false");
	http_set_header(request, "Ostype", "linux");
	http_set_header(request, "Server", door->server);
}

/* The API's answer to a body where there was one long ago. */
static bool check_no_body(const struct call *call, struct error *err)
{
	if (!(call->route->flags & ROUTE_NO_BODY) || !http_has_body(call->request))
		return true;
	return error_set(err, ERROR_INVALID,
			 "starting container with non-empty request body was deprecated since API "
			 "v1.22 and removed in v1.24");
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
		door_answer_not_found(request);
		return;
	}
	set_headers(door, request);
	struct call *call = call_new(&door->door, request);
	call->route = route;
	call->minor = minor;
	memcpy(call->arguments, arguments, sizeof(arguments));
	if ((version == VERSION_GIVEN && !route_check_version(path, minor, &err)) ||
	    !check_no_body(call, &err))
		call_fail(call, &err);
	else
		door_handle(call);
}
