/* network ls, rm, connect and disconnect. */
#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/show.h"
#include "format/json.h"
#include "spec/endpoint.h"

#include <stdio.h>

/* ---- ls ---- */

struct list {
	bool no_trunc, quiet;
	struct strings filters;
	char *format;
};

static const struct option list_options[] = {
	{'f', "filter", &option_filter, offsetof(struct list, filters),
	 .help = "Show only what fits: name=value"},
	{0, "format", &option_string, offsetof(struct list, format), .help = FORMAT_HELP},
	{0, "no-trunc", &option_switch, offsetof(struct list, no_trunc),
	 .help = "Cut nothing short"},
	{'q', "quiet", &option_switch, offsetof(struct list, quiet), .help = "Show only the ids"},
};

static const struct listing_column columns[] = {
	{"ID", "NETWORK ID"},	  {"Name", "NAME"},	{"Driver", "DRIVER"},
	{"Scope", "SCOPE"},	  {"IPv4", "IPV4"},	{"IPv6", "IPV6"},
	{"Internal", "INTERNAL"}, {"Labels", "LABELS"}, {"CreatedAt", "CREATED AT"},
};

static const struct listing listing = {
	.row_type = "*network.networkContext",
	LISTING_COLUMNS(columns),
	.identity = "ID",
	.raw = "network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n",
	.call = row_call_label,
};

static void set_flag(json_t *row, const char *name, bool flag)
{
	doc_set_text(row, name, flag ? "true" : "false");
}

static json_t *network_row(const json_t *network, bool truncate)
{
	json_t *row = json_object();
	scoped_free char *id = truncate ? show_short_id(doc_text(network, "Id"))
					: str_dup(doc_text(network, "Id"));
	scoped_free char *created = show_time_fine(doc_text(network, "Created"));
	scoped_free char *labels = show_labels(json_object_get(network, "Labels"));

	doc_set_text(row, "ID", id);
	doc_set_text(row, "Name", doc_text(network, "Name"));
	doc_set_text(row, "Driver", doc_text(network, "Driver"));
	doc_set_text(row, "Scope", doc_text(network, "Scope"));
	set_flag(row, "IPv4", doc_flag(network, "EnableIPv4"));
	set_flag(row, "IPv6", doc_flag(network, "EnableIPv6"));
	set_flag(row, "Internal", doc_flag(network, "Internal"));
	doc_set_text(row, "Labels", labels);
	doc_set_text(row, "CreatedAt", created);
	return row;
}

static bool show_list(struct cli *cli, void *fields, const struct strings *arguments,
		      struct buffer *out, struct error *err)
{
	const struct list *list = fields;
	scoped_target struct target target = target_format("/networks");
	scoped_view struct view view = {0};
	scoped_free char *format = config_format(cli, list->format, "networksFormat");

	if (!view_open(&view, &listing, format, "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
		       list->quiet, err))
		return false;
	target_add_filters(&target, &list->filters);
	scoped_json json_t *networks = api_get(cli, &target, err);
	if (!networks)
		return false;
	scoped_json json_t *sorted = rows_sort(networks, "Name");
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *network;
	json_array_foreach (sorted, i, network)
		json_array_append_new(rows, network_row(network, !list->no_trunc));
	return view_write(&view, rows, out, err);
}

/* ---- rm ---- */

struct removal {
	bool force;
};

static const struct option removal_options[] = {
	{'f', "force", &option_switch, offsetof(struct removal, force),
	 .help = "What is not there is no error"},
};

static int run_remove(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct removal *removal = fields;
	int status = 0;

	for (size_t i = 0; i < arguments->count; i++) {
		scoped_target struct target target =
			target_format("/networks/%s", arguments->items[i]);
		struct error err;

		if (api_do(cli, NULL, "DELETE", &target, &err)) {
			printf("%s\n", arguments->items[i]);
			continue;
		}
		if (removal->force && err.kind == ERROR_NOT_FOUND)
			continue;
		status = cli_complain(&err);
	}
	if (status)
		fprintf(stderr, "exit status %d\n", status);
	return status;
}

/* ---- connect and disconnect ---- */

static const struct option connect_options[] = {
	{0, "alias", &option_words, offsetof(struct endpoint, aliases),
	 .help = "Another name of the container on the network"},
	{0, "driver-opt", &option_map, offsetof(struct endpoint, driver_options),
	 .help = "Option of the network's driver: NAME=VALUE"},
	{0, "gw-priority", &option_number, offsetof(struct endpoint, priority),
	 .help = "The network with the highest number gives the default route"},
	{0, "ip", &option_string, offsetof(struct endpoint, ip), .help = "IPv4 address"},
	{0, "ip6", &option_string, offsetof(struct endpoint, ip6), .help = "IPv6 address"},
	{0, "link", &option_list, offsetof(struct endpoint, links),
	 .help = "Make another container known: NAME[:ALIAS]"},
	{0, "link-local-ip", &option_words, offsetof(struct endpoint, link_local),
	 .help = "Link-local address"},
};

static int run_connect(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct endpoint *endpoint = fields;
	scoped_target struct target target =
		target_format("/networks/%s/connect", arguments->items[0]);
	scoped_json json_t *body = json_object();
	struct error err;

	doc_set_text(body, "Container", arguments->items[1]);
	json_object_set_new(body, "EndpointConfig", endpoint_to_json(endpoint));
	return api_post(cli, &target, body, &err) ? 0 : cli_fail(cli, &err);
}

static int run_disconnect(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct removal *disconnect = fields;
	scoped_target struct target target =
		target_format("/networks/%s/disconnect", arguments->items[0]);
	scoped_json json_t *body = json_object();
	struct error err;

	doc_set_text(body, "Container", arguments->items[1]);
	json_object_set_new(body, "Force", json_boolean(disconnect->force));
	return api_post(cli, &target, body, &err) ? 0 : cli_fail(cli, &err);
}

static const struct option disconnect_options[] = {
	{'f', "force", &option_switch, offsetof(struct removal, force),
	 .help = "Disconnect it whatever state it is in"},
};

/* ---- the commands ---- */

const struct command network_list = {
	.summary = "List networks",
	.usage = "[OPTIONS]",
	.size = sizeof(struct list),
	.options = {OPTION_SET(list_options)},
	.show = show_list,
};

const struct command network_remove = {
	.summary = "Remove networks",
	.usage = "NETWORK [NETWORK...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_NETWORKS,
	.size = sizeof(struct removal),
	.options = {OPTION_SET(removal_options)},
	.run = run_remove,
};

const struct command network_connect = {
	.summary = "Connect a container to a network",
	.usage = "[OPTIONS] NETWORK CONTAINER",
	.least = 2,
	.most = 2,
	.arguments = ARGUMENTS_NETWORKS,
	.size = sizeof(struct endpoint),
	.options = {OPTION_SET(connect_options)},
	.run = run_connect,
};

const struct command network_disconnect = {
	.summary = "Disconnect a container from a network",
	.usage = "[OPTIONS] NETWORK CONTAINER",
	.least = 2,
	.most = 2,
	.arguments = ARGUMENTS_NETWORKS,
	.size = sizeof(struct removal),
	.options = {OPTION_SET(disconnect_options)},
	.run = run_disconnect,
};
