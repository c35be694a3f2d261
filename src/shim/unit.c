#include "shim/unit.h"

#include "base/log.h"
#include "base/time.h"
#include "execution/start.h"
#include "os/fd.h"
#include "os/file.h"
#include "shim/scratch.h"
#include "shim/unit_containers.h"
#include "shim/unit_filter.h"
#include "shim/unit_listen.h"
#include "shim/unit_pid_file.h"
#include "shim/unit_store.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define IDLE (2 * NS_PER_SECOND)

/* ---- a start ---- */

static void take_start(struct unit_shim *u, const struct unit_start *start)
{
	record_fini(&unit_start_type, &u->start);
	record_copy(&unit_start_type, start, &u->start);
	u->machine.plan = &u->start.plan;
}

static bool open_run_folder(struct unit_shim *u, struct error *err)
{
	if (u->run_folder < 0)
		u->run_folder = folder_open(AT_FDCWD, u->start.run_folder, err);
	return u->run_folder >= 0;
}

/* What cannot be logged is still to run. */
static void open_journal(struct unit_shim *u)
{
	struct error err;

	if (!unit_journal_begin(&u->journal, &u->start, &err))
		log_error("a unit has no journal", &err, "unit=%s", u->start.plan.unit);
}

static bool prepare(struct unit_shim *u, struct error *err)
{
	open_journal(u);
	if (!open_run_folder(u, err) || !unit_take_user(u, err) || !unit_group_make(u, err) ||
	    !unit_notify_open(u, err) || !unit_private_make(u, err))
		return false;
	unit_filters_find(u);
	return true;
}

/* As if the first command could not be started. */
static void fail_start(struct unit_shim *u, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	unit_say(u, 3, "%s: cannot be prepared: %s", u->start.plan.unit,
		 error_text(err, text, sizeof(text)));
	log_error("a unit cannot be prepared", err, "unit=%s", u->start.plan.unit);
	u->machine.sub = SUB_FAILED;
	u->machine.result = RESULT_RESOURCES;
	u->machine.job_done = false;
	unit_status_entered(u, SUB_START);
	unit_tell_status(u, true);
}

void unit_begin(struct unit_shim *u, const struct unit_start *start, struct message *m)
{
	struct error err;

	if (!machine_is_over(&u->machine) || u->released || !start->plan.unit ||
	    !start->cgroup_path || !start->run_folder) {
		log_error("a start is refused: the unit is not over, released, or not whole", NULL,
			  "unit=%s", start->plan.unit ? start->plan.unit : "");
		return;
	}
	unit_group_outdate(u, &start->plan);
	take_start(u, start);
	if (!start->restarted)
		unit_store_clear(u);
	u->started = true;
	unit_status_begin(u);
	unit_sockets_hold(u, &u->start.socket_names, m->fds, m->fd_count);
	if (prepare(u, &err))
		UNIT_EVENT(u, EVENT_START);
	else
		fail_start(u, &err);
}

/* ---- ends ---- */

/* Stored descriptors, folders that are kept for a restart and the control group wait for one, which somebody else
 * decides; without, the shim is released. */
void unit_clean(struct unit_shim *u)
{
	unit_pid_file_forget(u);
	unit_sockets_drop(u);
	unit_containers_free(u);
	start_clean(&u->start.plan, true);
	unit_private_remove(u);
	unit_filters_forget(u);
	unit_forget_process(u, &u->main);
	unit_forget_process(u, &u->control);
	u->asked.waits = u->asked.unknown = false;
	str_replace(&u->status.status_text, NULL);
	unit_group_leave(u);
}

void unit_release(struct unit_shim *u)
{
	if (!machine_is_over(&u->machine) || u->released)
		return;
	u->released = true;
	if (u->started)
		start_clean(&u->start.plan, false);
	dynamic_user_leave(&u->secret.user);
	unit_store_clear(u);
	unit_notify_close(u);
	unit_group_remove(u);
	controls_stop_listening(&u->controls);
}

/* ---- deadlines and signals ---- */

static void phase_passed(struct deadline *deadline)
{
	UNIT_EVENT(container_of(deadline, struct unit_shim, phase), EVENT_DEADLINE);
}

static void watchdog_passed(struct deadline *deadline)
{
	struct unit_shim *u = container_of(deadline, struct unit_shim, watchdog);

	unit_notify_drain(u); /* a sign of life may wait there */
	if (!u->watchdog.at)
		UNIT_EVENT(u, EVENT_WATCHDOG);
}

