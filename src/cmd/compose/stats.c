/* stats: what the containers of a project use, as `wherry stats` shows it. */
#include "cmd/cli/container_stats.h"
#include "cmd/compose/verbs.h"

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct stats *stats = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	scoped_strings struct strings ids = {0};
	struct error err;

	if (!compose_name(compose) || !compose_check_services(compose, arguments))
		return 1;
	if (!compose_containers(compose, arguments, stats->all, false, &containers, &err))
		return compose_fail(compose, &err);
	compose_sort_by_name(&containers);
	for (size_t i = 0; i < containers.count; i++)
		strings_add(&ids, containers.items[i].id);
	return stats_show(cli, stats, &ids, false);
}

const struct command compose_stats = {
	.summary = "Show what the containers of a project use, as it changes",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct stats),
	.options = {{stats_options, STATS_OPTION_COUNT}},
	.run = run,
};
