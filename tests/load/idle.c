/* Connections that say nothing: `idle SOCKET COUNT` opens them, prints "connected", waits to be killed. */
#include "base/error.h"
#include "base/text.h"
#include "os/socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rlimit files;
	struct error err = {0};
	uint64_t count;

	if (argc != 3 || !parse_u64(argv[2], &count))
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (uint64_t i = 0; i < count; i++)
		if (socket_connect(AT_FDCWD, argv[1], &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	puts("connected");
	fflush(stdout);
	pause();
	return 0;
}
