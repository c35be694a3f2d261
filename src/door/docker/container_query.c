#include "door/docker/container_query.h"

#include "door/docker/container_text.h"
#include "format/port.h"

#define KNOWN                                                                                      \
	"ancestor before exited expose health id is-task isolation label name network publish "    \
	"since status volume"

/* ---- reading ---- */

/* Each value of a filter, checked; the first bad one is the error. */
static bool check_values(const struct filters *filters, const char *name,
			 bool (*is_good)(const char *value), struct error *err)
{
	const struct strings *values = filters_values(filters, name);

	for (size_t i = 0; values && i < values->count; i++)
		if (!is_good(values->items[i]))
			return filters_invalid(name, values->items[i], err);
	return true;
}

static bool is_status(const char *value)
{
	enum container_state state;

	return container_state_from_name(value, &state);
}

static bool is_health(const char *value)
{
	for (enum health_state h = HEALTH_NONE; h <= HEALTH_UNHEALTHY; h++)
		if (strcmp(value, health_state_name(h)) == 0)
			return true;
	return false;
}

static bool is_number(const char *value)
{
	int64_t number;

	return parse_i64(value, &number);
}

static bool is_port(const char *value)
{
	uint16_t first, last;
	int protocol;
	struct error ignored;

	return port_spec_parse(value, &protocol, &first, &last, &ignored);
}

static bool check_all_values(const struct filters *filters, struct error *err)
{
	static const struct {
		const char *name;
		bool (*is_good)(const char *value);
	} checks[] = {
		{"status", is_status}, {"health", is_health}, {"exited", is_number},
		{"publish", is_port},  {"expose", is_port},
	};
	bool ignored = false;

	for (size_t i = 0; i < array_length(checks); i++)
		if (!check_values(filters, checks[i].name, checks[i].is_good, err))
			return false;
	return filters_bool(filters, "is-task", &ignored, err);
}

/* When the container that the filter names was created. */
static bool read_moment(struct engine *engine, const struct filters *filters, const char *name,
			int64_t *ns, struct error *err)
{
	const struct strings *values = filters_values(filters, name);

	if (!values || !values->count)
		return true;
	const struct container *c = engine_find(engine, values->items[0], err);
	if (c)
		*ns = c->created_ns;
	return c;
}

/* A name that is no image is no ancestor of anything. */
static void read_ancestors(struct engine *engine, struct container_query *query)
{
	const struct strings *values = filters_values(&query->filters, "ancestor");
	struct image_store *images = engine_get_parts(engine)->images;
	struct error ignored;

	for (size_t i = 0; values && i < values->count; i++) {
		const struct image *image = image_find(images, values->items[i], &ignored);

		if (image)
			vector_add(&query->ancestors, image);
	}
}

static bool read_query(struct engine *engine, const char *text, struct container_query *query,
		       struct error *err)
{
	const struct filters *filters = &query->filters;

	if (!filters_parse(text, &query->filters, err) || !filters_check(filters, KNOWN, err) ||
	    !check_all_values(filters, err) ||
	    !read_moment(engine, filters, "before", &query->before_ns, err) ||
	    !read_moment(engine, filters, "since", &query->since_ns, err))
		return false;
	read_ancestors(engine, query);
	if (filters_values(filters, "status") || filters_values(filters, "exited") ||
	    query->before_ns || query->since_ns)
		query->all = true;
	return true;
}

bool container_query_parse(struct engine *engine, const char *filters, struct container_query *out,
			   struct error *err)
{
	struct container_query query = {0};

	if (!read_query(engine, filters, &query, err)) {
		container_query_fini(&query);
		return false;
	}
	*out = query;
	return true;
}

void container_query_fini(struct container_query *query)
{
	filters_fini(&query->filters);
	vector_fini(&query->ancestors);
}

/* ---- matching: each has one filter in view and says yes when it was not asked for ---- */

static bool match_ancestor(const struct container_query *q, const struct container *c)
{
	if (!filters_values(&q->filters, "ancestor"))
		return true;
	for (size_t i = 0; i < q->ancestors.count; i++)
		if (q->ancestors.items[i] == c->image)
			return true;
	return false;
}

static bool match_time(const struct container_query *q, const struct container *c)
{
	return (!q->before_ns || c->created_ns < q->before_ns) &&
	       (!q->since_ns || c->created_ns > q->since_ns);
}

/* An exit code counts once it has run and ended. */
static bool match_exited(const struct container_query *q, const struct container *c)
{
	char code[24];

	if (!filters_values(&q->filters, "exited"))
		return true;
	snprintf(code, sizeof(code), "%lld", (long long)c->exit_code);
	return !container_is_running(c) && c->started_ns &&
	       filters_exact(&q->filters, "exited", code);
}

