/* The images of a plan: a thread for each request, as many as may be side by side. */
#include "cmd/compose/images.h"

#include "format/json.h"
#include "format/units.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE (1024 * 1024)
#define TICK_NS	   (100 * 1000 * 1000)
#define LAST_LINES 30 /* of a build, that are shown when it fails */

enum state { WAITING, RUNNING, DONE, FAILED, LEFT_OUT };

struct images_run;

struct turn {
	struct images_run *run;
	const struct step *step;
	enum state state;
	bool started, joined;
	pthread_t thread;
	struct buffer line;  /* of a build's output, until it is whole */
	struct strings last; /* lines of it, where nobody has seen them */
	struct error err;
};

struct images_run {
	struct compose *compose;
	const struct plan *plan;
	const struct image_wishes *wishes;
	struct progress *progress;
	struct turn *turns; /* one for each step of the plan */
	size_t running, limit, failed;
	size_t building, build_limit; /* of those */
	bool several;		      /* builds: each line says whose it is */
	bool ending;		      /* nothing more is begun */
	struct error *err;
	pthread_mutex_t lock; /* of everything here, and of the progress */
	pthread_cond_t changed;
};

static bool is_image_step(const struct step *step)
{
	return step->kind == STEP_PULL || step->kind == STEP_BUILD || step->kind == STEP_PUSH;
}

/* ---- details ---- */

/* What a build says comes in pieces. */
/* On a terminal one line shows the state alone, and with --quiet none does. */
static bool keeps_lines(const struct images_run *run)
{
	return run->wishes->quiet || progress_is_live(run->progress);
}

static void tell_line(struct turn *turn, const char *line)
{
	scoped_free char *text = turn->run->several
					 ? str_format("[%s] %s", turn->step->service, line)
					 : str_dup(line);

	if (keeps_lines(turn->run)) {
		strings_add(&turn->last, text);
		if (turn->last.count > LAST_LINES)
			strings_remove(&turn->last, 0);
	}
	if (!turn->run->wishes->quiet)
		progress_detail(turn->run->progress, turn->step, text);
}

static void tell_lines(struct turn *turn, const char *text)
{
	buffer_add_text(&turn->line, text);
	for (char *end; turn->line.size && (end = strchr(turn->line.data, '\n'));) {
		*end = '\0';
		tell_line(turn, turn->line.data);
		buffer_consume(&turn->line, (size_t)(end - turn->line.data) + 1);
	}
}

/* "Downloading (34.5%)" in version 1, "3f4ca6: Downloading 12MB/40MB" in version 2. */
static char *status_text(const struct turn *turn, const json_t *message)
{
	const json_t *detail = json_object_get(message, "progressDetail");
	int64_t current = doc_number(detail, "current"), total = doc_number(detail, "total");
	const char *status = doc_text(message, "status"), *id = doc_text(message, "id");
	bool old = turn->run->compose->style == COMPOSE_V1;
	scoped_free char *now = size_to_text((double)current), *all = size_to_text((double)total);

	if (old && current > 0 && total > 0)
		return str_format("%s (%.1f%%)", status, 100.0 * (double)current / (double)total);
	if (old)
		return str_dup(status);
	if (current > 0 && total > 0)
		return str_format("%s%s%s %s/%s", id, *id ? ": " : "", status, now, all);
	return str_format("%s%s%s", id, *id ? ": " : "", status);
}

static bool moves(const json_t *message)
{
	return doc_number(json_object_get(message, "progressDetail"), "current") > 0;
}

/* Numbers that move are for lines that are drawn again. */
static bool is_shown(const struct turn *turn, const json_t *message)
{
	bool one_line =
		turn->step->kind != STEP_BUILD &&
		(turn->run->compose->style == COMPOSE_V1 || progress_is_live(turn->run->progress));

	return *doc_text(message, "status") && (one_line || !moves(message));
}

static void tell(void *data, const json_t *message)
{
	struct turn *turn = data;
	const char *stream = doc_text(message, "stream");

	pthread_mutex_lock(&turn->run->lock);
	if (*stream) {
		tell_lines(turn, stream);
	} else if (is_shown(turn, message)) {
		scoped_free char *status = status_text(turn, message);

		if (turn->step->kind == STEP_BUILD)
			tell_line(turn, status);
		else if (!turn->run->wishes->quiet)
			progress_detail(turn->run->progress, turn->step, status);
	}
	pthread_mutex_unlock(&turn->run->lock);
}

/* ---- a turn ---- */

