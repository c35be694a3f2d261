/* The command.  What it can do is in cli/. */
#include "cmd/cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, (const char *const *)argv, WHERRY_VERSION, WHERRY_COMMIT);
}
