/* list-units, list-unit-files, list-timers, list-sockets, list-paths, list-jobs, list-dependencies:
 * systemctl's columns, as wide as needed. */
#include "base/time.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/table.h"
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "format/time_span.h"

#include <stdio.h>

static const struct table_shape shape = {.least = 0, .padding = 1};

/* Cells are separated by tabs in `cells`; `head` may be NULL.  What stands before a line is not a column. */
struct listed {
	struct buffer cells, marks; /* one mark a line: "  ", "● " */
	size_t count;
};

static void listed_fini(struct listed *l)
{
	buffer_fini(&l->cells);
	buffer_fini(&l->marks);
}

static void add_line(struct listed *l, const char *mark)
{
	buffer_format(&l->marks, "%s\n", mark);
	buffer_add_char(&l->cells, '\n');
}

/* The aligned lines, each behind its mark. */
static void write_listed(const struct listed *l, struct buffer *out)
{
	scoped_buffer struct buffer aligned = {0};
	const char *mark = l->marks.data, *line;

	table_align(l->cells.data ? l->cells.data : "", &shape, &aligned);
	line = aligned.data ? aligned.data : "";
	while (mark && *mark && *line) {
		size_t mark_size = strcspn(mark, "\n"), size = strcspn(line, "\n");

		buffer_add(out, mark, mark_size);
		buffer_add(out, line, size);
		while (out->size && out->data[out->size - 1] == ' ')
			out->size--;
		buffer_add_char(out, '\n');
		mark += mark_size + 1;
		line += size + (line[size] == '\n');
	}
}

static void add_patterns(struct target *target, const struct strings *names)
{
	for (size_t i = 0; i < names->count; i++)
		target_add(target, "pattern", names->items[i]);
}

static json_t *fetch(struct cli *cli, const char *path, const struct unit_options *options,
		     const struct strings *typed, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/");
	scoped_strings struct strings patterns = {0};

	buffer_add_text(&target.text, path);
	if (!unit_patterns(typed, &patterns, err))
		return NULL;
	target_add_flag(&target, "all", options->all || options->states.count || typed->count);
	add_patterns(&target, &patterns);
	return api_get(cli, &target, err);
}

/* ---- one list for all ---- */

struct list {
	const char *path,
		*sort; /* of the API; the member by which rows are sorted, NULL: as they come */
	const char *head, *noun; /* columns, separated by tabs; what is listed, in the last line */
	const char *none;	 /* instead of all, where nothing is listed; NULL */

	/* The lines of one row of the answer; none, where it is not wanted. */
	bool (*add)(struct cli *cli, const struct unit_options *options, struct listed *l,
		    const json_t *row, struct error *err);

	/* NULL: "3 things listed." */
	void (*write_end)(const struct cli *cli, const struct unit_options *options, size_t count,
			  struct buffer *out);
	bool has_marks; /* each line has a dot or two blanks in front */
};

static void add_head(const struct list *list, const struct unit_options *options, struct listed *l)
{
	if (options->no_legend)
		return;
	buffer_add_text(&l->cells, list->head);
	add_line(l, list->has_marks && !options->plain ? "  " : "");
}

static void write_list(const struct cli *cli, const struct list *list,
		       const struct unit_options *options, const struct listed *l,
		       struct buffer *out)
{
	if (!l->count && list->none) {
		buffer_add_text(out, options->no_legend ? "" : list->none);
		return;
	}
	if (l->count || !list->write_end)
		write_listed(l, out);
	if (options->no_legend)
		return;
	if (list->write_end)
		list->write_end(cli, options, l->count, out);
	else
		buffer_format(out, "\n%zu %s listed.\n", l->count, list->noun);
}

static int show_list(struct cli *cli, const struct list *list, const struct unit_options *options,
		     const struct strings *arguments)
{
	scoped_with(listed_fini) struct listed l = {0};
	scoped_buffer struct buffer out = {0};
	struct error err;
	size_t i;
	json_t *row;

	scoped_json json_t *rows = fetch(cli, list->path, options, arguments, &err);
	if (!rows)
		return cli_fail(cli, &err);
	scoped_json json_t *sorted = list->sort ? rows_sort(rows, list->sort) : json_incref(rows);
	add_head(list, options, &l);
	json_array_foreach (sorted, i, row)
		if (!list->add(cli, options, &l, row, &err))
			return cli_fail(cli, &err);
	write_list(cli, list, options, &l, &out);
	return cli_print(&out);
}

