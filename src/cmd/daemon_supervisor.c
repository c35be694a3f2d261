#include "cmd/daemon_supervisor.h"

#include "base/time.h"
#include "cmd/daemon_folders.h"
#include "cmd/daemon_lock.h"

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

bool daemon_sockets_are_kept(void)
{
	return getenv("WHERRY_SUPERVISED");
}

/* The sockets stand from 3 on, in their order: each is at that number already, or above it. */
static bool hand_over(struct daemon *d, struct error *err)
{
	int end = 3 + (int)d->sockets.count;

	if (!daemon_lock_pass_on(DATA_LOCK, d->data_lock, end, err) ||
	    !daemon_lock_pass_on(EXEC_LOCK, d->exec_lock, end, err))
		return false;
	for (int wanted = 3; wanted < end; wanted++) {
		int fd = d->sockets.items[wanted - 3].fd;

		if (fd == wanted ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, wanted) < 0)
			return error_errno(err, "cannot hand over the sockets");
	}
	return true;
}

bool daemon_become_supervised(struct daemon *d, struct error *err)
{
	scoped_strings struct strings command = {0};

	strings_take(&command, daemon_program_path(d, "wherry-shim"));
	strings_add(&command, "daemon");
	strings_format(&command, "%zu", d->sockets.count);
	strings_take(&command, daemon_program_path(d, "wherryd"));
	for (size_t i = 0; i < d->flag_count; i++)
		strings_add(&command, d->flags[i]);
	if (!hand_over(d, err))
		return false;
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
