/* POST /build: the request becomes the builder's; the connection with the context goes to its worker. */
#include "base/time.h"
#include "builder/builder.h"
#include "door/docker/door_state.h"
#include "door/docker/filters.h"
#include "door/docker/handlers.h"
#include "format/base64.h"

/* ---- maps and lists in JSON, in the query ---- */

static bool bad_parameter(const char *name, struct error *err)
{
	return error_set(err, ERROR_INVALID, "error reading build parameter '%s'", name);
}

/* Of this type, or null, or not there (*out stays NULL): either holds nothing. */
static bool read_parameter(const struct call *call, const char *name, json_type type, json_t **out,
			   struct error *err)
{
	const char *text = call_query(call, name);

	if (str_is_empty(text))
		return true;
	*out = json_parse(text, strlen(text), err);
	if (*out && (json_typeof(*out) == type || json_is_null(*out)))
		return true;
	return bad_parameter(name, err);
}

/* {"A":"1","B":null} */
static bool read_pairs(const struct call *call, const char *name, struct pairs *out,
		       struct error *err)
{
	scoped_json json_t *map = NULL;
	const char *key;
	json_t *value;

	if (!read_parameter(call, name, JSON_OBJECT, &map, err))
		return false;
	json_object_foreach (map, key, value) {
		if (!json_is_string(value) && !json_is_null(value))
			return bad_parameter(name, err);
		pairs_set(out, key, json_string_value(value));
	}
	return true;
}

static bool read_strings(const struct call *call, const char *name, struct strings *out,
			 struct error *err)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *value;

	if (!read_parameter(call, name, JSON_ARRAY, &list, err))
		return false;
	json_array_foreach (list, i, value) {
		if (!json_is_string(value))
			return bad_parameter(name, err);
		strings_add(out, json_string_value(value));
	}
	return true;
}

static bool read_ulimits(const struct call *call, struct record_list *out, struct error *err)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *value;

	if (!read_parameter(call, "ulimits", JSON_ARRAY, &list, err))
		return false;
	json_array_foreach (list, i, value)
		if (!record_from_json(&ulimit_type, value, RECORD_FOR_API,
				      record_list_add(&ulimit_type, out), err))
			return false;
	return true;
}

/* ---- headers ---- */

/* X-Registry-Config: base64 of {"registry": {"username": ...}}.  What cannot be read is no credential. */
static void read_credentials(const struct call *call, struct pairs *out)
{
	const char *header = http_header(call->request, "x-registry-config");
	scoped_buffer struct buffer bytes = {0};
	scoped_json json_t *json = NULL;
	struct error none;
	const char *registry;
	json_t *value;

	if (str_is_empty(header) || !base64_decode(header, strlen(header), &bytes) || !bytes.data)
		return;
	json = json_parse(bytes.data, bytes.size, &none);
	json_object_foreach (json, registry, value) {
		scoped_free char *text = json_dumps(value, JSON_COMPACT);

		if (text)
			pairs_set(out, registry, text);
	}
}

/* Headers of our own: base64 of an object of texts. */
static bool read_handed(const struct call *call, const char *name, struct pairs *out,
			struct error *err)
{
	const char *header = http_header(call->request, name);
	scoped_buffer struct buffer bytes = {0};
	scoped_json json_t *json = NULL;
	struct error why;
	const char *id;
	json_t *value;

	if (str_is_empty(header))
		return true;
	if (base64_decode(header, strlen(header), &bytes) && bytes.data)
		json = json_parse(bytes.data, bytes.size, &why);
	if (!json_is_object(json))
		return error_set(err, ERROR_INVALID, "the header %s cannot be read", name);
	json_object_foreach (json, id, value) {
		if (!json_is_string(value))
			return error_set(err, ERROR_INVALID, "the header %s cannot be read", name);
		pairs_set(out, id, json_string_value(value));
	}
	return true;
}

