/* ps: the containers of a project. */
#include "cmd/cli/config.h"
#include "cmd/cli/container_row.h"
#include "cmd/compose/grid.h"
#include "cmd/compose/show.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"

#include <stdio.h>

#define TABLE                                                                                      \
	"{{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{."     \
	"Ports}}"

struct ps {
	bool all, quiet, services, no_trunc, orphans;
	struct strings filters, states;
	char *format;
};

#define AT(field) offsetof(struct ps, field)

static const struct option options[] = {
	{'a', "all", &option_switch, AT(all),
	 .help = "Show all containers, not only those that run, and those of run, too"},
	{0, "filter", &option_list, AT(filters),
	 .help = "Show only what fits: status=STATE; with --services also source=image or build"},
	{0, "format", &option_string, AT(format), .help = FORMAT_HELP},
	{0, "no-trunc", &option_switch, AT(no_trunc), .help = "Cut nothing short"},
	{0, "orphans", &option_switch, AT(orphans), .initial = "true",
	 .help = "Include containers of services that are not in the file"},
	{'q', "quiet", &option_switch, AT(quiet), .help = "Show only the ids"},
	{0, "services", &option_switch, AT(services), .help = "Show only the names of services"},
	{0, "status", &option_list, AT(states), .help = "Show only containers in this state"},
};

/* ---- what is shown ---- */

static bool read_filters(struct ps *ps, const char **source, struct error *err)
{
	static const char states[] =
		"created running paused restarting removing exited dead stopped";
	scoped_strings struct strings known = strings_split(states, ' ');

	for (size_t i = 0; i < ps->filters.count; i++) {
		const char *filter = ps->filters.items[i];

		if (str_starts_with(filter, "status="))
			strings_add(&ps->states, filter + strlen("status="));
		else if (str_starts_with(filter, "source="))
			*source = filter + strlen("source=");
		else
			return error_set(
				err, ERROR_INVALID,
				"invalid filter '%s': there is status= and source=", filter);
	}
	for (size_t i = 0; i < ps->states.count; i++)
		if (!strings_contain(&known, ps->states.items[i]))
			return error_set(err, ERROR_INVALID, "unknown status '%s'",
					 ps->states.items[i]);
	return true;
}

static bool has_state(const struct ps *ps, const struct compose_container *container)
{
	const char *state = doc_text(container->document, "State");

	if (!ps->states.count || strings_contain(&ps->states, state))
		return true;
	return strcmp(state, "exited") == 0 && strings_contain(&ps->states, "stopped");
}

static bool is_shown(const struct compose *compose, const struct ps *ps,
		     const struct compose_container *container)
{
	bool orphan = compose->project && !project_service(compose->project, container->service);

	return has_state(ps, container) && (ps->orphans || !orphan);
}

static bool is_alive(const struct compose_container *container)
{
	const char *state = doc_text(container->document, "State");

	return strcmp(state, "running") == 0 || strcmp(state, "paused") == 0 ||
	       strcmp(state, "restarting") == 0;
}

/* Version 1 shows what has ended, too. */
static bool list(struct compose *compose, const struct ps *ps, const struct strings *services,
		 struct compose_containers *out, struct error *err)
{
	size_t kept = 0;
	bool all = ps->all || ps->states.count || compose->style == COMPOSE_V1;

	if (!compose_containers(compose, services, all, ps->all, out, err))
		return false;
	for (size_t i = 0; i < out->count; i++)
		if (is_shown(compose, ps, &out->items[i]) && (all || is_alive(&out->items[i])))
			out->items[kept++] = out->items[i];
	out->count = kept;
	compose_sort_by_name(out);
	return true;
}

/* ---- version 2 ---- */

static const struct listing_column columns[] = {
	{"ID", "CONTAINER ID"},
	{"Name", "NAME"},
	{"Names", "NAMES"},
	{"Image", "IMAGE"},
	{"Command", "COMMAND"},
	{"Project", "PROJECT"},
	{"Service", "SERVICE"},
	{"CreatedAt", "CREATED AT"},
	{"RunningFor", "CREATED"},
	{"State", "STATE"},
	{"Status", "STATUS"},
	{"Health", "HEALTH"},
	{"ExitCode", "EXIT CODE"},
	{"Ports", "PORTS"},
	{"Publishers", "PUBLISHERS"},
	{"Labels", "LABELS"},
	{"LocalVolumes", "LOCAL VOLUMES"},
	{"Mounts", "MOUNTS"},
	{"Networks", "NETWORKS"},
	{"Size", "SIZE"},
};

