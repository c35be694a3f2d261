/* The keeper of waits: this process is the daemon, and its client. */
#include "scenario.h"

#include "os/fd.h"
#include "os/socket.h"

#include <signal.h>
#include <unistd.h>

/* It comes to its first round when the next daemon is there already. */
static void what_a_daemon_that_died_was_the_last_to_say_is_kept(void)
{
	const struct shim_kept what = {.key = 7, .container = "c1", .removed = true, .code = 9};
	struct shim_kept kept = {0};
	struct driver d;
	struct error err;
	int pair[2], fd;

	driver_begin_keeper(&d);
	kill(d.shim.pid, SIGSTOP);
	expect(socket_pair(pair, &err));
	driver_send_fd(&d, SHIM_KEEP, &shim_kept_type, &what, pair[1]);
	close(pair[1]);
	driver_reconnect(&d);
	kill(d.shim.pid, SIGCONT);
	fd = driver_expect(&d, SHIM_KEPT, &shim_kept_type, &kept);
	expect_equal(kept.key, 7);
	expect_equal(kept.code, 9);
	driver_send(&d, SHIM_FORGET, &shim_kept_type, &what);
	write_text(fd, "answer");
	close(fd);
	driver_expect_end(&d);
	expect_text(pair[0], "answer");
	record_fini(&shim_kept_type, &kept);
	driver_end(&d);
}

const struct scenario keeper_scenarios[] = {
	SCENARIO(what_a_daemon_that_died_was_the_last_to_say_is_kept),
	{NULL, NULL},
};
