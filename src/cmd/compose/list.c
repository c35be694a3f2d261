/* ls: the projects that have containers on this daemon. */
#include "cmd/cli/listing.h"
#include "cmd/cli/table.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"

#include <stdio.h>

struct list {
	bool all, quiet;
	struct strings filters;
	char *format;
};

static const struct option options[] = {
	{'a', "all", &option_switch, offsetof(struct list, all),
	 .help = "Show all projects, not only those of which something runs"},
	{0, "filter", &option_list, offsetof(struct list, filters),
	 .help = "Show only what fits: name=PART"},
	{0, "format", &option_string, offsetof(struct list, format), .help = FORMAT_HELP},
	{'q', "quiet", &option_switch, offsetof(struct list, quiet), .help = "Show only the names"},
};

/* ---- gathering ---- */

struct found {
	const char *name;
	struct strings states, files; /* of its containers; each file list once */
};

struct projects {
	struct found *items;
	size_t count, capacity;
};

static void projects_fini(struct projects *projects)
{
	for (size_t i = 0; i < projects->count; i++) {
		strings_fini(&projects->items[i].states);
		strings_fini(&projects->items[i].files);
	}
	vector_fini(projects);
}

static struct found *project_named(struct projects *projects, const char *name)
{
	for (size_t i = 0; i < projects->count; i++)
		if (strcmp(projects->items[i].name, name) == 0)
			return &projects->items[i];
	vector_add(projects, ((struct found){.name = name}));
	return &projects->items[projects->count - 1];
}

static void add_container(struct projects *projects, const json_t *container)
{
	const json_t *labels = json_object_get(container, "Labels");
	const char *files = doc_text(labels, "com.docker.compose.project.config_files");
	struct found *found =
		project_named(projects, doc_text(labels, "com.docker.compose.project"));

	strings_add(&found->states, doc_text(container, "State"));
	if (*files && !strings_contain(&found->files, files))
		strings_add(&found->files, files);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

/* ---- showing ---- */

static int by_state(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	bool x_runs = strcmp(x, "running") == 0, y_runs = strcmp(y, "running") == 0;

	return x_runs != y_runs ? y_runs - x_runs : strcmp(x, y);
}

/* "running(3), exited(1)" */
static char *status_text(struct strings *states)
{
	struct buffer text = {0};

	qsort(states->items, states->count, sizeof(*states->items), by_state);
	for (size_t first = 0, end; first < states->count; first = end) {
		for (end = first + 1;
		     end < states->count && strcmp(states->items[end], states->items[first]) == 0;)
			end++;
		buffer_format(&text, "%s%s(%zu)", first ? ", " : "", states->items[first],
			      end - first);
	}
	return buffer_take(&text);
}

static const struct listing_column columns[] = {
	{"Name", "NAME"}, {"Status", "STATUS"}, {"ConfigFiles", "CONFIG FILES"}};

static const struct listing listing = {
	.row_type = "*ls.Stack",
	LISTING_COLUMNS(columns),
	.identity = "Name",
};

static bool is_wanted(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->filters.count; i++)
		if (!strstr(name, list->filters.items[i] + strlen("name=")))
			return false;
	return true;
}

static json_t *rows_of(const struct list *list, struct projects *projects)
{
	json_t *rows = json_array();

	if (projects->count)
		qsort(projects->items, projects->count, sizeof(*projects->items), by_name);
	for (size_t i = 0; i < projects->count; i++) {
		struct found *found = &projects->items[i];
		scoped_free char *status = status_text(&found->states);
		scoped_free char *files =
			found->files.count ? strings_join(&found->files, ",") : str_dup("");
		json_t *row = json_object();

		doc_set_text(row, "Name", found->name);
		doc_set_text(row, "Status", status);
		doc_set_text(row, "ConfigFiles", *files ? files : "N/A");
		if (is_wanted(list, found->name))
			json_array_append(rows, row);
		json_decref(row);
	}
	return rows;
}

/* Wider than other listings, as people know it. */
static void write_table(const json_t *rows, struct buffer *out)
{
	scoped_buffer struct buffer cells = {0};
	size_t i;
	json_t *row;

	buffer_add_text(&cells, "NAME\tSTATUS\tCONFIG FILES\n");
	json_array_foreach (rows, i, row)
		buffer_format(&cells, "%s\t%s\t%s\n", doc_text(row, "Name"),
			      doc_text(row, "Status"), doc_text(row, "ConfigFiles"));
	table_align(cells.data, &table_processes, out);
}

/* JSON is one list here, where other listings have a line for each row. */
static bool write_rows(const struct list *list, const json_t *rows, struct buffer *out,
		       struct error *err)
{
	scoped_view struct view view = {0};

	if (list->format && strcmp(list->format, "json") == 0 && !list->quiet) {
		scoped_free char *text = json_dumps(rows, JSON_COMPACT);
		buffer_format(out, "%s\n", text);
		return true;
	}
	bool is_table = !list->format || strcmp(list->format, "table") == 0;
	if (is_table && !list->quiet) {
		write_table(rows, out);
		return true;
	}
	return view_open(&view, &listing, list->format, "{{.Name}}\t{{.Status}}\t{{.ConfigFiles}}",
			 list->quiet, err) &&
	       view_write(&view, rows, out, err);
}

/* ---- the verb ---- */

static bool check_filters(const struct list *list, struct error *err)
{
	for (size_t i = 0; i < list->filters.count; i++)
		if (!str_starts_with(list->filters.items[i], "name="))
			return error_set(err, ERROR_INVALID, "invalid filter '%s': there is name=",
					 list->filters.items[i]);
	return true;
}

static bool write_all(struct cli *cli, const struct list *list, struct buffer *out,
		      struct error *err)
{
	scoped_target struct target target = target_format("/containers/json");
	scoped_strings struct strings filters = {0};
	scoped_with(projects_fini) struct projects projects = {0};
	size_t i;
	json_t *container;

	if (!check_filters(list, err))
		return false;
	strings_add(&filters, "label=com.docker.compose.project");
	target_add_flag(&target, "all", list->all);
	target_add_filters(&target, &filters);
	scoped_json json_t *containers = api_get(cli, &target, err);
	if (!containers)
		return false;
	json_array_foreach (containers, i, container)
		add_container(&projects, container);
	scoped_json json_t *rows = rows_of(list, &projects);
	return write_rows(list, rows, out, err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!write_all(cli, fields, &out, &err))
		return compose_fail(compose_of(cli), &err);
	return cli_print(&out);
}

const struct command compose_list = {
	.summary = "List projects",
	.usage = "[OPTIONS]",
	.size = sizeof(struct list),
	.options = {OPTION_SET(options)},
	.run = run,
};