static void signals_ready(struct source *source, uint32_t events)
{
	struct unit_shim *u = container_of(source, struct unit_shim, signals);
	struct signalfd_siginfo info[8];

	while (read(source->fd, info, sizeof(info)) > 0)
		;
	unit_reap(u);
}

/* ---- idle; the whole ---- */

static void shrink(struct unit_shim *u)
{
	unit_journal_shrink(&u->journal);
	unit_outputs_shrink(&u->outputs);
	controls_shrink(&u->controls);
	vector_fini(&u->events);
	malloc_trim(0);
}

static void idle_passed(struct deadline *deadline)
{
	struct unit_shim *u = container_of(deadline, struct unit_shim, idle);

	if (scratch_release() || u->active)
		loop_set_deadline(&u->loop, &u->idle, time_monotonic_ns() + IDLE);
	else
		shrink(u);
	u->active = false;
	u->only_idle = true;
}

/* Who was never told to start has nothing to wait for without a daemon. */
static bool is_done(const struct unit_shim *u)
{
	if (u->reads_on)
		return !u->outputs.first;
	if (controls_are_busy(&u->controls))
		return false;
	return u->released || (!u->started && !u->controls.daemon);
}

/* Processes that KillMode= leaves may go on to write: whoever reads it stays for as long as they do, so that
 * a pipe without a reader does not end them.  The daemon sees the shim end all the same. */
static void leave_reader(struct unit_shim *u)
{
	pid_t pid;

	unit_outputs_drain(&u->outputs);
	if (!u->outputs.first || !unit_has_others(u))
		return;
	unit_journal_flush(&u->journal);
	pid = fork();
	if (pid != 0) {
		u->left = pid > 0;
		return;
	}
	u->reads_on = true;
	controls_fini(&u->controls);
	setsid();
}

static void end(struct unit_shim *u)
{
	if (!u->reads_on)
		leave_reader(u);
	if (!u->reads_on || !u->outputs.first)
		loop_end(&u->loop);
}

static void after_round(void *context)
{
	struct unit_shim *u = context;

	if (u->group_may_be_empty)
		unit_group_check(u);
	unit_journal_flush(&u->journal);
	if (u->status_waits && !controls_are_busy(&u->controls))
		unit_tell_status(u, false);
	unit_listen_resume(u);
	if (is_done(u))
		end(u);
	if (!u->only_idle) {
		u->active = true;
		if (!u->idle.at)
			loop_set_deadline(&u->loop, &u->idle, time_monotonic_ns() + IDLE);
	}
	u->only_idle = false;
}

/* It outlives whoever signals a whole session; ends of children come one by one. */
static bool take_signals(struct unit_shim *u, struct error *err)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};
	sigset_t children;

	for (size_t i = 0; i < array_length(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	u->signals = (struct source){.fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK),
				     .ready = signals_ready};
	if (u->signals.fd < 0)
		return error_errno(err, "cannot hear of children");
	loop_watch(&u->loop, &u->signals, EPOLLIN);
	return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ||
	       error_errno(err, "cannot adopt grandchildren");
}

static bool unit_init(struct unit_shim *u, struct error *err)
{
	if (!loop_init(&u->loop, err) || !take_signals(u, err))
		return false;
	u->run_folder = u->notify.source.fd = u->secret.network = -1;
	u->group.events.fd = u->group.oom.fd = -1;
	u->main.report.fd = u->main.foreign.fd = -1;
	u->control.report.fd = u->control.foreign.fd = -1;
	u->phase.passed = phase_passed;
	u->watchdog.passed = watchdog_passed;
	u->idle.passed = idle_passed;
	u->children.loop = &u->loop;
	u->outputs = (struct unit_outputs){.loop = &u->loop, .journal = &u->journal};
	machine_init(&u->machine, &u->start.plan);
	controls_init(&u->controls, &u->loop, &unit_requests, u);
	return true;
}

int unit_shim_main(void)
{
	static struct unit_shim unit; /* not on the stack: pages of it that are used stay used */
	struct error err;

	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	mallopt(M_TRIM_THRESHOLD, 64 << 10);
	if (!unit_init(&unit, &err)) {
		log_error("cannot begin", &err, "pid=%d", getpid());
		return 1;
	}
	loop_run(&unit.loop, after_round, &unit);
	if (!unit.left)
		unit_journal_end(&unit.journal);
	return 0;
}
