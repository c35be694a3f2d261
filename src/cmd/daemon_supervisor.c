#include "cmd/daemon_supervisor.h"

#include "base/time.h"
#include "cmd/daemon_folders.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define PREDECESSOR_NS (1000 * NS_PER_MS)

bool daemon_is_supervised(void)
{
	return getenv("WHERRY_SUPERVISED") || getenv("NOTIFY_SOCKET") || getenv("LISTEN_FDS");
}

bool daemon_is_started_again(void)
{
	return getenv("WHERRY_SUPERVISED") || getenv("WHERRY_RESTARTED");
}

bool daemon_become_supervised(struct daemon *d, struct error *err)
{
	scoped_strings struct strings command = {0};
	scoped_free char *own = daemon_program_path(d, "wherryd");

	strings_take(&command, daemon_program_path(d, "wherry-shim"));
	strings_add(&command, "daemon");
	strings_format(&command, "%zu", d->sockets.count);
	strings_add(&command, own);
	for (size_t i = 0; i < d->flag_count; i++)
		strings_add(&command, d->flags[i]);
	for (size_t i = 0; i < d->sockets.count; i++) {
		int wanted = 3 + (int)i;

		if (d->sockets.items[i].fd == wanted ? fcntl(wanted, F_SETFD, 0) < 0
						     : dup2(d->sockets.items[i].fd, wanted) < 0)
			return error_errno(err, "cannot hand over the sockets");
	}
	execv(command.items[0], command.items);
	return error_errno(err, "cannot run '%s'", command.items[0]);
}

bool daemon_await_predecessor(int64_t began_ns)
{
	static const struct timespec pause = {.tv_nsec = 10 * NS_PER_MS};

	if (time_monotonic_ns() - began_ns > PREDECESSOR_NS)
		return false;
	nanosleep(&pause, NULL);
	return true;
}