/* ---- list-units ---- */

static bool is_wanted_type(const struct unit_options *options, const char *name)
{
	const char *dot = strrchr(name, '.');

	return !options->types.count || (dot && strings_contain(&options->types, dot + 1));
}

static bool is_wanted_unit(const struct unit_options *options, const json_t *unit)
{
	const struct strings *states = &options->states;

	if (!is_wanted_type(options, doc_text(unit, "Id")) ||
	    (options->failed && !str_equal(doc_text(unit, "ActiveState"), "failed")))
		return false;
	return !states->count || strings_contain(states, doc_text(unit, "LoadState")) ||
	       strings_contain(states, doc_text(unit, "ActiveState")) ||
	       strings_contain(states, doc_text(unit, "SubState"));
}

/* ---- --type=help, --state=help ---- */

static const char *const types[] = {"service", "socket", "target",    "timer", "path",	"mount",
				    "slice",   "scope",	 "automount", "swap",  "device"};
static const char *const load_states[] = {"stub",	 "loaded", "not-found",
					  "bad-setting", "error",  "masked"};
static const char *const active_states[] = {"active", "reloading",  "inactive",
					    "failed", "activating", "deactivating"};

static void say_words(const char *head, const char *const *words, size_t count)
{
	printf("%s\n", head);
	for (size_t i = 0; i < count; i++)
		printf("%s\n", words[i]);
}

static bool asks_for_words(const struct unit_options *options)
{
	bool asks_types = strings_contain(&options->types, "help");
	bool asks_states = strings_contain(&options->states, "help");

	if (asks_types)
		say_words("Available unit types:", types, array_length(types));
	if (asks_states) {
		say_words("Available unit load states:", load_states, array_length(load_states));
		say_words("\nAvailable unit active states:", active_states,
			  array_length(active_states));
	}
	return asks_types || asks_states;
}

static bool check_types(const struct unit_options *options, struct error *err)
{
	for (size_t i = 0; i < options->types.count; i++) {
		bool known = false;

		for (size_t k = 0; k < array_length(types); k++)
			known = known || str_equal(types[k], options->types.items[i]);
		if (!known)
			return error_set(err, ERROR_INVALID,
					 "Unknown unit type or load state '%s'.",
					 options->types.items[i]);
	}
	return true;
}

static bool add_unit(struct cli *cli, const struct unit_options *options, struct listed *l,
		     const json_t *unit, struct error *err)
{
	const char *load = doc_text(unit, "LoadState"), *active = doc_text(unit, "ActiveState");
	bool stands_out = !str_equal(load, "loaded") || str_equal(active, "failed");

	if (!is_wanted_unit(options, unit))
		return true;
	buffer_format(&l->cells, "%s\t%s\t%s\t%s\t%s", doc_text(unit, "Id"), load, active,
		      doc_text(unit, "SubState"), doc_text(unit, "Description"));
	add_line(l, options->plain ? "" : stands_out ? "● " : "  ");
	l->count++;
	return true;
}

static void write_units_end(const struct cli *cli, const struct unit_options *options, size_t count,
			    struct buffer *out)
{
	if (count)
		buffer_add_text(out, "\nLOAD   = whether the unit's files could be read.\n"
				     "ACTIVE = what the unit is, in few words for all types.\n"
				     "SUB    = the same in the words of its type.\n");
	buffer_format(out, "\n%zu loaded units listed.%s\n", count,
		      options->all || options->failed || options->states.count
			      ? ""
			      : " Pass --all to see loaded but inactive units, too.");
	buffer_format(out, "To show all installed unit files use '%s list-unit-files'.\n",
		      unit_program(cli));
}

static const struct list units = {"units",
				  "Id",
				  "UNIT\tLOAD\tACTIVE\tSUB\tDESCRIPTION",
				  .add = add_unit,
				  .write_end = write_units_end,
				  .has_marks = true};

static int run_list(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct error err;

	if (asks_for_words(fields))
		return 0;
	return check_types(fields, &err) ? show_list(cli, &units, fields, arguments)
					 : cli_fail(cli, &err);
}

const struct command unit_list =
	UNIT_COMMAND("[OPTIONS] [PATTERN...]", "List units in memory", 0, -1, run_list);

