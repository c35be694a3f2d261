/* The child's side of a job, apart from job.c so that a worker need not link libuv. */
#include "os/job.h"

#include <errno.h>
#include <unistd.h>

#define INPUT_LIMIT (256u << 20)

bool job_read_input(struct buffer *out, struct error *err)
{
	ssize_t size;

	do {
		size = read(STDIN_FILENO, buffer_reserve(out, 65536), 65536);
		if (size > 0)
			buffer_wrote(out, (size_t)size);
		if (out->size > INPUT_LIMIT)
			return error_set(err, ERROR_INVALID, "the job is too large");
	} while (size > 0 || (size < 0 && errno == EINTR));
	return size == 0 || error_errno(err, "cannot read the job");
}
