/* Volumes: list, inspect, create, remove, prune. */
#include "door/docker/filters.h"
#include "door/docker/handlers.h"
#include "door/docker/volume_view.h"
#include "format/json.h"

static struct volumes *volumes_of(const struct call *call)
{
	return call_parts(call)->volumes;
}

/* ---- list, inspect ---- */

static bool passes(const struct filters *filters, const struct volume *volume)
{
	const struct volume_spec *spec = volume_get_spec(volume);
	bool dangling = volume_use_count(volume) == 0, wanted = dangling;
	struct error ignored;

	filters_bool(filters, "dangling", &wanted, &ignored);
	return wanted == dangling && filters_pattern(filters, "name", spec->name) &&
	       filters_exact(filters, "driver", spec->driver) &&
	       filters_labels(filters, "label", &spec->labels);
}

static void write_list(const struct volumes *volumes, const struct filters *filters,
		       struct buffer *json)
{
	bool first = true;

	buffer_add_text(json, "{\"Volumes\":[");
	for (size_t i = 0; i < volumes_count(volumes); i++) {
		const struct volume *volume = volumes_at(volumes, i);

		if (!passes(filters, volume))
			continue;
		if (!first)
			buffer_add_char(json, ',');
		first = false;
		volume_view_write(volume, NULL, json);
	}
	buffer_add_text(json, "],\"Warnings\":null}");
}

void serve_volume_list(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	scoped_filters struct filters filters = {0};
	struct error err;
	bool ignored;

	if (!filters_parse(call_query(call, "filters"), &filters, &err) ||
	    !filters_check(&filters, "dangling driver label name", &err) ||
	    !filters_bool(&filters, "dangling", &ignored, &err)) {
		call_fail(call, &err);
		return;
	}
	write_list(volumes_of(call), &filters, &json);
	call_answer_json(call, 200, &json);
}

static void answer_volume(struct call *call, int status, const struct volume *volume)
{
	scoped_buffer struct buffer json = {0};

	volume_view_write(volume, NULL, &json);
	call_answer_json(call, status, &json);
}

void serve_volume_inspect(struct call *call)
{
	struct error err;
	const struct volume *volume = volumes_find(volumes_of(call), call->arguments[0], &err);

	if (volume)
		answer_volume(call, 200, volume);
	else
		call_fail(call, &err);
}

/* ---- create ---- */

struct volume_body {
	char *name, *driver;
	struct pairs options, labels;
	char *cluster_spec; /* JSON; of swarm's volumes */
};
#define T struct volume_body
static const struct record_field volume_body_fields[] = {
	RECORD_FIELD(T, 1, "Name", RECORD_STRING, name),
	RECORD_FIELD(T, 2, "Driver", RECORD_STRING, driver),
	RECORD_FIELD(T, 3, "DriverOpts", RECORD_PAIRS, options),
	RECORD_FIELD(T, 4, "Labels", RECORD_PAIRS, labels),
	RECORD_FIELD(T, 5, "ClusterVolumeSpec", RECORD_JSON, cluster_spec),
};
static const struct record_type volume_body_type = RECORD_TYPE(T, volume_body_fields);
#undef T

static void on_created(void *data, struct volume *volume, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		answer_volume(call, 201, volume);
	call_drop(call);
}

static void create(struct call *call, const struct volume_body *body)
{
	struct volume_request request = {
		.name = body->name,
		.driver = body->driver,
		.labels = body->labels.items ? &body->labels : NULL,
		.options = body->options.items ? &body->options : NULL,
	};

	volume_create(volumes_of(call), &request, on_created, call_hold(call));
}

void serve_volume_create(struct call *call)
{
	struct volume_body body = {0};
	struct error err;

	if (!call_read_body(call, &volume_body_type, &body, &err)) {
		call_fail(call, &err);
	} else if (body.cluster_spec) {
		error_set(&err, ERROR_UNSUPPORTED,
			  "cluster volumes are not implemented by this version");
		call_fail(call, &err);
	} else {
		create(call, &body);
	}
	record_fini(&volume_body_type, &body);
}

/* ---- remove, prune ---- */

static void on_removed(void *data, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 204, err);
	call_drop(call);
}

void serve_volume_remove(struct call *call)
{
	volume_remove(volumes_of(call), call->arguments[0], call_query_bool(call, "force"),
		      on_removed, call_hold(call));
}

/* Which volumes a prune is about; kept with the call. */
struct prune {
	struct filters filters;
	bool all; /* named ones too */
};

static void prune_free(void *data)
{
	struct prune *prune = data;

	filters_fini(&prune->filters);
	free(prune);
}

static bool is_pruned(void *data, const struct volume *volume)
{
	const struct prune *prune = ((const struct call *)data)->state;
	const struct volume_spec *spec = volume_get_spec(volume);
	const struct strings *no = filters_values(&prune->filters, "label!");

	if (!prune->all && !spec->anonymous)
		return false;
	if (no && no->count && filters_labels(&prune->filters, "label!", &spec->labels))
		return false;
	return filters_labels(&prune->filters, "label", &spec->labels);
}

static void publish_prune(struct engine *engine, const struct volume_pruned *pruned)
{
	scoped_pairs struct pairs attributes = {0};
	scoped_free char *bytes = str_format("%llu", (unsigned long long)pruned->bytes);

	pairs_set(&attributes, "reclaimed", bytes);
	engine_publish(engine, EVENT_VOLUME, "prune", "", &attributes);
}

static void answer_pruned(struct call *call, const struct volume_pruned *pruned)
{
	scoped_buffer struct buffer json = {0};

	buffer_add_text(&json, "{\"VolumesDeleted\":");
	if (pruned->names.count)
		json_write_strings(&json, &pruned->names);
	else
		buffer_add_text(&json, "null");
	buffer_format(&json, ",\"SpaceReclaimed\":%llu}", (unsigned long long)pruned->bytes);
	call_answer_json(call, 200, &json);
}

static void on_pruned(void *data, const struct volume_pruned *pruned, const struct error *err)
{
	struct call *call = data;

	if (!err)
		publish_prune(call_engine(call), pruned);
	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		answer_pruned(call, pruned);
	call_drop(call);
}

/* Before 1.42 every unused volume went; since then the named ones only when `all` says so. */
void serve_volume_prune(struct call *call)
{
	struct prune *prune = mem_new(struct prune);
	struct error err;

	call->state = prune;
	call->fini = prune_free;
	prune->all = call->minor < 42;
	if (filters_parse(call_query(call, "filters"), &prune->filters, &err) &&
	    filters_check(&prune->filters, "all label label!", &err) &&
	    filters_bool(&prune->filters, "all", &prune->all, &err))
		volumes_prune(volumes_of(call), is_pruned, on_pruned, call_hold(call));
	else
		call_fail(call, &err);
}
