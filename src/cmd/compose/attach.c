/* attach: the streams of a service's running container. */
#include "cmd/compose/verbs.h"

#include "cmd/cli/container_attach.h"

struct compose_attach {
	struct attach attach; /* first */
	struct option_number index;
};

static const struct option options[] = {
	{0, "detach-keys", &option_string, offsetof(struct compose_attach, attach.detach_keys),
	 .help = "Keys that detach from it (default ctrl-p,ctrl-q)"},
	{0, "index", &option_number, offsetof(struct compose_attach, index),
	 .help = "Number of the container, where there are several"},
	{0, "no-stdin", &option_switch, offsetof(struct compose_attach, attach.no_stdin),
	 .help = "Do not attach its input"},
	{0, "sig-proxy", &option_switch, offsetof(struct compose_attach, attach.proxy),
	 .initial = "true", .help = "Pass signals on to it"},
};

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct compose_attach *attach = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	const struct compose_container *container =
		compose_running(compose, arguments->items[0], &attach->index, &containers);

	return container ? attach_run(cli, &attach->attach, container->id) : 1;
}

const struct command compose_attach = {
	.summary = "Attach stdin, stdout and stderr to a service's running container",
	.usage = "[OPTIONS] SERVICE",
	.least = 1,
	.most = 1,
	.size = sizeof(struct compose_attach),
	.options = {OPTION_SET(options)},
	.run = run,
};
