#include "network/namespace.h"

#include "base/text.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The process could have ended, and its number be another's by now; the namespace that was opened
 * before it was found alive is its own. */
int namespace_open(int64_t pid, int64_t start_time, struct error *err)
{
	scoped_free char *path = str_format("/proc/%lld/ns/net", (long long)pid);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t now;

	if (fd >= 0 && process_start_time((pid_t)pid, &now) && now == start_time)
		return take_fd(fd);
	if (fd < 0 && errno != ENOENT && errno != ESRCH) {
		error_errno(err, "cannot open '%s'", path);
		return -1;
	}
	error_set(err, ERROR_CONFLICT, "the container is not running");
	err->os = ESRCH;
	return -1;
}
