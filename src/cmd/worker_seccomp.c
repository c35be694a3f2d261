/* wherry-worker seccomp: a struct seccomp_request from standard input, a struct seccomp_answer to
 * standard output (sandbox/seccomp_program.h). */
#include "cmd/worker.h"

#include "os/fd.h"
#include "os/job.h"
#include "sandbox/seccomp_program.h"

#include <unistd.h>

static bool read_request(struct seccomp_request *out, struct error *err)
{
	scoped_buffer struct buffer input = {0};

	return job_read_input(&input, err) &&
	       record_decode(&seccomp_request_type, input.data, input.size, out, err);
}

static bool answer(const struct error *failure, struct error *err)
{
	struct seccomp_answer record = {.kind = (int32_t)failure->kind,
					.os = failure->os,
					.text = (char *)(uintptr_t)failure->text};
	scoped_buffer struct buffer bytes = {0};

	record_encode(&seccomp_answer_type, &record, &bytes);
	return fd_write_all(STDOUT_FILENO, bytes.data, bytes.size, err);
}

bool worker_seccomp(int argc, char **argv, struct error *err)
{
	struct seccomp_request request = {0};
	struct error failure = {0};
	bool ok = read_request(&request, err);

	if (ok) {
		seccomp_compile(&request, &failure);
		ok = answer(&failure, err);
	}
	record_fini(&seccomp_request_type, &request);
	return ok;
}
