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

/* Before each repetition: the first may have been a person's doing, the others wait for memory to be there. */
static const unsigned pauses_ms[] = {0, 20, 80, 320};

/* What a child is started with. */
struct order {
	char *program;	     /* owned */
	struct strings args; /* with argv[0] */
	int input, kept;     /* kept -1: nothing */
	uint64_t timeout_ms;
	bool repeated;
};

struct job {
	char *name; /* owned: of the program and its command, for errors */
	struct order order;
	size_t repetitions;
	int pidfd, output;
	uv_poll_t process, reader;
	uv_timer_t timer; /* how long the child may take, or the pause before the next */
	int open_handles; /* the timer alone: there is no child now */
	struct buffer answer;
	bool output_ended, process_ended, timed_out, heard;
	siginfo_t end;
	struct error failure;
	job_done *done; /* NULL: cancelled, or called */
	bool (*answered)(void *data, const struct buffer *answer);
	void *data;
};

static void order_fini(struct order *order)
{
	free(take(order->program));
	strings_fini(&order->args);
	close_fd(&order->input);
	close_fd(&order->kept);
}

static void free_job(struct job *job)
{
	close_fd(&job->pidfd);
	close_fd(&job->output);
	order_fini(&job->order);
	buffer_fini(&job->answer);
	free(job->name);
	free(job);
}

/* ---- the end ---- */

static bool was_killed(const struct job *job)
{
	return job->end.si_code != CLD_EXITED && job->end.si_status == SIGKILL && !job->timed_out;
}

static bool judge(const struct job *job, struct error *err)
{
	if (job->timed_out)
		return error_set(err, ERROR_UNAVAILABLE, "'%s' took too long", job->name);
	if (was_killed(job) && job->repetitions > 0)
		return error_set(err, ERROR_UNAVAILABLE, "'%s' was killed by signal %d, %zu times",
				 job->name, job->end.si_status, job->repetitions + 1);
	if (job->end.si_code != CLD_EXITED)
		return error_set(err, ERROR_UNAVAILABLE, "'%s' was killed by signal %d", job->name,
				 job->end.si_status);
	if (job->end.si_status != 0)
		return error_set(err, ERROR_SYSTEM, "'%s' ended with status %d", job->name,
				 job->end.si_status);
	return true;
}

static void on_closed(uv_handle_t *handle);

static void finish(struct job *job, const struct error *err)
{
	job_done *done = job->done;

	job->done = NULL;
	if (done)
		done(job->data, &job->answer, err);
	uv_close((uv_handle_t *)&job->timer, on_closed);
}

static bool is_to_be_repeated(const struct job *job)
{
	return job->order.repeated && job->done && !job->heard && was_killed(job) &&
	       job->repetitions < array_length(pauses_ms);
}

static void begin_again(uv_timer_t *timer);

