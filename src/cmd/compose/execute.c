/* The graph of steps: what may begin, what is left out, how it ends. */
#include "cmd/compose/execution.h"
#include "cmd/compose/lease.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { TICK_MS = 100 };

/* ---- the graph ---- */

static void settle(struct work *work);

static bool went_wrong(const struct work *work, const struct step *for_step)
{
	if (work->state == STEP_IS_LEFT_OUT)
		return true;
	return work->state == STEP_HAS_FAILED &&
	       (!work->step->optional || for_step->when == STEP_WHEN_FAILED);
}

/* Tell those that wait for this one. */
static void spread(struct work *work)
{
	struct run *run = work->run;

	run->left--;
	for (size_t i = run->first_follower[work->index]; i < run->first_follower[work->index + 1];
	     i++) {
		struct work *follower = &run->works[run->followers[i]];

		follower->failures += went_wrong(work, follower->step);
		if (--follower->missing == 0)
			settle(follower);
	}
	if (!run->left)
		requests_stop(run->requests);
}

/* All before it are over: begin it, leave it out, or see that it is not needed. */
static void settle(struct work *work)
{
	struct run *run = work->run;
	const struct step *step = work->step;
	bool many = work->failures > step->tolerated;
	bool undoes = !step->undoes || run->works[step->undoes - 1].state == STEP_IS_DONE;

	if (work->state != STEP_WAITS)
		return;
	if (run->execution->interrupted) {
		work->state = STEP_IS_LEFT_OUT;
		spread(work);
	} else if (step->when == STEP_WHEN_FAILED && !(many && undoes)) {
		work->state = STEP_IS_DONE;
		spread(work);
	} else if (step->when == STEP_WHEN_DONE && many) {
		work->state = STEP_IS_LEFT_OUT;
		spread(work);
	} else {
		work->state = STEP_RUNS;
		progress_begin(run->progress, step);
		if (step_begins[step->kind])
			step_begins[step->kind](work);
		else
			work_done(work);
	}
}

void work_pass(struct work *work)
{
	if (work->state != STEP_RUNS)
		return;
	work->state = STEP_IS_DONE;
	work_start_next(work);
	spread(work);
}

void work_done(struct work *work)
{
	if (work->state == STEP_RUNS)
		progress_done(work->run->progress, work->step);
	work_pass(work);
}

void work_fail(struct work *work, const struct error *err)
{
	struct run *run = work->run;
	char text[ERROR_TEXT_SIZE];

	if (work->state != STEP_RUNS)
		return;
	work->state = STEP_HAS_FAILED;
	progress_failed(run->progress, work->step, error_text(err, text, sizeof(text)));
	if (work->step->optional)
		compose_warn(run->compose, "optional dependency \"%s\" failed to start: %s",
			     work->step->service, text);
	else if (work->step->kind != STEP_REMOVE_IMAGE && !run->execution->failed++)
		run->first = *err; /* an image that others use is said, and no failure */
	work_start_next(work);
	spread(work);
}

void work_leave(struct work *work)
{
	work->state = STEP_IS_LEFT_OUT;
	spread(work);
}

/* ---- signals ---- */

static void kill_what_stops(struct run *run)
{
	for (size_t i = 0; i < run->execution->plan->count; i++) {
		struct work *work = &run->works[i];
		scoped_target struct target target =
			target_format("/containers/%s/kill", work_container(work));

		if (work->step->kind == STEP_STOP && work->state <= STEP_RUNS)
			requests_send(run->requests, "POST", &target, NULL, NULL, NULL);
	}
}

/* What runs is finished, what waits for a time or a state is over now; a second signal ends the run as it is. */
static void interrupt(struct run *run)
{
	run->execution->interrupted = true;
	if (run->signals > 1) {
		requests_stop(run->requests);
		return;
	}
	if (run->gates)
		gates_interrupt(run->gates);
	for (size_t i = 0; i < run->execution->plan->count; i++) {
		struct work *work = &run->works[i];

		if (work->state != STEP_RUNS ||
		    (work->step->kind != STEP_DRAIN && work->step->kind != STEP_DELAY))
			continue;
		if (work->timer)
			requests_cancel(run->requests, take(work->timer));
		work_leave(work);
	}
}

