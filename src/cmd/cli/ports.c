/* ports: who can reach what is published, and which rule of the host decides.  Of wherry's daemon alone. */
#include "cmd/cli/api.h"
#include "cmd/cli/table.h"
#include "format/json.h"

#include <stdio.h>

struct ports_options {
	bool rules;
	char *format;
};

static const struct option options[] = {
	{'r', "rules", &option_switch, offsetof(struct ports_options, rules),
	 .help = "Show every rule that has a say, in the order they are asked"},
	{0, "format", &option_string, offsetof(struct ports_options, format),
	 .help = "\"json\": the daemon's whole answer"},
};

static char *host_text(const json_t *port)
{
	const char *ip = doc_text(port, "HostIp");

	return str_format(strchr(ip, ':') ? "[%s]:%lld" : "%s:%lld", ip,
			  (long long)json_integer_value(json_object_get(port, "HostPort")));
}

static bool is_said(const json_t *rule, const char *reach)
{
	bool allowed = json_is_true(json_object_get(rule, "Allowed"));

	if (str_equal(reach, "this host"))
		return !allowed;
	return allowed && (str_equal(reach, "anybody") ||
			   !str_equal(doc_text(rule, "Who"), "anybody"));
}

/* The rule that says who reaches it: it may have to pass several chains. */
static const json_t *deciding_rule(const json_t *rules, const char *reach)
{
	const json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule)
		if (is_said(rule, reach))
			return rule;
	return json_array_get(rules, 0);
}

static void add_who(const json_t *port, const json_t *rule, struct buffer *out)
{
	const char *reach = doc_text(port, "Reach");

	if (str_equal(reach, "some"))
		buffer_add_text(out, doc_text(rule, "Who"));
	else
		buffer_add_text(out, reach);
}

static void add_rule(const json_t *rule, struct buffer *out)
{
	if (rule)
		buffer_format(out, "%s (%s)", doc_text(rule, "Rule"), doc_text(rule, "Chain"));
	else
		buffer_add_char(out, '-');
}

static void add_port(const json_t *port, bool all, struct buffer *out)
{
	const json_t *rules = json_object_get(port, "Rules"), *rule;
	scoped_free char *host = host_text(port);
	size_t i;

	buffer_format(out, "%s\t%s\t%lld/%s\t", doc_text(port, "Name"), host,
		      (long long)json_integer_value(json_object_get(port, "PrivatePort")),
		      doc_text(port, "Type"));
	rule = deciding_rule(rules, doc_text(port, "Reach"));
	add_who(port, rule, out);
	buffer_add_char(out, '\t');
	add_rule(rule, out);
	buffer_add_char(out, '\n');
	json_array_foreach (rules, i, rule)
		if (all) {
			buffer_format(out, "\t\t%s\t%s\t",
				      json_is_true(json_object_get(rule, "Allowed")) ? "open to"
										     : "closed to",
				      doc_text(rule, "Who"));
			add_rule(rule, out);
			buffer_add_char(out, '\n');
		}
}

static void tell(const json_t *answer)
{
	const json_t *warnings = json_object_get(answer, "Warnings"), *warning;
	size_t i;

	json_array_foreach (warnings, i, warning)
		fprintf(stderr, "WARNING: %s\n", json_string_value(warning));
	if (!json_is_true(json_object_get(answer, "FirewallRespected")))
		fprintf(stderr, "WARNING: the daemon's --published-ports-bypass-firewall opens "
				"published ports whatever the host's own rules say\n");
}

static int run_ports(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct ports_options *o = fields;
	scoped_target struct target target = target_format("/wherry/ports");
	scoped_buffer struct buffer cells = {0}, out = {0};
	struct error err;
	const json_t *port;
	size_t i;

	if (o->format && !str_equal(o->format, "json")) {
		error_set(&err, ERROR_INVALID, "unknown format '%s': it is json", o->format);
		return cli_fail(cli, &err);
	}
	if (arguments->count)
		target_add(&target, "container", arguments->items[0]);
	scoped_json json_t *answer = api_get(cli, &target, &err);
	if (!answer)
		return cli_fail(cli, &err);
	if (o->format) {
		scoped_free char *text = json_dumps(answer, JSON_COMPACT);

		buffer_format(&out, "%s\n", text);
		return cli_print(&out);
	}
	buffer_add_text(&cells, "CONTAINER\tPUBLISHED\tPORT\tREACHED BY\tDECIDED BY\n");
	json_array_foreach (json_object_get(answer, "Ports"), i, port)
		add_port(port, o->rules, &cells);
	table_align(cells.data, &table_listing, &out);
	tell(answer);
	return cli_print(&out);
}

const struct command published_ports = {
	.summary = "Show who can reach published ports, and which rule of the host decides",
	.usage = "[OPTIONS] [CONTAINER]",
	.most = 1,
	.arguments = ARGUMENTS_RUNNING,
	.size = sizeof(struct ports_options),
	.options = {OPTION_SET(options)},
	.run = run_ports,
};
