/* Containers: list, create, inspect, top, update, prune. */
#include "base/time.h"
#include "door/docker/container_query.h"
#include "door/docker/container_view.h"
#include "door/docker/handlers.h"

/* ---- list ---- */

static bool has_links(struct engine *engine)
{
	for (const struct container *c = engine_first(engine); c; c = engine_next(c))
		if (c->host_config.links.count)
			return true;
	return false;
}

static void write_list(struct call *call, const struct container_query *query, struct buffer *json)
{
	struct engine *engine = call_engine(call);
	struct view_options options = {
		.minor = call->minor,
		.now_ns = time_now_ns(),
		.size = call_query_bool(call, "size"),
		.links = has_links(engine),
	};
	int64_t left = query->limit > 0 ? query->limit : INT64_MAX;

	buffer_add_char(json, '[');
	for (const struct container *c = engine_first(engine); c && left > 0; c = engine_next(c)) {
		if (!container_query_match(query, c))
			continue;
		if (json->size > 1)
			buffer_add_char(json, ',');
		container_view_list_item(c, &options, json);
		left--;
	}
	buffer_add_char(json, ']');
}

static void answer_list(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	struct container_query query;
	struct error err;
	int64_t limit = 0;

	if (!call_query_i64(call, "limit", &limit, &err) ||
	    !container_query_parse(call_engine(call), call_query(call, "filters"), &query, &err)) {
		call_fail(call, &err);
		return;
	}
	query.limit = limit > 0 ? limit : 0;
	query.all = query.all || call_query_bool(call, "all");
	write_list(call, &query, &json);
	container_query_fini(&query);
	call_answer_json(call, 200, &json);
}

static void on_all_measured(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err)
		call_fail(call, result->err);
	else if (call_is_open(call))
		answer_list(call);
	call_drop(call);
}

void serve_container_list(struct call *call)
{
	if (call_query_bool(call, "size"))
		engine_measure(call_engine(call), NULL, on_all_measured, call_hold(call));
	else
		answer_list(call);
}

/* ---- create ---- */

/* The container's configuration and the rest stand in one object, read by two tables. */
struct create_state {
	struct container_config config;
	struct create_body body;
	bool has_config;
};

static void create_state_free(void *data)
{
	struct create_state *state = data;

	record_fini(&container_config_type, &state->config);
	record_fini(&create_body_type, &state->body);
	free(state);
}

/* Anything beside HostConfig, NetworkingConfig and Wherry is configuration of the container itself. */
static bool has_config(json_t *body)
{
	const char *name;
	json_t *value;

	json_object_foreach (body, name, value)
		if (strcasecmp(name, "HostConfig") != 0 &&
		    strcasecmp(name, "NetworkingConfig") != 0 && strcasecmp(name, "Wherry") != 0)
			return true;
	return false;
}

static void *read_create(json_t *body, struct error *err)
{
	struct create_state *state = mem_new(struct create_state);

	if (!body_read(body, &container_config_type, &state->config, err) ||
	    !body_read(body, &create_body_type, &state->body, err)) {
		create_state_free(state);
		return NULL;
	}
	state->has_config = has_config(body);
	return state;
}
const struct route_body container_create_body = {read_create, create_state_free};

struct created {
	char *id;
	struct strings warnings;
};
static const struct record_field created_fields[] = {
	RECORD_FIELD(struct created, 1, "Id", RECORD_STRING, id),
	RECORD_FIELD_FLAGS(struct created, 2, "Warnings", RECORD_STRINGS, warnings,
			   RECORD_EMPTY_LIST),
};
static const struct record_type created_type = RECORD_TYPE(struct created, created_fields);

static void on_created(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err) {
		call_fail(call, result->err);
	} else if (call_is_open(call)) {
		struct created created = {.id = result->container->id};

		if (result->warnings)
			created.warnings = *result->warnings;
		call_answer_record(call, 201, &created_type, &created);
	}
	call_drop(call);
}

void serve_container_create(struct call *call)
{
	struct create_state *state = call->state;
	struct create_request request = {
		.name = call_query(call, "name"),
		.platform = call_query(call, "platform"),
		.api_minor = call->minor,
		.has_config = state->has_config,
		.config = &state->config,
		.host_config = state->body.host_config,
		.networking_config = state->body.networking_config,
		.extension = state->body.extension,
		.client_cgroup = http_client_process(call->request)->cgroup,
	};
	engine_create(call_engine(call), &request, on_created, call_hold(call));
}