/* X-Wherry-Secrets: {"id": base64 of its bytes}; X-Wherry-Ssh: {"id": path of an agent's socket}. */
static bool read_what_steps_get(const struct call *call, struct build_request *r, struct error *err)
{
	return read_handed(call, "x-wherry-secrets", &r->secrets, err) &&
	       read_handed(call, "x-wherry-ssh", &r->agents, err);
}

/* ---- all of it ---- */

/* Known and refused. */
static bool check_refused(const struct call *call, struct error *err)
{
	const char *version = call_query(call, "version");
	const char *outputs = call_query(call, "outputs");
	const char *isolation = call_query(call, "isolation");
	const char *security = call_query(call, "securityopt");

	if (!str_is_empty(version) && !str_equal(version, "1"))
		return error_set(err, ERROR_INVALID, "invalid version \"%s\"", version);
	if (call_query_bool(call, "squash"))
		return error_set(err, ERROR_INVALID,
				 "squash is only supported with experimental mode");
	if (!str_is_empty(outputs) && !str_equal(outputs, "null") && !str_equal(outputs, "[]"))
		return error_set(err, ERROR_INVALID,
				 "outputs are not supported: a build makes an image of this host");
	if (!str_is_empty(isolation) && !str_equal(isolation, "default"))
		return error_set(err, ERROR_INVALID, "unsupported isolation: \"%s\"", isolation);
	if (!str_is_empty(security) && !str_equal(security, "null") && !str_equal(security, "[]"))
		return error_set(err, ERROR_INVALID,
				 "the daemon on this platform does not support setting security "
				 "options on build");
	return true;
}

