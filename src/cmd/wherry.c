/* The command.  What it can do is listed in top/. */
#include "cmd/top/top.h"

int main(int argc, char **argv)
{
	return top_main(argc, (const char *const *)argv, WHERRY_VERSION, WHERRY_COMMIT);
}
