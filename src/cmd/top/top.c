#include "cmd/top/top.h"

#include "cmd/top/personality.h"
#include "cmd/top/plugin.h"

int top_main(int argc, const char *const *argv, const char *version, const char *commit)
{
	const struct personality *who = personality_of(argc ? argv[0] : "");
	struct cli cli = {.program = who->name,
			  .product = who->product,
			  .version = version,
			  .commit = commit,
			  .top = &top_command,
			  .terse = who->terse};
	size_t count = argc ? (size_t)argc - 1 : 0;
	enum plugin_call plugin = personality_plugin_call(who, argv + 1, count);

	if (plugin == PLUGIN_METADATA)
		return plugin_print_metadata();
	if (plugin == PLUGIN_COMPOSE) {
		cli.program = "docker"; /* what was typed is `docker compose` */
		plugin_follow_client();
	}
	if (who->command == &top_command || plugin == PLUGIN_COMPOSE)
		return cli_run(&cli, argv + 1, count);
	scoped_strings struct strings words = personality_order(who, argv + 1, count);
	return cli_run_below(&cli, who->command, (const char *const *)words.items, words.count);
}