/* ---- inspect ---- */

static void answer_inspect(struct call *call, const struct container *c)
{
	scoped_buffer struct buffer json = {0};
	struct view_options options = {
		.minor = call->minor,
		.now_ns = time_now_ns(),
		.size = call_query_bool(call, "size"),
	};

	container_view_inspect(c, &options, &json);
	call_answer_json(call, 200, &json);
}

static void on_measured(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err)
		call_fail(call, result->err);
	else if (call_is_open(call))
		answer_inspect(call, result->container);
	call_drop(call);
}

void serve_container_inspect(struct call *call)
{
	struct container *c = call_container(call);

	if (c && call_query_bool(call, "size"))
		engine_measure(call_engine(call), c, on_measured, call_hold(call));
	else if (c)
		answer_inspect(call, c);
}

/* ---- top ---- */

static void answer_top(struct call *call, const struct engine_top *top)
{
	scoped_buffer struct buffer json = {0};

	buffer_add_text(&json, "{\"Titles\":");
	json_write_strings(&json, &top->titles);
	buffer_add_text(&json, ",\"Processes\":[");
	for (size_t i = 0; i < top->count; i++) {
		if (i)
			buffer_add_char(&json, ',');
		json_write_strings(&json, &top->processes[i]);
	}
	buffer_add_text(&json, "]}");
	call_answer_json(call, 200, &json);
}

static void on_top(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err)
		call_fail(call, result->err);
	else if (call_is_open(call))
		answer_top(call, result->top);
	call_drop(call);
}

void serve_container_top(struct call *call)
{
	struct container *c = call_container(call);

	if (c)
		engine_top(call_engine(call), c, call_query(call, "ps_args"), on_top,
			   call_hold(call));
}

/* ---- update ---- */

struct updated {
	struct strings warnings; /* null where there are none, unlike in a create */
};
static const struct record_field updated_fields[] = {
	RECORD_FIELD(struct updated, 1, "Warnings", RECORD_STRINGS, warnings),
};
static const struct record_type updated_type = RECORD_TYPE(struct updated, updated_fields);

static void on_updated(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err) {
		call_fail(call, result->err);
	} else if (call_is_open(call)) {
		struct updated updated = {{0}};

		if (result->warnings && result->warnings->count)
			updated.warnings = *result->warnings;
		call_answer_record(call, 200, &updated_type, &updated);
	}
	call_drop(call);
}

static void update_body_free(void *data)
{
	record_fini(&update_body_type, data);
	free(data);
}

void serve_container_update(struct call *call)
{
	struct update_body *body = mem_new(struct update_body);
	struct error err;

	call->state = body;
	call->fini = update_body_free;
	if (!call_read_body(call, &update_body_type, body, &err)) {
		call_fail(call, &err);
		return;
	}
	struct container *c = call_container(call);
	if (c)
		engine_update(call_engine(call), c, body, on_updated, call_hold(call));
}

/* ---- prune ---- */

struct pruned_containers {
	struct strings ids;
	int64_t reclaimed;
};
static const struct record_field pruned_fields[] = {
	RECORD_FIELD(struct pruned_containers, 1, "ContainersDeleted", RECORD_STRINGS, ids),
	RECORD_FIELD(struct pruned_containers, 2, "SpaceReclaimed", RECORD_I64, reclaimed),
};
static const struct record_type pruned_type = RECORD_TYPE(struct pruned_containers, pruned_fields);

static void on_pruned(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err) {
		call_fail(call, result->err);
	} else if (call_is_open(call)) {
		struct pruned_containers pruned = {result->pruned->ids, result->pruned->reclaimed};

		call_answer_record(call, 200, &pruned_type, &pruned);
	}
	call_drop(call);
}

void serve_container_prune(struct call *call)
{
	struct container_filter filter;
	struct error err;

	if (!container_filter_parse(call_query(call, "filters"), time_now_ns(), &filter, &err)) {
		call_fail(call, &err);
		return;
	}
	engine_prune(call_engine(call), &filter, on_pruned, call_hold(call));
	container_filter_fini(&filter);
}
