/* The command.  What it can do is listed in top/. */
#include "cmd/top/top.h"
#include "os/fd.h"

int main(int argc, char **argv)
{
	fd_hold_standard();
	return top_main(argc, (const char *const *)argv, WHERRY_VERSION, WHERRY_COMMIT);
}
