/* port: where a port of a service is published. */
#include "cmd/compose/verbs.h"
#include "format/json.h"

#include <stdio.h>

struct port {
	char *protocol;
	struct option_number index;
};

static const struct option options[] = {
	{0, "index", &option_number, offsetof(struct port, index),
	 .help = "Number of the container, where the service has several"},
	{0, "protocol", &option_string, offsetof(struct port, protocol), .initial = "tcp",
	 .help = "tcp, udp or sctp"},
};

static const json_t *find_binding(const json_t *container, int64_t port, const char *protocol)
{
	const json_t *ports = json_object_get(container, "Ports");
	size_t i;
	json_t *item;

	json_array_foreach (ports, i, item)
		if (doc_number(item, "PrivatePort") == port && doc_number(item, "PublicPort") &&
		    strcmp(doc_text(item, "Type"), protocol) == 0)
			return item;
	return NULL;
}

static bool read_port(const struct port *port, const char *text, int64_t *number, char **protocol,
		      struct error *err)
{
	const char *slash = strchr(text, '/');
	scoped_free char *digits = str_dup_n(text, slash ? (size_t)(slash - text) : strlen(text));

	if (!parse_i64(digits, number) || *number < 1 || *number > UINT16_MAX)
		return error_set(err, ERROR_INVALID, "invalid port '%s'", text);
	*protocol = str_dup(slash ? slash + 1 : port->protocol);
	return true;
}

/* Version 1 says nothing of what is not published, by an empty line. */
static int show(struct compose *compose, const struct compose_container *container,
		const char *text, int64_t number, const char *protocol)
{
	const json_t *binding = find_binding(container->document, number, protocol);
	struct error err;

	if (binding) {
		const char *ip = doc_text(binding, "IP");

		printf(strchr(ip, ':') && compose->style == COMPOSE_V2 ? "[%s]:%lld\n"
								       : "%s:%lld\n",
		       ip, (long long)doc_number(binding, "PublicPort"));
		return 0;
	}
	if (compose->style == COMPOSE_V1) {
		printf("\n");
		return 0;
	}
	error_set(&err, ERROR_NOT_FOUND, "no port %s/%s for container %s", text, protocol,
		  container->name);
	return compose_fail(compose, &err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct port *port = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	scoped_free char *protocol = NULL;
	struct error err;
	int64_t number;

	if (!read_port(port, arguments->items[1], &number, &protocol, &err))
		return compose_fail(compose, &err);
	const struct compose_container *container =
		compose_running(compose, arguments->items[0], &port->index, &containers);
	return container ? show(compose, container, arguments->items[1], number, protocol) : 1;
}

const struct command compose_port = {
	.summary = "Show where a port of a service is published",
	.usage = "[OPTIONS] SERVICE PRIVATE_PORT",
	.least = 2,
	.most = 2,
	.size = sizeof(struct port),
	.options = {OPTION_SET(options)},
	.run = run,
};
