#include "cmd/top/top.h"

#include "cmd/compose/verbs.h"
#include "cmd/top/personality.h"

static int print_metadata(void)
{
	scoped_buffer struct buffer text = {0};

	buffer_format(&text,
		      "{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"wherry\",\"Version\":\"v%s\","
		      "\"ShortDescription\":\"Docker Compose\"}\n",
		      compose_level(COMPOSE_V2));
	return cli_print(&text);
}

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
		return print_metadata();
	if (plugin == PLUGIN_COMPOSE) /* what was typed is `docker compose` */
		cli.program = "docker";
	if (who->command == &top_command || plugin == PLUGIN_COMPOSE)
		return cli_run(&cli, argv + 1, count);
	scoped_strings struct strings words = personality_order(who, argv + 1, count);
	return cli_run_below(&cli, who->command, (const char *const *)words.items, words.count);
}