/* ---- list-unit-files ---- */

static bool add_file(struct cli *cli, const struct unit_options *options, struct listed *l,
		     const json_t *file, struct error *err)
{
	const char *state = doc_text(file, "State"), *preset = doc_text(file, "Preset");

	if (!is_wanted_type(options, doc_text(file, "Name")) ||
	    (options->states.count && !strings_contain(&options->states, state)))
		return true;
	buffer_format(&l->cells, "%s\t%s\t%s", doc_text(file, "Name"), state,
		      *preset ? preset : "-");
	add_line(l, "");
	l->count++;
	return true;
}

static const struct list files = {"unit-files", "Name", "UNIT FILE\tSTATE\tPRESET", "unit files",
				  .add = add_file};

static int run_list_files(struct cli *cli, void *fields, const struct strings *arguments)
{
	return show_list(cli, &files, fields, arguments);
}

const struct command unit_list_files =
	UNIT_COMMAND("[OPTIONS] [PATTERN...]", "List unit files and whether they are enabled", 0,
		     -1, run_list_files);

/* ---- list-timers ---- */

static void add_moment(struct buffer *cells, int64_t at, int64_t now, bool coming)
{
	scoped_free char *stamp = at ? time_stamp_format(at) : str_dup("-");
	scoped_free char *span =
		at ? time_span_format_short(coming ? at - now : now - at) : str_dup("-");

	if (!at)
		buffer_add_text(cells, "-\t-\t");
	else if (coming)
		buffer_format(cells, "%s\t%s left\t", stamp, span);
	else
		buffer_format(cells, "%s\t%s ago\t", stamp, span);
}

static bool add_timer(struct cli *cli, const struct unit_options *options, struct listed *l,
		      const json_t *timer, struct error *err)
{
	int64_t now = time_now_ns() / NS_PER_US;

	add_moment(&l->cells, doc_number(timer, "Next_us"), now, true);
	add_moment(&l->cells, doc_number(timer, "Last_us"), now, false);
	buffer_format(&l->cells, "%s\t%s", doc_text(timer, "Unit"), doc_text(timer, "Activates"));
	add_line(l, "");
	l->count++;
	return true;
}

static void write_timers_end(const struct cli *cli, const struct unit_options *options,
			     size_t count, struct buffer *out)
{
	buffer_format(out, "\n%zu timers listed.\n", count);
	if (!options->all)
		buffer_add_text(out, "Pass --all to see loaded but inactive timers, too.\n");
}

static const struct list timers = {"timers", NULL, "NEXT\tLEFT\tLAST\tPASSED\tUNIT\tACTIVATES",
				   .add = add_timer, .write_end = write_timers_end};

static int run_timers(struct cli *cli, void *fields, const struct strings *arguments)
{
	return show_list(cli, &timers, fields, arguments);
}

const struct command unit_list_timers = UNIT_COMMAND(
	"[OPTIONS] [PATTERN...]", "List timers, the next to come first", 0, -1, run_timers);

/* ---- list-sockets, list-paths ---- */

static const char *first_triggered(const json_t *unit)
{
	const char *name = doc_text(json_array_get(json_object_get(unit, "Triggers"), 0), "Id");

	return *name ? name : "-";
}

static bool add_sockets(struct cli *cli, const struct unit_options *options, struct listed *l,
			const json_t *row, struct error *err)
{
	const char *name = doc_text(row, "Id");
	size_t i;
	json_t *listen;

	if (!str_ends_with(name, ".socket"))
		return true;
	scoped_json json_t *unit = unit_get(cli, name, err);
	json_array_foreach (json_object_get(unit, "Listen"), i, listen) {
		const char *text = json_string_value(listen);

		buffer_format(&l->cells, "%.*s\t%s\t%s", (int)strcspn(text, " "), text, name,
			      first_triggered(unit));
		add_line(l, "");
		l->count++;
	}
	return unit;
}

static bool add_paths(struct cli *cli, const struct unit_options *options, struct listed *l,
		      const json_t *row, struct error *err)
{
	const char *name = doc_text(row, "Id");
	size_t i;
	json_t *path;

	if (!str_ends_with(name, ".path"))
		return true;
	scoped_json json_t *unit = unit_get(cli, name, err);
	json_array_foreach (json_object_get(unit, "Paths"), i, path) {
		buffer_format(&l->cells, "%s\t%s\t%s\t%s", doc_text(path, "Path"),
			      doc_text(path, "Condition"), name, first_triggered(unit));
		add_line(l, "");
		l->count++;
	}
	return unit;
}

