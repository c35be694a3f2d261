/* top: the processes of a project's containers. */
#include "cmd/cli/table.h"
#include "cmd/compose/grid.h"
#include "cmd/compose/requests.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"

#include <stdio.h>

/* ---- asking all of them at once ---- */

struct asked {
	json_t *top; /* owned; NULL: it ended meanwhile */
	struct error err;
};

static void on_answer(void *data, const json_t *answer, const struct error *err)
{
	struct asked *asked = data;

	asked->top = json_incref((json_t *)answer);
	if (err)
		asked->err = *err;
}

/* As many as there are containers; owned. */
static struct asked *ask_all(struct compose *compose, const struct compose_containers *containers)
{
	scoped(requests) struct requests *requests = requests_new(compose->cli, compose->parallel);
	struct asked *asked = mem_zeroed(containers->count, sizeof(*asked));

	for (size_t i = 0; i < containers->count; i++) {
		scoped_target struct target target =
			target_format("/containers/%s/top", containers->items[i].id);

		requests_send(requests, "GET", &target, NULL, on_answer, &asked[i]);
	}
	requests_run(requests);
	return asked;
}

/* ---- version 1: a table for each container ---- */

static void write_container(const struct compose_container *container, const json_t *top,
			    struct buffer *out)
{
	const json_t *titles = json_object_get(top, "Titles");
	size_t columns = json_array_size(titles), i, k;
	struct grid grid = {.columns = columns};
	json_t *row, *cell;

	json_array_foreach (titles, k, cell)
		grid_add(&grid, json_string_value(cell));
	json_array_foreach (json_object_get(top, "Processes"), i, row)
		for (k = 0; k < columns; k++) {
			const char *text = json_string_value(json_array_get(row, k));

			grid_add(&grid, text ? text : "");
		}
	buffer_format(out, "%s%s\n", out->size ? "\n" : "", container->name);
	if (columns)
		grid_write(&grid, out);
	grid_fini(&grid);
}

/* ---- version 2: one table ---- */

static void add_cells(const json_t *cells, struct buffer *out)
{
	size_t i;
	json_t *cell;

	json_array_foreach (cells, i, cell)
		buffer_format(out, "\t%s", json_string_value(cell));
	buffer_add_char(out, '\n');
}

static void add_container(const struct compose_container *container, const json_t *top,
			  struct buffer *cells)
{
	size_t i;
	json_t *row;

	if (!cells->size) {
		buffer_add_text(cells, "SERVICE\t#");
		add_cells(json_object_get(top, "Titles"), cells);
	}
	json_array_foreach (json_object_get(top, "Processes"), i, row) {
		buffer_format(cells, "%s\t%u", container->service, container->number);
		add_cells(row, cells);
	}
}

/* ---- the verb ---- */

static bool write_all(struct compose *compose, const struct strings *services, struct buffer *out,
		      struct error *err)
{
	static const struct table_shape shape = {4, 2};
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	scoped_buffer struct buffer cells = {0};

	if (!compose_containers(compose, services, false, false, &containers, err))
		return false;
	compose_sort_by_name(&containers);
	scoped_free struct asked *asked = ask_all(compose, &containers);
	bool good = true;
	for (size_t i = 0; i < containers.count; i++) {
		scoped_json json_t *top = asked[i].top;
		bool ended =
			asked[i].err.kind == ERROR_NOT_FOUND || asked[i].err.kind == ERROR_CONFLICT;

		if (!top && !ended && good) {
			good = false;
			*err = asked[i].err;
		} else if (top && compose->style == COMPOSE_V1) {
			write_container(&containers.items[i], top, out);
		} else if (top) {
			add_container(&containers.items[i], top, &cells);
		}
	}
	if (cells.size)
		table_align(cells.data, &shape, out);
	return good;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!compose_name(compose) || !compose_check_services(compose, arguments))
		return 1;
	if (!write_all(compose, arguments, &out, &err))
		return compose_fail(compose, &err);
	return cli_print(&out);
}

const struct command compose_top = {
	.summary = "Show the processes of a project's containers",
	.usage = "[SERVICE...]",
	.most = -1,
	.run = run,
};
