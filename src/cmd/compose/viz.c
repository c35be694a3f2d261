/* viz: what depends on what, as a graph for Graphviz. */
#include "cmd/compose/verbs.h"

struct viz {
	bool image, networks, ports, spaces;
	struct option_number indentation;
};

static const struct option options[] = {
	{0, "image", &option_switch, offsetof(struct viz, image), .help = "Show images"},
	{0, "indentation-size", &option_number, offsetof(struct viz, indentation),
	 .help = "Tabs, or with --spaces blanks, before each line (default 1)"},
	{0, "networks", &option_switch, offsetof(struct viz, networks), .help = "Show networks"},
	{0, "ports", &option_switch, offsetof(struct viz, ports), .help = "Show published ports"},
	{0, "spaces", &option_switch, offsetof(struct viz, spaces),
	 .help = "Indent by blanks instead of tabs"},
};

enum { INDENTATION_MOST = 16 };

/* ---- texts ---- */

static void add_escaped(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add_char(out, '\\');
		buffer_add_char(out, *text);
	}
}

static void add_name(struct buffer *out, const char *name)
{
	buffer_add_char(out, '"');
	add_escaped(out, name);
	buffer_add_char(out, '"');
}

static void add_line(struct buffer *out, const char *title, const char *text)
{
	buffer_format(out, "\\n%s", title);
	add_escaped(out, text);
}

static void add_port(struct buffer *out, const struct node *port)
{
	const char *ip = node_get_text(port, "host_ip", ""),
		   *published = node_get_text(port, "published", "");
	scoped_free char *text = str_format(
		"%s%s%s%s%lld/%s", ip, *ip ? ":" : "", published, *published ? ":" : "",
		(long long)node_get_int(port, "target", 0), node_get_text(port, "protocol", "tcp"));

	add_line(out, "port ", text);
}

/* ---- the graph ---- */

static void add_indentation(struct buffer *out, const struct viz *wishes)
{
	int64_t count = wishes->indentation.given ? wishes->indentation.value : 1;

	for (int64_t i = 0; i < count; i++)
		buffer_add_char(out, wishes->spaces ? ' ' : '\t');
}

static void add_service(struct buffer *out, const struct viz *wishes, const struct service *service)
{
	add_indentation(out, wishes);
	add_name(out, service->name);
	buffer_add_text(out, " [label=\"");
	add_escaped(out, service->name);
	if (wishes->image && service->image)
		add_line(out, "", service->image);
	node_each (network, wishes->networks ? node_get(service->node, "networks") : NULL)
		add_line(out, "network ", network->key);
	node_each (port, wishes->ports ? node_get(service->node, "ports") : NULL)
		add_port(out, port->value);
	buffer_add_text(out, "\"];\n");
}

static void add_edges(struct buffer *out, const struct viz *wishes, const struct service *service)
{
	static const char *const conditions[] = {
		[DEPENDENCY_STARTED] = "",
		[DEPENDENCY_HEALTHY] = " [label=\"healthy\"]",
		[DEPENDENCY_COMPLETED] = " [label=\"completed\"]",
	};

	for (size_t i = 0; i < service->dependency_count; i++) {
		const struct dependency *dependency = &service->dependencies[i];

		add_indentation(out, wishes);
		add_name(out, service->name);
		buffer_add_text(out, " -> ");
		add_name(out, dependency->service);
		buffer_format(out, "%s;\n", conditions[dependency->condition]);
	}
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct viz *wishes = fields;
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (wishes->indentation.given &&
	    (wishes->indentation.value < 0 || wishes->indentation.value > INDENTATION_MOST)) {
		error_set(&err, ERROR_INVALID, "--indentation-size is from 0 to %d",
			  INDENTATION_MOST);
		return compose_fail(compose, &err);
	}
	if (!compose_open(compose, NULL))
		return 1;
	const struct project *project = compose->project;
	buffer_add_text(&out, "digraph ");
	add_name(&out, project->name);
	buffer_add_text(&out, " {\n");
	for (size_t i = 0; i < project->service_count; i++)
		if (project->services[i].enabled)
			add_service(&out, wishes, &project->services[i]);
	for (size_t i = 0; i < project->service_count; i++)
		if (project->services[i].enabled)
			add_edges(&out, wishes, &project->services[i]);
	buffer_add_text(&out, "}\n");
	return cli_print(&out);
}

const struct command compose_viz = {
	.summary = "Show what depends on what, as a graph for Graphviz",
	.usage = "[OPTIONS]",
	.size = sizeof(struct viz),
	.options = {OPTION_SET(options)},
	.run = run,
};
