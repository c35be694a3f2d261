/* commit: an image of the container of a service. */
#include "cmd/cli/container_change.h"
#include "cmd/compose/verbs.h"

struct compose_commit_wishes {
	struct commit commit; /* first, so that the shared options find it */
	struct option_number index;
};

static const struct option options[] = {
	{0, "index", &option_number, offsetof(struct compose_commit_wishes, index),
	 .help = "Number of the container, where the service has several"},
};

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct compose_commit_wishes *wishes = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	const char *name = arguments->count > 1 ? arguments->items[1] : NULL;
	struct error err;
	const struct compose_container *container =
		compose_any(compose, arguments->items[0], &wishes->index, &containers);

	if (!container)
		return 1;
	return commit_container(cli, &wishes->commit, container->id, name, &err)
		       ? 0
		       : compose_fail(compose, &err);
}

const struct command compose_commit = {
	.summary = "Make an image of a service's container and what it changed",
	.usage = "[OPTIONS] SERVICE [REPOSITORY[:TAG]]",
	.least = 1,
	.most = 2,
	.size = sizeof(struct compose_commit_wishes),
	.options = {{commit_options, COMMIT_OPTION_COUNT}, OPTION_SET(options)},
	.run = run,
};