static const struct listing listing = {
	.row_type = "*formatter.ContainerContext",
	LISTING_COLUMNS(columns),
	.identity = "ID",
	.call = row_call_label,
};

static json_t *publishers(const json_t *ports)
{
	json_t *out = json_array(), *port;
	size_t i;

	json_array_foreach (ports, i, port)
		json_array_append_new(
			out, json_pack("{s:s, s:I, s:I, s:s}", "URL", doc_text(port, "IP"),
				       "TargetPort", (json_int_t)doc_number(port, "PrivatePort"),
				       "PublishedPort", (json_int_t)doc_number(port, "PublicPort"),
				       "Protocol", doc_text(port, "Type")));
	return out;
}

/* The list tells both only in its text: "Up 3 hours (healthy)", "Exited (3) 5 minutes ago". */
static void set_outcome(json_t *row, const char *status)
{
	static const char *const healths[] = {"healthy", "unhealthy", "starting"};
	const char *open = strchr(status, '('), *found = "";
	bool exited = str_starts_with(status, "Exited (");

	for (size_t i = 0; i < array_length(healths); i++) {
		scoped_free char *word = str_format("(%s)", healths[i]);
		scoped_free char *long_word = str_format("(health: %s)", healths[i]);

		if (strstr(status, word) || strstr(status, long_word))
			found = healths[i];
	}
	json_object_set_new(row, "Health", json_string(found));
	json_object_set_new(row, "ExitCode",
			    json_integer(exited && open ? strtol(open + 1, NULL, 10) : 0));
}

static json_t *row_of(const struct compose *compose, const struct compose_container *container,
		      bool truncate)
{
	json_t *row = container_row(container->document, truncate);

	json_object_del(row, "Platform");
	doc_set_text(row, "Name", container->name);
	doc_set_text(row, "Project", compose->project_name);
	doc_set_text(row, "Service", container->service);
	json_object_set_new(row, "Publishers",
			    publishers(json_object_get(container->document, "Ports")));
	set_outcome(row, doc_text(container->document, "Status"));
	return row;
}

static bool write_rows(const struct compose *compose, const struct ps *ps,
		       const struct compose_containers *containers, struct buffer *out,
		       struct error *err)
{
	scoped_free char *format = config_format(compose->cli, ps->format, "psFormat");
	scoped_view struct view view = {0};
	scoped_json json_t *rows = json_array();

	if (!view_open(&view, &listing, format, TABLE, false, err))
		return false;
	for (size_t i = 0; i < containers->count; i++)
		json_array_append_new(rows, row_of(compose, &containers->items[i], !ps->no_trunc));
	return view_write(&view, rows, out, err);
}

/* ---- version 1 ---- */

static char *command_text(const json_t *config)
{
	enum { MOST = 30, CUT = 26 };
	scoped_buffer struct buffer text = {0};
	static const char *const parts[] = {"Entrypoint", "Cmd"};
	size_t i;
	json_t *word;

	for (size_t part = 0; part < array_length(parts); part++)
		json_array_foreach (json_object_get(config, parts[part]), i, word)
			buffer_format(&text, "%s%s", text.size ? " " : "", json_string_value(word));
	if (!text.data || text.size <= MOST)
		return buffer_take(&text);
	return str_format("%.*s ...", CUT, text.data);
}

static char *state_text(const json_t *state)
{
	const char *health = doc_text(json_object_get(state, "Health"), "Status");
	bool checked = *health && strcmp(health, "none") != 0;

	if (doc_flag(state, "Paused"))
		return str_dup("Paused");
	if (doc_flag(state, "Restarting"))
		return str_dup("Restarting");
	if (!doc_flag(state, "Running"))
		return str_format("Exit %lld", (long long)doc_number(state, "ExitCode"));
	if (!checked)
		return str_dup("Up");
	return str_format(strcmp(health, "starting") == 0 ? "Up (health: %s)" : "Up (%s)", health);
}