static const struct list sockets = {"units", NULL, "LISTEN\tUNIT\tACTIVATES", "sockets",
				    .add = add_sockets};
static const struct list paths = {"units", NULL, "PATH\tCONDITION\tUNIT\tACTIVATES", "paths",
				  .add = add_paths};

static int run_sockets(struct cli *cli, void *fields, const struct strings *arguments)
{
	return show_list(cli, &sockets, fields, arguments);
}

static int run_paths(struct cli *cli, void *fields, const struct strings *arguments)
{
	return show_list(cli, &paths, fields, arguments);
}

const struct command unit_list_sockets =
	UNIT_COMMAND("[OPTIONS] [PATTERN...]", "List sockets by address", 0, -1, run_sockets);
const struct command unit_list_paths =
	UNIT_COMMAND("[OPTIONS] [PATTERN...]", "List paths that are watched", 0, -1, run_paths);

/* ---- list-jobs ---- */

static bool add_job(struct cli *cli, const struct unit_options *options, struct listed *l,
		    const json_t *job, struct error *err)
{
	buffer_format(&l->cells, "%lld\t%s\t%s\t%s", (long long)doc_number(job, "Id"),
		      doc_text(job, "Unit"), doc_text(job, "Type"), doc_text(job, "State"));
	add_line(l, "");
	l->count++;
	return true;
}

static const struct list jobs = {
	"jobs", NULL, "JOB\tUNIT\tTYPE\tSTATE", "jobs", "No jobs running.\n", add_job};

static int run_jobs(struct cli *cli, void *fields, const struct strings *arguments)
{
	return show_list(cli, &jobs, fields, arguments);
}

const struct command unit_list_jobs =
	UNIT_COMMAND("[OPTIONS]", "List jobs that are queued or running", 0, 0, run_jobs);

/* ---- list-dependencies ---- */

static void add_tree(const json_t *node, const char *prefix, bool plain, struct buffer *out)
{
	const json_t *children = json_object_get(node, "Children");
	size_t count = json_array_size(children), i;
	json_t *child;

	json_array_foreach (children, i, child) {
		bool last = i + 1 == count;
		scoped_free char *deeper = str_format("%s%s", prefix,
						      plain  ? "  "
						      : last ? "  "
							     : "│ ");

		if (plain) {
			buffer_format(out, "%s", prefix);
		} else {
			const char *active = doc_text(child, "ActiveState");

			unit_add_coloured(out, active, unit_dot("loaded", active));
			buffer_format(out, " %s%s", prefix, last ? "└─" : "├─");
		}
		buffer_format(out, "%s\n", doc_text(child, "Id"));
		add_tree(child, deeper, plain, out);
	}
}

static bool add_dependencies(struct cli *cli, const char *name, const struct unit_options *options,
			     struct buffer *out, struct error *err)
{
	scoped_target struct target target =
		target_format("/wherry/v1/units/%s/dependencies", name);

	target_add_flag(&target, "reverse", options->reverse);
	target_add_flag(&target, "after", options->after);
	target_add_flag(&target, "before", options->before);
	target_add_flag(&target, "all", options->all);
	scoped_json json_t *tree = api_get(cli, &target, err);
	if (!tree)
		return false;
	buffer_format(out, "%s\n", doc_text(tree, "Id"));
	add_tree(tree, options->plain ? "  " : "", options->plain, out);
	return true;
}

static int run_dependencies(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_buffer struct buffer out = {0};
	scoped_strings struct strings names = {0};
	struct error err;

	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	if (!arguments->count)
		strings_add(&names, "default.target");
	for (size_t i = 0; i < names.count; i++) {
		if (i)
			buffer_add_char(&out, '\n');
		if (!add_dependencies(cli, names.items[i], fields, &out, &err))
			return cli_fail(cli, &err);
	}
	return cli_print(&out);
}

const struct command unit_list_dependencies = UNIT_COMMAND(
	"[OPTIONS] [UNIT...]", "Show what a unit pulls in, as a tree", 0, -1, run_dependencies);
