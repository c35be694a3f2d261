/* Starting, naming and watching processes. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

/* clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) on a stack of its own: 60 us from a process of any
 * size, no copy of page tables.  The child gets only the descriptors of `keep`, renumbered 3, 4,
 * ... in that order, and 0, 1, 2 as given (-1: /dev/null); signals are at their defaults and
 * unblocked. */
struct spawn {
	const char *path;  /* absolute */
	char *const *args; /* with argv[0] */
	char *const *env;  /* NULL: the caller's */
	const int *keep;
	size_t keep_count; /* at most 32 */
	int in, out, err;
	bool new_session;
	bool ends_with_us; /* it is killed when the thread that has started it ends, however that ends */

	/* Execute it through a read-only mount of its folder, kept for the next time: whoever reaches
	 * the program by /proc/PID/exe, as a container's root may, cannot write to it. */
	bool read_only;
};

/* Fails also when the exec itself fails (errno of exec in err->os). */
bool process_spawn(const struct spawn *spawn, pid_t *pid, int *pidfd, struct error *err);

/* Field 22 of /proc/PID/stat: with the pid and the boot id it names a process for ever. */
bool process_start_time(pid_t pid, int64_t *ticks);

/* Is the process that started then no more?  Who has ended and was not waited for yet is still one. */
bool process_has_ended(pid_t pid, int64_t start_time);

/* A pidfd of `pid`, but only while it is the process that started at `start_time`; -1 otherwise. */
int process_open(pid_t pid, int64_t start_time);

/* In a child, before exec: no handler, nothing ignored, nothing blocked, whatever the parent inherited. */
void process_reset_signals(void);

bool pidfd_signal(int pidfd, int signal); /* false: gone */

/* The boot's id, 36 characters; "" when unknown. */
const char *process_boot_id(void);
