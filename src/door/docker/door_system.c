/* Ping, version, and the plugins that there are not. */
#include "door/docker/door_state.h"
#include "door/docker/handlers.h"
#include "door/docker/route.h"
#include "format/platform.h"

#include <sys/utsname.h>

/* ---- ping ---- */

void serve_ping(struct call *call)
{
	static const char *const headers[][2] = {
		{"Builder-Version",
		 "1"}, /* the classic one: nobody opens a BuildKit session here */
		{"Cache-Control", "no-cache, no-store, must-revalidate"},
		{"Pragma", "no-cache"},
		{"Swarm", "inactive"},
	};
	bool is_head = strcmp(call->route->method, "HEAD") == 0;

	for (size_t i = 0; i < array_length(headers); i++)
		http_set_header(call->request, headers[i][0], headers[i][1]);
	call_answer_text(call, 200, "text/plain; charset=utf-8", is_head ? "" : "OK");
}

/* ---- version ---- */

struct version_platform {
	char *name;
};
static const struct record_field version_platform_fields[] = {
	RECORD_FIELD(struct version_platform, 1, "Name", RECORD_STRING, name),
};
static const struct record_type version_platform_type =
	RECORD_TYPE(struct version_platform, version_platform_fields);

struct version_component {
	char *name, *version;
	struct pairs details;
};
static const struct record_field version_component_fields[] = {
	RECORD_FIELD(struct version_component, 1, "Name", RECORD_STRING, name),
	RECORD_FIELD(struct version_component, 2, "Version", RECORD_STRING, version),
	RECORD_FIELD(struct version_component, 3, "Details", RECORD_PAIRS, details),
};
static const struct record_type version_component_type =
	RECORD_TYPE(struct version_component, version_component_fields);

/* Everything but the list and the pairs is borrowed. */
struct version_view {
	struct version_platform platform;
	struct record_list components;
	char *version, *api_version, *min_api_version, *git_commit, *go_version, *os, *arch,
		*kernel_version, *build_time;
};
#define T struct version_view
static const struct record_field version_view_fields[] = {
	RECORD_NESTED(T, 1, "Platform", RECORD_STRUCT, platform, 0, &version_platform_type),
	RECORD_NESTED(T, 2, "Components", RECORD_LIST, components, 0, &version_component_type),
	RECORD_FIELD(T, 3, "Version", RECORD_STRING, version),
	RECORD_FIELD(T, 4, "ApiVersion", RECORD_STRING, api_version),
	RECORD_FIELD(T, 5, "MinAPIVersion", RECORD_STRING, min_api_version),
	RECORD_FIELD(T, 6, "GitCommit", RECORD_STRING, git_commit),
	RECORD_FIELD(T, 7, "GoVersion", RECORD_STRING, go_version),
	RECORD_FIELD(T, 8, "Os", RECORD_STRING, os),
	RECORD_FIELD(T, 9, "Arch", RECORD_STRING, arch),
	RECORD_FIELD(T, 10, "KernelVersion", RECORD_STRING, kernel_version),
	RECORD_FIELD(T, 11, "BuildTime", RECORD_STRING, build_time),
};
static const struct record_type version_view_type = RECORD_TYPE(T, version_view_fields);
#undef T

/* The language is C; clients have a column for Go's version, and the build leaves no other trace that
 * would make two builds of one source differ. */
static void version_view_init(struct version_view *view, struct docker_door *door,
			      struct platform *host, struct utsname *kernel)
{
	*view = (struct version_view){
		.platform = {"Wherry Engine"},
		.version = door->version,
		.api_version = "1.47",
		.min_api_version = "1.24",
		.git_commit = "",
		.go_version = "none (C)",
		.os = host->os,
		.arch = host->architecture,
		.kernel_version = kernel->release,
		.build_time = "",
	};
}

static void add_engine_component(struct version_view *view)
{
	struct version_component *engine =
		record_list_add(&version_component_type, &view->components);
	const char *const details[][2] = {
		{"ApiVersion", view->api_version},
		{"Arch", view->arch},
		{"BuildTime", view->build_time},
		{"Experimental", "false"},
		{"GitCommit", view->git_commit},
		{"GoVersion", view->go_version},
		{"KernelVersion", view->kernel_version},
		{"MinAPIVersion", view->min_api_version},
		{"Os", view->os},
	};

	engine->name = str_dup("Engine");
	engine->version = str_dup(view->version);
	for (size_t i = 0; i < array_length(details); i++)
		pairs_set(&engine->details, details[i][0], details[i][1]);
}

/* What goes beyond the Engine API (docs/compose-api.md), by the words that clients look for. */
static const char *const features[] = {"contexts", "files",    "folders",  "group",    "hold",
				       "leases",   "projects", "restarts", "takeover", NULL};

static void add_own_component(struct version_view *view)
{
	struct version_component *own = record_list_add(&version_component_type, &view->components);
	scoped_buffer struct buffer words = {0};

	for (size_t i = 0; features[i]; i++)
		buffer_format(&words, "%s%s", i ? " " : "", features[i]);
	own->name = str_dup("wherry");
	own->version = str_dup(view->version);
	pairs_set(&own->details, "Features", words.data ? words.data : "");
}

void serve_version(struct call *call)
{
	struct platform host = platform_host();
	struct utsname kernel;
	struct version_view view;

	uname(&kernel);
	version_view_init(&view, call_door(call), &host, &kernel);
	add_engine_component(&view);
	add_own_component(&view);
	call_answer_record(call, 200, &version_view_type, &view);
	record_list_fini(&version_component_type, &view.components);
}

/* ---- plugins ---- */

void serve_plugin_list(struct call *call)
{
	scoped_buffer struct buffer json = {0};

	buffer_add_text(&json, "[]");
	call_answer_json(call, 200, &json);
}

void serve_plugin_inspect(struct call *call)
{
	struct error err;

	error_set(&err, ERROR_NOT_FOUND, "plugin \"%s\" not found", call->arguments[0]);
	call_fail(call, &err);
}