static bool act(struct turn *turn)
{
	struct images_run *run = turn->run;
	const struct service *service =
		turn->step->service ? project_service(run->compose->project, turn->step->service)
				    : NULL;
	struct image_job job = {run->compose, service, run->wishes, tell, turn};

	if (!service)
		return error_set(&turn->err, ERROR_NOT_FOUND, "no such service: %s",
				 turn->step->service ? turn->step->service : turn->step->name);
	if (turn->step->kind == STEP_PULL)
		return image_pull_service(&job, &turn->err);
	if (turn->step->kind == STEP_PUSH)
		return image_push_service(&job, &turn->err);
	return image_build_service(&job, &turn->err);
}

/* A pull that is followed by a build if it fails. */
static bool is_mended(const struct images_run *run, size_t index)
{
	for (size_t i = index + 1; i < run->plan->count; i++) {
		const struct step *later = &run->plan->items[i];

		for (size_t k = 0; later->when == STEP_WHEN_FAILED && k < later->after_count; k++)
			if (later->after[k] == index)
				return true;
	}
	return false;
}

static bool is_ignored(const struct images_run *run, const struct step *step)
{
	return step->optional || (step->kind == STEP_PULL && run->wishes->ignore_pull_failures) ||
	       (step->kind == STEP_PUSH && run->wishes->ignore_push_failures);
}

/* In version 1 these very words are waited for. */
static void name_service(struct turn *turn)
{
	struct error reason = turn->err;
	bool old = turn->run->compose->style == COMPOSE_V1;

	error_set(&turn->err, reason.kind, "%s%s%s%s", old ? "Service '" : "failed to build ",
		  turn->step->service, old ? "' failed to build : " : ": ", reason.text);
	turn->err.os = reason.os;
}

static void end_failed(struct turn *turn)
{
	struct images_run *run = turn->run;
	char text[ERROR_TEXT_SIZE];

	turn->state = FAILED;
	if (turn->step->kind == STEP_BUILD)
		name_service(turn);
	for (size_t i = 0; i < turn->last.count; i++)
		progress_explain(run->progress, turn->last.items[i]);
	progress_failed(run->progress, turn->step, error_text(&turn->err, text, sizeof(text)));
	if (is_mended(run, (size_t)(turn - run->turns)) || is_ignored(run, turn->step))
		return;
	if (run->failed++ == 0)
		*run->err = turn->err;
	run->ending = run->ending || !run->wishes->go_on;
}

static void warn_of_build(const struct turn *turn)
{
	if (turn->step->kind == STEP_BUILD && turn->run->compose->style == COMPOSE_V1 &&
	    !turn->run->wishes->asked_for)
		compose_warn(turn->run->compose,
			     "Image for service %s was built because it did not already exist. To "
			     "rebuild this image you must use `docker-compose build` or "
			     "`docker-compose up --build`.",
			     turn->step->service);
}

static void end_turn(struct turn *turn, bool good)
{
	struct images_run *run = turn->run;

	pthread_mutex_lock(&run->lock);
	if (turn->line.size)
		tell_line(turn, turn->line.data);
	if (good) {
		turn->state = DONE;
		progress_done(run->progress, turn->step);
		warn_of_build(turn);
	} else {
		end_failed(turn);
	}
	buffer_fini(&turn->line);
	strings_fini(&turn->last);
	run->running--;
	run->building -= turn->step->kind == STEP_BUILD;
	pthread_cond_signal(&run->changed);
	pthread_mutex_unlock(&run->lock);
}

static void *run_turn(void *data)
{
	struct turn *turn = data;

	end_turn(turn, act(turn));
	return NULL;
}

/* With the lock held; without a thread to be had it is done here and now. */
static void start(struct turn *turn)
{
	struct images_run *run = turn->run;
	pthread_attr_t attributes;

	turn->state = RUNNING;
	run->running++;
	run->building += turn->step->kind == STEP_BUILD;
	progress_begin(run->progress, turn->step);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	turn->started = pthread_create(&turn->thread, &attributes, run_turn, turn) == 0;
	pthread_attr_destroy(&attributes);
	if (turn->started)
		return;
	pthread_mutex_unlock(&run->lock);
	run_turn(turn);
	pthread_mutex_lock(&run->lock);
}

/* ---- what may begin ---- */

/* How many of those before it failed or were left out; *over: none is still to come. */
static size_t count_failed(const struct images_run *run, const struct step *step, bool *over)
{
	size_t failed = 0;

	*over = true;
	for (size_t i = 0; i < step->after_count; i++) {
		const struct turn *before = &run->turns[step->after[i]];
		bool optional = before->step->optional && step->when == STEP_WHEN_DONE;

		*over = *over && before->state != WAITING && before->state != RUNNING;
		failed += (before->state == FAILED && !optional) || before->state == LEFT_OUT;
	}
	return failed;
}