/* The child's handles are closed. */
static void on_child_closed(struct job *job)
{
	if (!job->done)
		uv_close((uv_handle_t *)&job->timer, on_closed);
	else
		uv_timer_start(&job->timer, begin_again, pauses_ms[job->repetitions++], 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct job *job = handle->data;

	job->open_handles--;
	if (job->open_handles == 0)
		free_job(job);
	else if (job->open_handles == 1 && !uv_is_closing((uv_handle_t *)&job->timer))
		on_child_closed(job);
}

static void finish_if_over(struct job *job)
{
	if (!job->output_ended || !job->process_ended)
		return;
	uv_timer_stop(&job->timer);
	uv_close((uv_handle_t *)&job->process, on_closed);
	uv_close((uv_handle_t *)&job->reader, on_closed);
	if (!is_to_be_repeated(job))
		finish(job, judge(job, &job->failure) ? NULL : &job->failure);
}

/* ---- a child ---- */

static void on_process_ended(uv_poll_t *poll, int status, int events)
{
	struct job *job = poll->data;

	/* Who traces it is told first, and we in a moment. */
	if (waitid(P_PIDFD, (id_t)job->pidfd, &job->end, WEXITED) < 0 && errno == EAGAIN)
		return;
	uv_poll_stop(poll);
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
		job->heard = job->answered(job->data, &job->answer);
	finish_if_over(job);
}

static void on_timeout(uv_timer_t *timer)
{
	struct job *job = timer->data;

	job->timed_out = true;
	pidfd_signal(job->pidfd, SIGKILL);
}

static void watch(struct job *job)
{
	uv_loop_t *loop = job->timer.loop;

	uv_poll_init(loop, &job->process, job->pidfd);
	uv_poll_init(loop, &job->reader, job->output);
	job->process.data = job->reader.data = job;
	job->open_handles += 2;
	uv_poll_start(&job->process, UV_READABLE, on_process_ended);
	uv_poll_start(&job->reader, UV_READABLE, on_output);
	if (job->order.timeout_ms > 0)
		uv_timer_start(&job->timer, on_timeout, job->order.timeout_ms, 0);
}

static bool spawn(struct job *job, struct error *err)
{
	const struct order *order = &job->order;
	scoped_fd int child_end = -1;
	pid_t pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	job->output = ends[0];
	child_end = ends[1];
	if (!fd_set_nonblocking(job->output, true, err))
		return false;
	struct spawn child = {.path = order->program,
			      .args = order->args.items,
			      .keep = &order->kept,
			      .keep_count = order->kept >= 0 ? 1 : 0,
			      .in = order->input,
			      .out = child_end,
			      .err = STDERR_FILENO};
	return process_spawn(&child, &pid, &job->pidfd, err) ||
	       error_prefix(err, "cannot start '%s'", job->name);
}

/* Whom the child's place in the file of its input is shared with has read it to some place. */
static void begin_again(uv_timer_t *timer)
{
	struct job *job = timer->data;

	if (job->repetitions == 1)
		strings_add(&job->order.args, JOB_AGAIN);
	close_fd(&job->pidfd);
	close_fd(&job->output);
	buffer_clear(&job->answer);
	job->output_ended = job->process_ended = false;
	lseek(job->order.input, 0, SEEK_SET);
	if (spawn(job, &job->failure))
		watch(job);
	else
		finish(job, &job->failure);
}

/* ---- the job ---- */

static char *name_of(const struct job_request *request)
{
	const char *slash = strrchr(request->program, '/'), *command = request->args[1];
	const char *program = slash ? slash + 1 : request->program;

	return command ? str_format("%s %s", program, command) : str_dup(program);
}

static bool take_order(struct order *order, const struct job_request *request, struct error *err)
{
	order->program = str_dup(request->program);
	for (char *const *arg = request->args; *arg; arg++)
		strings_add(&order->args, *arg);
	order->timeout_ms = request->timeout_ms;
	order->repeated = request->repeated;
	order->input = memfd_sealed("job", request->input, request->size, err);
	if (order->input < 0)
		return false;
	if (request->kept)
		order->kept = fcntl(*request->kept, F_DUPFD_CLOEXEC, 0);
	return !request->kept || order->kept >= 0 || error_errno(err, "cannot keep a descriptor");
}

struct job *job_start(uv_loop_t *loop, const struct job_request *request, job_done *done,
		      void *data, struct error *err)
{
	struct job *job = mem_new(struct job);

	*job = (struct job){.name = name_of(request),
			    .order = {.input = -1, .kept = -1},
			    .pidfd = -1,
			    .output = -1,
			    .open_handles = 1,
			    .done = done,
			    .answered = request->answered,
			    .data = data};
	if (!take_order(&job->order, request, err) || !spawn(job, err)) {
		free_job(job);
		return NULL;
	}
	uv_timer_init(loop, &job->timer);
	job->timer.data = job;
	watch(job);
	if (!job->order.repeated) /* the child has its own */
		order_fini(&job->order);
	return job;
}

void job_cancel(struct job *job)
{
	if (!job || !job->done)
		return;
	job->done = NULL;
	if (job->open_handles == 1)
		uv_close((uv_handle_t *)&job->timer, on_closed);
	else
		pidfd_signal(job->pidfd, SIGKILL);
}