static void add_port(struct buffer *out, const char *port, const json_t *bindings)
{
	size_t i;
	json_t *binding;

	buffer_add_text(out, out->size ? ", " : "");
	if (!json_array_size(bindings))
		buffer_add_text(out, port);
	json_array_foreach (bindings, i, binding)
		buffer_format(out, "%s%s:%s->%s", i ? "," : "", doc_text(binding, "HostIp"),
			      doc_text(binding, "HostPort"), port);
}

static char *ports_text(const json_t *ports)
{
	scoped_strings struct strings names = {0};
	struct buffer text = {0};
	const char *port;
	json_t *bindings;

	json_object_foreach ((json_t *)ports, port, bindings)
		strings_add(&names, port);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		add_port(&text, names.items[i], json_object_get(ports, names.items[i]));
	return buffer_take(&text);
}

static void add_row(struct grid *grid, const char *name, const json_t *document)
{
	scoped_free char *command = command_text(json_object_get(document, "Config"));
	scoped_free char *state = state_text(json_object_get(document, "State"));
	scoped_free char *ports =
		ports_text(json_object_get(json_object_get(document, "NetworkSettings"), "Ports"));

	grid_add(grid, name);
	grid_add(grid, command);
	grid_add(grid, state);
	grid_add(grid, ports);
}

static bool write_grid(struct compose *compose, const struct compose_containers *containers,
		       struct buffer *out, struct error *err)
{
	static const char *const titles[] = {"Name", "Command", "State", "Ports"};
	scoped_grid struct grid grid = grid_of(titles, array_length(titles));

	for (size_t i = 0; i < containers->count; i++) {
		scoped_target struct target target =
			target_format("/containers/%s/json", containers->items[i].id);
		scoped_json json_t *document = api_get(compose->cli, &target, err);

		if (document)
			add_row(&grid, containers->items[i].name, document);
		else if (err->kind != ERROR_NOT_FOUND) /* it went meanwhile */
			return false;
	}
	grid_write(&grid, out);
	return true;
}

/* ---- names of services ---- */

static bool has_container(const struct compose_containers *containers, const char *service)
{
	for (size_t i = 0; i < containers->count; i++)
		if (strcmp(containers->items[i].service, service) == 0)
			return true;
	return false;
}

/* Version 1 lists what the file has, version 2 what has containers. */
static void write_services(const struct compose *compose, const struct ps *ps,
			   const struct compose_containers *containers, const char *source,
			   struct buffer *out)
{
	const struct project *project = compose->project;
	bool from_file = compose->style == COMPOSE_V1 && project && !ps->states.count;
	scoped_strings struct strings names = {0};

	for (size_t i = 0; project && i < project->service_count; i++) {
		const struct service *service = &project->services[i];
		bool fits = !source || strcmp(source, service->built ? "build" : "image") == 0;

		if (fits && service->enabled &&
		    (from_file || has_container(containers, service->name)))
			strings_add(&names, service->name);
	}
	for (size_t i = 0; !source && i < containers->count; i++)
		if (!strings_contain(&names, containers->items[i].service))
			strings_add(&names, containers->items[i].service);
	for (size_t i = 0; i < names.count; i++)
		buffer_format(out, "%s\n", names.items[i]);
}

/* ---- the verb ---- */

static bool write_all(struct compose *compose, void *fields, const struct strings *services,
		      struct buffer *out, struct error *err)
{
	struct ps *ps = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	const char *source = NULL;

	if (!read_filters(ps, &source, err) || !list(compose, ps, services, &containers, err))
		return false;
	if (ps->services)
		write_services(compose, ps, &containers, source, out);
	else if (ps->quiet)
		for (size_t i = 0; i < containers.count; i++)
			buffer_format(out, "%s\n", containers.items[i].id);
	else if (compose->style == COMPOSE_V1 && !ps->format)
		return write_grid(compose, &containers, out, err);
	else
		return write_rows(compose, ps, &containers, out, err);
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	return compose_show_with(cli, fields, arguments, write_all);
}

const struct command compose_ps = {
	.summary = "List the containers of a project",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct ps),
	.options = {OPTION_SET(options)},
	.run = run,
};