static bool read_numbers(const struct call *call, struct build_request *r, struct error *err)
{
	const struct {
		const char *name;
		int64_t *value;
	} rows[] = {
		{"memory", &r->memory},	       {"memswap", &r->memory_swap},
		{"cpushares", &r->cpu_shares}, {"cpuperiod", &r->cpu_period},
		{"cpuquota", &r->cpu_quota},   {"shmsize", &r->shm_size},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		if (!call_query_i64(call, rows[i].name, rows[i].value, err))
			return false;
	return true;
}

static void read_texts(const struct call *call, struct build_request *r)
{
	const struct {
		const char *name;
		char **value;
	} rows[] = {
		{"dockerfile", &r->dockerfile},
		{"remote", &r->remote},
		{"target", &r->target},
		{"platform", &r->platform},
		{"networkmode", &r->network},
		{"cgroupparent", &r->cgroup_parent},
		{"cpusetcpus", &r->cpuset_cpus},
		{"cpusetmems", &r->cpuset_mems},
		{"buildid", &r->id},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		*rows[i].value = str_dup_or_null(call_query(call, rows[i].name));
}

static void read_switches(const struct call *call, struct build_request *r)
{
	const char *remove = call_query(call, "rm");

	r->quiet = call_query_bool(call, "q");
	r->no_cache = call_query_bool(call, "nocache");
	r->pull = call_query_bool(call, "pull");
	r->remove = !remove || call_query_bool(call, "rm"); /* the only one that is on by itself */
	r->force_remove = call_query_bool(call, "forcerm");
}

static void add_names(const struct call *call, struct build_request *r)
{
	scoped_strings struct strings names = http_query_values(call->request, "t");

	for (size_t i = 0; i < names.count; i++)
		if (!str_is_empty(names.items[i]) && !strings_contain(&r->names, names.items[i]))
			strings_add(&r->names, names.items[i]);
}

static bool read_request(const struct call *call, struct build_request *r, struct error *err)
{
	r->api_minor = call->minor;
	read_texts(call, r);
	read_switches(call, r);
	add_names(call, r);
	r->extra_hosts = http_query_values(call->request, "extrahosts");
	read_credentials(call, &r->credentials);
	return check_refused(call, err) && read_numbers(call, r, err) &&
	       read_pairs(call, "buildargs", &r->build_args, err) &&
	       read_pairs(call, "labels", &r->labels, err) &&
	       read_pairs(call, "contexts", &r->contexts, err) &&
	       read_strings(call, "cachefrom", &r->cache_from, err) &&
	       read_ulimits(call, &r->ulimits, err) && read_what_steps_get(call, r, err) &&
	       build_request_check(r, err);
}

void serve_build(struct call *call)
{
	struct builder *builder = call_door(call)->builder;
	struct build_request request = {0};
	struct image_upload upload;
	struct error err;

	if (read_request(call, &request, &err)) {
		call_take_upload(call, &upload);
		builder_start(builder, &request, &upload);
	} else {
		call_fail(call, &err);
	}
	build_request_fini(&request);
}

/* ---- prune ---- */

struct pruning {
	struct call *call;
	struct builder_job *job; /* NULL: it is over */
};

static void publish_prune(struct engine *engine, int64_t reclaimed)
{
	scoped_pairs struct pairs attributes = {0};
	scoped_free char *bytes = str_format("%lld", (long long)reclaimed);

	pairs_set(&attributes, "reclaimed", bytes);
	engine_publish(engine, EVENT_BUILDER, "prune", "", &attributes);
}

static void on_pruned(void *data, const struct strings *ids, int64_t reclaimed,
		      const struct error *err)
{
	struct pruning *pruning = data;
	struct call *call = pruning->call;
	scoped_buffer struct buffer json = {0};

	pruning->job = NULL;
	buffer_add_text(&json, "{\"CachesDeleted\":");
	if (ids->count > 0)
		json_write_strings(&json, ids);
	else
		buffer_add_text(&json, "null");
	buffer_format(&json, ",\"SpaceReclaimed\":%lld}", (long long)reclaimed);
	if (!err)
		publish_prune(call_engine(call), reclaimed);
	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		call_answer_json(call, 200, &json);
	call_drop(call);
}

/* `system prune` sends here the filters that it has for everything: folders of caches carry no labels and
 * are all of one type. */
static bool read_wish(const struct call *call, const struct filters *filters,
		      struct builder_prune_wish *wish, struct error *err)
{
	const struct strings *until = filters_values(filters, "until");
	const struct strings *labels = filters_values(filters, "label");

	if (!filters_check(filters, "until unused-for label label! id type", err))
		return false;
	if (!until)
		until = filters_values(filters, "unused-for");
	wish->nothing =
		(labels && labels->count > 0) || !filters_exact(filters, "type", "exec.cachemount");
	wish->ids = filters_values(filters, "id");
	return call_query_i64(call, "keep-storage", &wish->keep_bytes, err) &&
	       (!until || until->count == 0 ||
		moment_parse(until->items[0], time_now_ns(), &wish->until_ns, err));
}

/* A prune goes on when nobody waits for it any more. */
void serve_build_prune(struct call *call)
{
	struct pruning *pruning = mem_new(struct pruning);
	scoped_filters struct filters filters = {0};
	struct builder_prune_wish wish = {0};
	struct error err;

	pruning->call = call_hold(call);
	call->state = pruning;
	call->fini = free;
	if (filters_parse(call_query(call, "filters"), &filters, &err) &&
	    read_wish(call, &filters, &wish, &err))
		pruning->job =
			builder_prune(call_door(call)->builder, &wish, on_pruned, pruning, &err);
	if (pruning->job)
		return;
	call_fail(call, &err);
	call_drop(call);
}

void serve_build_cancel(struct call *call)
{
	const char *id = call_query(call, "id");
	struct error err;

	if (str_is_empty(id)) {
		error_set(&err, ERROR_INVALID, "build ID not provided");
		call_fail(call, &err);
	} else if (!builder_cancel(call_door(call)->builder, id, &err)) {
		call_fail(call, &err);
	} else {
		call_answer_status(call, 200);
	}
}
