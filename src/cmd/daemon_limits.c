#include "cmd/daemon_limits.h"

#include "os/file.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>

/* Each open connection and each shim costs a descriptor or two. */
bool daemon_raise_limits(struct daemon *d, struct error *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!d->settings.oom_score_adjust.given)
		return true;
	char text[24];
	snprintf(text, sizeof(text), "%d", (int)d->settings.oom_score_adjust.value);
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", text, err);
}

void daemon_bound_heap(void)
{
	/* Threads of the pool read units; what they leave belongs to the loop, and an arena for
	 * each would stay half empty. */
	mallopt(M_ARENA_MAX, 1);
	/* An answer about a thousand units is long, and its room at the end of the heap is given
	 * back; by default as much as the largest of all arrays was may stay there. */
	mallopt(M_TOP_PAD, 16 << 10);
	mallopt(M_TRIM_THRESHOLD, 32 << 10);
}