static bool match_name(const struct container_query *q, const struct container *c)
{
	if (!filters_values(&q->filters, "name"))
		return true;
	scoped_free char *with_slash = str_format("/%s", c->name);
	return filters_pattern(&q->filters, "name", c->name) ||
	       filters_pattern(&q->filters, "name", with_slash);
}

static bool match_words(const struct container_query *q, const struct container *c)
{
	const struct filters *f = &q->filters;

	return filters_prefix(f, "id", c->id) &&
	       filters_exact(f, "status", container_state_name((enum container_state)c->state)) &&
	       filters_exact(f, "health", health_state_name((enum health_state)c->health)) &&
	       filters_labels(f, "label", &c->config.labels);
}

static bool match_network(const struct container_query *q, const struct container *c)
{
	if (!filters_values(&q->filters, "network"))
		return true;
	for (size_t i = 0; i < c->networks.count; i++) {
		const struct endpoint_settings *e =
			RECORD_AT(c->networks, struct endpoint_settings, i);

		if (filters_exact(&q->filters, "network", c->networks.names[i]) ||
		    (e->network_id && filters_prefix(&q->filters, "network", e->network_id)))
			return true;
	}
	return false;
}

static bool match_volume(const struct container_query *q, const struct container *c)
{
	if (!filters_values(&q->filters, "volume"))
		return true;
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *m = RECORD_AT(c->mounts, struct mount_point, i);

		if ((m->name && filters_exact(&q->filters, "volume", m->name)) ||
		    (m->destination && filters_exact(&q->filters, "volume", m->destination)))
			return true;
	}
	return false;
}

/* Do two specifications, "80" and "79-81/tcp", have a port in common? */
static bool ports_meet(const char *a, const char *b)
{
	uint16_t first[2], last[2];
	int protocol[2];
	struct error ignored;

	return port_spec_parse(a, &protocol[0], &first[0], &last[0], &ignored) &&
	       port_spec_parse(b, &protocol[1], &first[1], &last[1], &ignored) &&
	       protocol[0] == protocol[1] && first[0] <= last[1] && first[1] <= last[0];
}

static bool match_ports(const struct container_query *q, const char *name, char *const *ports,
			size_t count)
{
	const struct strings *values = filters_values(&q->filters, name);

	for (size_t i = 0; values && i < count; i++)
		for (size_t k = 0; k < values->count; k++)
			if (ports_meet(values->items[k], ports[i]))
				return true;
	return !values || !values->count;
}

static bool match_published(const struct container_query *q, const struct container *c)
{
	const struct record_map *bindings = &c->host_config.port_bindings;

	return match_ports(q, "publish", bindings->names, bindings->count);
}

static bool match_exposed(const struct container_query *q, const struct container *c)
{
	const struct strings *exposed = &c->config.exposed_ports;

	return match_ports(q, "expose", exposed->items, exposed->count);
}

static bool match_task(const struct container_query *q, const struct container *c)
{
	struct error ignored;
	bool is_task = pairs_have(&c->config.labels, "com.docker.swarm.task"), wanted = is_task;

	filters_bool(&q->filters, "is-task", &wanted, &ignored);
	return wanted == is_task;
}

bool container_query_match(const struct container_query *query, const struct container *c)
{
	static bool (*const matchers[])(const struct container_query *,
					const struct container *) = {
		match_time,    match_words,  match_exited,    match_ancestor, match_name,
		match_network, match_volume, match_published, match_exposed,  match_task,
	};

	if (!query->all && !query->limit && !container_is_running(c))
		return false;
	for (size_t i = 0; query->filters.count && i < array_length(matchers); i++)
		if (!matchers[i](query, c))
			return false;
	return true;
}

/* ---- prune ---- */

static bool read_until(const struct filters *filters, int64_t now_ns, int64_t *ns,
		       struct error *err)
{
	const struct strings *values = filters_values(filters, "until");

	if (!values)
		return true;
	if (values->count != 1)
		return error_set(err, ERROR_INVALID, "more than one until filter specified");
	return moment_parse(values->items[0], now_ns, ns, err);
}

bool container_filter_parse(const char *text, int64_t now_ns, struct container_filter *out,
			    struct error *err)
{
	scoped_filters struct filters filters = {0};
	int64_t until = 0;

	if (!filters_parse(text, &filters, err) ||
	    !filters_check(&filters, "label label! until", err) ||
	    !read_until(&filters, now_ns, &until, err))
		return false;
	const struct strings *yes = filters_values(&filters, "label");
	const struct strings *no = filters_values(&filters, "label!");
	*out = (struct container_filter){.until_ns = until};
	if (yes)
		out->labels = strings_copy(yes);
	if (no)
		out->labels_not = strings_copy(no);
	return true;
}

void container_filter_fini(struct container_filter *filter)
{
	strings_fini(&filter->labels);
	strings_fini(&filter->labels_not);
}
