#include "cmd/top/top.h"

#include "cmd/top/personality.h"

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

	if (who->command == &top_command)
		return cli_run(&cli, argv + 1, count);
	scoped_strings struct strings words = personality_order(who, argv + 1, count);
	return cli_run_below(&cli, who->command, (const char *const *)words.items, words.count);
}
