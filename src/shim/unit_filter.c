/* A profile is compiled by the worker, since only that links the names of system calls; its program is kept
 * in the run folder, under the digest of what it is made of. */
#include "shim/unit_filter.h"

#include "execution/system_calls.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"
#include "sandbox/seccomp_program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_LIMIT = 1 << 16 };

/* ---- the worker ---- */

static bool run_worker(const char *worker, const struct buffer *request, int out, struct error *err)
{
	char *args[] = {(char *)(uintptr_t)worker, (char[]){"seccomp"}, NULL};
	scoped_fd int input = memfd_sealed("request", request->data, request->size, err);
	struct spawn how = {.path = worker,
			    .args = args,
			    .in = input,
			    .out = out,
			    .err = STDERR_FILENO,
			    .new_session = true};
	int pidfd = -1, status;
	pid_t pid;

	if (input < 0 || !process_spawn(&how, &pid, &pidfd, err))
		return false;
	close(pidfd);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, ERROR_SYSTEM, "the compiler of system call filters has died");
	return true;
}

static bool read_answer(int from, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	struct seccomp_answer answer = {0};

	if (!file_read_fd(from, ANSWER_LIMIT, &bytes, err) ||
	    !record_decode(&seccomp_answer_type, bytes.data, bytes.size, &answer, err))
		return false;
	if (answer.kind != ERROR_NONE) {
		error_set(err, (enum error_kind)answer.kind, "%s", answer.text ? answer.text : "");
		err->os = answer.os;
	}
	record_fini(&seccomp_answer_type, &answer);
	return answer.kind == ERROR_NONE;
}

/* Its answer is small enough for the pipe, so that waiting for its end comes first. */
static bool compile(const char *worker, const struct seccomp_request *request, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_fd int ours = -1;
	scoped_fd int its = -1;
	int ends[2];

	if (!worker)
		return error_set(err, ERROR_UNSUPPORTED,
				 "there is no compiler of system call filters");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	ours = ends[0];
	its = ends[1];
	record_encode(&seccomp_request_type, request, &bytes);
	if (!run_worker(worker, &bytes, its, err))
		return false;
	close_fd(&its);
	return read_answer(ours, err);
}

/* ---- the programs of a unit ---- */

/* What cannot be compiled is not there, and that is what its processes end with: 228/SECCOMP. */
static char *find(struct unit_shim *u, char *profile)
{
	scoped_free char *folder = str_format("%s/filters", u->start.run_folder);
	scoped_free char *name = seccomp_program_name(profile, 0);
	char *path = str_format("%s/%s", folder, name);
	struct seccomp_request request = {.folder = folder, .profile = profile};
	char text[ERROR_TEXT_SIZE];
	struct error err;

	if (access(path, F_OK) < 0 && !compile(u->start.worker, &request, &err))
		unit_say(u, 3, "%s: a system call filter cannot be compiled: %s",
			 u->start.plan.unit, error_text(&err, text, sizeof(text)));
	free(profile);
	return path;
}

void unit_filters_forget(struct unit_shim *u)
{
	for (size_t i = 0; i < array_length(u->filters); i++)
		free(take(u->filters[i]));
}

void unit_filters_find(struct unit_shim *u)
{
	const struct execution_context *c = &u->start.plan.context;
	struct strings warnings = {0};
	char *profiles[] = {system_call_profile(c, &warnings), restriction_profile(c, &warnings)};

	unit_filters_forget(u);
	for (size_t i = 0; i < array_length(profiles); i++)
		if (profiles[i])
			u->filters[i] = find(u, profiles[i]);
	for (size_t i = 0; i < warnings.count; i++)
		unit_warn(u, "%s", warnings.items[i]);
	strings_fini(&warnings);
}