static bool has_room(const struct images_run *run, const struct step *step)
{
	return run->running < run->limit &&
	       (step->kind != STEP_BUILD || run->building < run->build_limit);
}

/* Decide what can be decided; false: nothing changed. */
static bool advance(struct images_run *run, struct turn *turn)
{
	bool over;
	size_t failed = count_failed(run, turn->step, &over);
	bool wanted = (failed > turn->step->tolerated) == (turn->step->when == STEP_WHEN_FAILED);

	if (turn->state != WAITING || !over)
		return false;
	if (run->ending || (!wanted && turn->step->when == STEP_WHEN_DONE))
		turn->state = LEFT_OUT;
	else if (!wanted)
		turn->state = DONE;
	else if (has_room(run, turn->step))
		start(turn);
	else
		return false;
	return true;
}

static bool advance_all(struct images_run *run)
{
	bool changed = false;

	for (size_t i = 0; i < run->plan->count; i++)
		changed = advance(run, &run->turns[i]) || changed;
	return changed;
}

/* Until one of them ends, or lines that show the time are to be drawn again. */
static void wait_for_change(struct images_run *run)
{
	struct timespec until;

	if (!progress_is_live(run->progress)) {
		pthread_cond_wait(&run->changed, &run->lock);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += TICK_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&run->changed, &run->lock, &until);
	progress_tick(run->progress);
}

static void run_all(struct images_run *run)
{
	pthread_mutex_lock(&run->lock);
	do {
		while (advance_all(run))
			;
		if (run->running)
			wait_for_change(run);
	} while (run->running || advance_all(run));
	pthread_mutex_unlock(&run->lock);
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->turns[i].started)
			pthread_join(run->turns[i].thread, NULL);
}

/* ---- interruptions ----
 * The daemon ends a build whose client goes away, and a pull that was begun is whole or nothing:
 * there is nothing to put right here. */

static enum compose_style style_of_end;

static void end_now(int number)
{
	static const char words[] = "Aborting.\n";
	bool old = style_of_end == COMPOSE_V1;

	if (old && write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		_exit(1);
	_exit(old ? 1 : 130);
}

static const int ends[] = {SIGINT, SIGTERM};

/* What is ignored stays so: it was started in the background. */
static void watch_signals(enum compose_style style, struct sigaction *before)
{
	struct sigaction action = {.sa_handler = end_now};

	style_of_end = style;
	for (size_t i = 0; i < array_length(ends); i++) {
		sigaction(ends[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
	}
}

static void leave_signals(const struct sigaction *before)
{
	for (size_t i = 0; i < array_length(ends); i++)
		sigaction(ends[i], &before[i], NULL);
}

/* ---- all of them ---- */

static size_t choose_limit(const struct compose *compose, const struct image_wishes *wishes)
{
	return wishes->one_at_a_time ? 1 : compose->parallel ? compose->parallel : 1;
}

/* What is none of ours is over already. */
static bool prepare(struct images_run *run)
{
	bool any = false;
	size_t builds = 0;

	for (size_t i = 0; i < run->plan->count; i++) {
		const struct step *step = &run->plan->items[i];

		run->turns[i] = (struct turn){
			.run = run, .step = step, .state = is_image_step(step) ? WAITING : DONE};
		any = any || is_image_step(step);
		builds += step->kind == STEP_BUILD;
	}
	run->several = builds > 1 && run->build_limit > 1;
	return any;
}

bool images_carry_out(struct compose *compose, const struct plan *plan,
		      const struct image_wishes *wishes, struct progress *progress, size_t *failed,
		      struct error *err)
{
	struct sigaction before[array_length(ends)];
	struct images_run run = {
		.compose = compose,
		.plan = plan,
		.wishes = wishes,
		.progress = progress,
		.turns = mem_zeroed(plan->count + 1, sizeof(*run.turns)),
		.limit = choose_limit(compose, wishes),
		.err = err,
	};

	run.build_limit =
		compose->style == COMPOSE_V1 && !wishes->builds_side_by_side ? 1 : run.limit;
	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.changed, NULL);
	/* the version is agreed on, and the features are known, before threads begin */
	bool good = !prepare(&run) ||
		    (api_open(compose->cli, err) && compose_ask_features(compose, err));
	watch_signals(compose->style, before);
	if (good)
		run_all(&run);
	leave_signals(before);
	pthread_cond_destroy(&run.changed);
	pthread_mutex_destroy(&run.lock);
	free(run.turns);
	if (failed)
		*failed = run.failed;
	return good && run.failed == 0;
}
