/* A job is over when its output has ended and its process too; either may come first.  Handles are
 * closed before it is freed, as libuv wants. */
#include "os/job.h"

#include "os/fd.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_LIMIT (16u << 20)

struct job {
	char *name; /* owned: of the program and its command, for errors */
	int pidfd, output;
	uv_poll_t process, reader;
	uv_timer_t timer;
	int open_handles;
	struct buffer answer;
	bool output_ended, process_ended, timed_out;
	siginfo_t end;
	struct error failure;
	job_done *done; /* NULL: cancelled, or called */
	void (*answered)(void *data, const struct buffer *answer);
	void *data;
};

static void free_job(struct job *job)
{
	close_fd(&job->pidfd);
	close_fd(&job->output);
	buffer_fini(&job->answer);
	free(job->name);
	free(job);
}

static void on_closed(uv_handle_t *handle)
{
	struct job *job = handle->data;

	if (--job->open_handles == 0)
		free_job(job);
}

static bool judge(const struct job *job, struct error *err)
{
	if (job->timed_out)
		return error_set(err, ERROR_UNAVAILABLE, "'%s' took too long", job->name);
	if (job->end.si_code != CLD_EXITED)
		return error_set(err, ERROR_SYSTEM, "'%s' was killed by signal %d", job->name,
				 job->end.si_status);
	if (job->end.si_status != 0)
		return error_set(err, ERROR_SYSTEM, "'%s' ended with status %d", job->name,
				 job->end.si_status);
	return true;
}

static void finish_if_over(struct job *job)
{
	job_done *done = job->done;

	if (!job->output_ended || !job->process_ended)
		return;
	job->done = NULL;
	if (done)
		done(job->data, &job->answer, judge(job, &job->failure) ? NULL : &job->failure);
	uv_close((uv_handle_t *)&job->process, on_closed);
	uv_close((uv_handle_t *)&job->reader, on_closed);
	uv_close((uv_handle_t *)&job->timer, on_closed);
}

static void on_process_ended(uv_poll_t *poll, int status, int events)
{
	struct job *job = poll->data;

	uv_poll_stop(poll);
	waitid(P_PIDFD, (id_t)job->pidfd, &job->end, WEXITED);
	job->process_ended = true;
	finish_if_over(job);
}

/* True: there may be more. */
static bool read_some(struct job *job)
{
	ssize_t size = read(job->output, buffer_reserve(&job->answer, 4096), 4096);

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	buffer_wrote(&job->answer, (size_t)size);
	return size > 0 && job->answer.size < ANSWER_LIMIT;
}

static void on_output(uv_poll_t *poll, int status, int events)
{
	struct job *job = poll->data;

	if (read_some(job))
		return;
	uv_poll_stop(poll);
	job->output_ended = true;
	if (job->done && job->answered && job->answer.size > 0)
		job->answered(job->data, &job->answer);
	finish_if_over(job);
}

static void on_timeout(uv_timer_t *timer)
{
	struct job *job = timer->data;

	job->timed_out = true;
	pidfd_signal(job->pidfd, SIGKILL);
}

static void watch(struct job *job, uv_loop_t *loop, uint64_t timeout_ms)
{
	uv_poll_init(loop, &job->process, job->pidfd);
	uv_poll_init(loop, &job->reader, job->output);
	uv_timer_init(loop, &job->timer);
	job->process.data = job->reader.data = job->timer.data = job;
	job->open_handles = 3;
	uv_poll_start(&job->process, UV_READABLE, on_process_ended);
	uv_poll_start(&job->reader, UV_READABLE, on_output);
	if (timeout_ms > 0)
		uv_timer_start(&job->timer, on_timeout, timeout_ms, 0);
}

static bool spawn(struct job *job, const struct job_request *request, struct error *err)
{
	scoped_fd int input = memfd_sealed("job", request->input, request->size, err);
	scoped_fd int child_end = -1;
	pid_t pid;
	int ends[2];

	if (input < 0)
		return false;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	job->output = ends[0];
	child_end = ends[1];
	if (!fd_set_nonblocking(job->output, true, err))
		return false;
	struct spawn child = {.path = request->program,
			      .args = request->args,
			      .keep = request->kept,
			      .keep_count = request->kept ? 1 : 0,
			      .in = input,
			      .out = child_end,
			      .err = STDERR_FILENO};
	return process_spawn(&child, &pid, &job->pidfd, err);
}

static char *name_of(const struct job_request *request)
{
	const char *slash = strrchr(request->program, '/'), *command = request->args[1];
	const char *program = slash ? slash + 1 : request->program;

	return command ? str_format("%s %s", program, command) : str_dup(program);
}

struct job *job_start(uv_loop_t *loop, const struct job_request *request, job_done *done,
		      void *data, struct error *err)
{
	struct job *job = mem_new(struct job);

	job->pidfd = job->output = -1;
	job->name = name_of(request);
	job->done = done;
	job->answered = request->answered;
	job->data = data;
	if (!spawn(job, request, err)) {
		error_prefix(err, "cannot start '%s'", job->name);
		free_job(job);
		return NULL;
	}
	watch(job, loop, request->timeout_ms);
	return job;
}

void job_cancel(struct job *job)
{
	if (!job || !job->done)
		return;
	job->done = NULL;
	pidfd_signal(job->pidfd, SIGKILL);
}