static void on_signal(void *data, short events)
{
	struct run *run = data;
	struct signalfd_siginfo info;

	(void)events;
	if (read(run->signals_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	run->signals++;
	if (run->execution->kill_on_interrupt)
		kill_what_stops(run);
	else
		interrupt(run);
}

/* ---- the run ---- */

static void on_tick(void *data)
{
	struct run *run = data;

	progress_tick(run->progress);
	run->tick = requests_timer(run->requests, TICK_MS, on_tick, run);
}

static void make_works(struct run *run)
{
	const struct plan *plan = run->execution->plan;
	size_t *next;

	run->works = mem_zeroed(plan->count, sizeof(*run->works));
	run->first_follower = mem_zeroed(plan->count + 1, sizeof(size_t));
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->items[i];

		run->works[i] = (struct work){
			.run = run, .step = step, .index = i, .missing = step->after_count};
		for (size_t k = 0; k < step->after_count; k++)
			run->first_follower[step->after[k] + 1]++;
	}
	for (size_t i = 0; i < plan->count; i++)
		run->first_follower[i + 1] += run->first_follower[i];
	run->followers = mem_zeroed(run->first_follower[plan->count], sizeof(size_t));
	next = mem_copy(run->first_follower, (plan->count + 1) * sizeof(size_t));
	for (size_t i = 0; i < plan->count; i++)
		for (size_t k = 0; k < plan->items[i].after_count; k++)
			run->followers[next[plan->items[i].after[k]]++] = i;
	free(next);
	run->left = plan->count;
}

static void run_fini(struct run *run)
{
	for (size_t i = 0; run->works && i < run->execution->plan->count; i++)
		free(run->works[i].made);
	gates_free(run->gates);
	requests_free(run->requests);
	json_decref(run->endpoints);
	vector_fini(&run->starts);
	free(run->works);
	free(run->followers);
	free(run->first_follower);
	close_fd(&run->signals_fd);
}

static void carry_out(struct run *run)
{
	size_t count = run->execution->plan->count;

	if (progress_is_live(run->progress))
		run->tick = requests_timer(run->requests, TICK_MS, on_tick, run);
	for (size_t i = 0; i < count; i++)
		if (!run->works[i].missing)
			settle(&run->works[i]);
	if (run->left)
		requests_run(run->requests);
}

void hold_signals(sigset_t *taken)
{
	static const int numbers[] = {SIGINT, SIGTERM};

	sigemptyset(taken);
	for (size_t i = 0; i < array_length(numbers); i++) {
		sigaddset(taken, numbers[i]);
		signal(numbers[i], SIG_DFL);
	}
	sigprocmask(SIG_BLOCK, taken, NULL);
}

bool execute(struct execution *execution, struct error *err)
{
	struct run run = {
		.execution = execution,
		.compose = execution->compose,
		.progress = execution->progress,
		.requests = requests_new(execution->compose->cli, execution->compose->parallel),
		.signals_fd = -1,
	};
	sigset_t taken, before;

	sigprocmask(SIG_BLOCK, NULL, &before);
	hold_signals(&taken);
	run.signals_fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	requests_watch(run.requests, run.signals_fd, POLLIN, on_signal, &run);
	lease_follow(run.compose, run.requests);
	progress_plan(run.progress, execution->plan);
	make_works(&run);
	carry_out(&run);
	lease_unfollow(run.compose, run.requests);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (execution->failed)
		*err = run.first;
	else if (execution->interrupted)
		error_set(err, ERROR_UNAVAILABLE, "interrupted");
	run_fini(&run);
	return !execution->failed && !execution->interrupted;
}

void execute_dry(struct progress *progress, const struct plan *plan)
{
	progress_plan(progress, plan);
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->items[i].when == STEP_WHEN_FAILED)
			continue;
		progress_begin(progress, &plan->items[i]);
		progress_done(progress, &plan->items[i]);
	}
}
