/* top and port: small looks into a container. */
#include "cmd/cli/api.h"
#include "cmd/cli/table.h"
#include "format/json.h"

#include <stdio.h>

static void add_cells(const json_t *cells, struct buffer *out)
{
	size_t i;
	json_t *cell;

	json_array_foreach (cells, i, cell)
		buffer_format(out, "%s%s", i ? "\t" : "", json_string_value(cell));
	buffer_add_char(out, '\n');
}

static int run_top(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct strings ps = {arguments->items + 1, arguments->count - 1}; /* borrowed */
	scoped_target struct target target =
		target_format("/containers/%s/top", arguments->items[0]);
	scoped_free char *ps_args = strings_join(&ps, " ");
	scoped_buffer struct buffer cells = {0}, out = {0};
	struct error err;
	size_t i;
	json_t *process;

	if (ps.count)
		target_add(&target, "ps_args", ps_args);
	scoped_json json_t *top = api_get(cli, &target, &err);
	if (!top)
		return cli_fail(cli, &err);
	add_cells(json_object_get(top, "Titles"), &cells);
	json_array_foreach (json_object_get(top, "Processes"), i, process)
		add_cells(process, &cells);
	table_align(cells.data, &table_processes, &out);
	return cli_print(&out);
}

/* ---- port ---- */

static void add_binding(const char *prefix, const json_t *binding, struct strings *lines)
{
	const char *ip = doc_text(binding, "HostIp");

	strings_format(lines, strchr(ip, ':') ? "%s[%s]:%s" : "%s%s:%s", prefix, ip,
		       doc_text(binding, "HostPort"));
}

static void add_bindings(const char *port, const json_t *bindings, bool named,
			 struct strings *lines)
{
	scoped_free char *prefix = named ? str_format("%s -> ", port) : str_dup("");
	size_t i;
	json_t *binding;

	json_array_foreach (bindings, i, binding)
		add_binding(prefix, binding, lines);
}

static int number_of(const char *line)
{
	return (int)strtol(line, NULL, 10);
}

/* By number, then as text. */
static int by_port(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return number_of(x) != number_of(y) ? number_of(x) - number_of(y) : strcmp(x, y);
}

static void list_ports(const json_t *ports, struct strings *lines)
{
	const char *port;
	json_t *bindings;

	json_object_foreach ((json_t *)ports, port, bindings)
		add_bindings(port, bindings, true, lines);
	if (lines->count)
		qsort(lines->items, lines->count, sizeof(char *), by_port);
}

static bool find_port(const json_t *ports, const char *wanted, const char *name,
		      struct strings *lines, struct error *err)
{
	scoped_free char *port =
		strchr(wanted, '/') ? str_dup(wanted) : str_format("%s/tcp", wanted);

	add_bindings(port, json_object_get(ports, port), false, lines);
	return lines->count ||
	       error_set(err, ERROR_NOT_FOUND, "Error: No public port '%s' published for %s",
			 wanted, name);
}

static int run_port(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *name = arguments->items[0];
	scoped_target struct target target = target_format("/containers/%s/json", name);
	scoped_strings struct strings lines = {0};
	struct error err;
	scoped_json json_t *container = api_get(cli, &target, &err);
	const json_t *ports =
		json_object_get(json_object_get(container, "NetworkSettings"), "Ports");

	if (!container)
		return cli_fail(cli, &err);
	if (arguments->count == 1)
		list_ports(ports, &lines);
	else if (!find_port(ports, arguments->items[1], name, &lines, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < lines.count; i++)
		printf("%s\n", lines.items[i]);
	return 0;
}

const struct command container_top = {
	.summary = "Show the processes of a container",
	.usage = "CONTAINER [ps OPTIONS]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_RUNNING,
	.options_first = true,
	.run = run_top,
};

const struct command container_port = {
	.summary = "Show where the ports of a container are published",
	.usage = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	.least = 1,
	.most = 2,
	.arguments = ARGUMENTS_RUNNING,
	.run = run_port,
};
