/* Who is in a unit's control group: signals to them, and the main process among those that we have not started
 * as such. */
#include "shim/unit.h"

#include "base/log.h"
#include "base/time.h"
#include "os/fd.h"
#include "os/process.h"
#include "shim/unit_pid_file.h"

#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- who else ---- */

struct pids {
	pid_t *items;
	size_t count;
};

static void pids_fini(struct pids *pids)
{
	free(pids->items);
}

static void read_pids(const struct unit_shim *u, struct pids *out)
{
	struct error gone;

	if (u->group.made)
		cgroup_pids(&u->group.own, &out->items, &out->count, &gone);
}

static bool is_known(const struct unit_shim *u, pid_t pid)
{
	return pid == u->main.pid || pid == u->control.pid;
}

bool unit_has_others(struct unit_shim *u)
{
	scoped_with(pids_fini) struct pids pids = {0};

	read_pids(u, &pids);
	for (size_t i = 0; i < pids.count; i++)
		if (!is_known(u, pids.items[i]))
			return true;
	return false;
}

bool unit_owns(struct unit_shim *u, pid_t pid)
{
	scoped_with(pids_fini) struct pids pids = {0};

	read_pids(u, &pids);
	for (size_t i = 0; i < pids.count; i++)
		if (pids.items[i] == pid)
			return true;
	return false;
}

/* ---- signals ---- */

/* One that is no child of ours may be gone, and its number another's. */
static void send_to(const struct unit_process *p, const struct machine_action *a)
{
	scoped_fd int pidfd = process_open(p->pid, p->start_time);

	if (pidfd < 0)
		return;
	pidfd_signal(pidfd, a->signal);
	if (a->resume)
		pidfd_signal(pidfd, SIGCONT);
	if (a->hangup)
		pidfd_signal(pidfd, SIGHUP);
}

static void send(pid_t pid, const struct machine_action *a)
{
	kill(pid, a->signal);
	if (a->resume)
		kill(pid, SIGCONT);
	if (a->hangup)
		kill(pid, SIGHUP);
}

static bool contains(const struct pids *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

/* Until nobody new is there: some may fork meanwhile. */
static void signal_others(const struct unit_shim *u, const struct machine_action *a)
{
	enum { ROUNDS = 8 };
	struct pids before = {0};

	for (int round = 0; round < ROUNDS; round++) {
		struct pids now = {0};
		bool fresh = false;

		read_pids(u, &now);
		for (size_t i = 0; i < now.count; i++) {
			if (is_known(u, now.items[i]) || contains(&before, now.items[i]))
				continue;
			send(now.items[i], a);
			fresh = true;
		}
		pids_fini(&before);
		before = now;
		if (!fresh)
			break;
	}
	pids_fini(&before);
}

void unit_kill(struct unit_shim *u, const struct machine_action *a)
{
	struct error err;

	if ((a->who & KILL_WHO_OTHERS) && a->signal == SIGKILL && u->group.made) {
		if (!cgroup_kill(&u->group.own, &err))
			log_error("cannot kill", &err, "unit=%s", u->start.plan.unit);
		u->group.own.killed = true; /* ExecStopPost= is still to run in it */
	} else if (a->who & KILL_WHO_OTHERS) {
		signal_others(u, a);
	}
	if ((a->who & KILL_WHO_MAIN) && u->main.pid)
		send_to(&u->main, a);
	if ((a->who & KILL_WHO_CONTROL) && u->control.pid)
		send_to(&u->control, a);
	if (a->who & KILL_WHO_CONTROL)
		unit_ask_no_more(u, a->signal);
	u->group_may_be_empty = true;
}

bool unit_signal(struct unit_shim *u, const struct unit_signal *request, struct error *err)
{
	struct machine_action a = {.signal = request->signal};

	if (request->signal < 0 || request->signal >= NSIG)
		return error_set(err, ERROR_INVALID, "invalid signal: %d", request->signal);
	if (u->machine.main_alive && request->who != SIGNAL_CONTROL)
		a.who |= KILL_WHO_MAIN;
	if (u->machine.control_alive && request->who != SIGNAL_MAIN)
		a.who |= KILL_WHO_CONTROL;
	if (request->who == SIGNAL_ALL && unit_has_others(u))
		a.who |= KILL_WHO_OTHERS;
	if (!a.who)
		return error_set(err, ERROR_CONFLICT, "No %s process to kill",
				 request->who == SIGNAL_MAIN	  ? "main"
				 : request->who == SIGNAL_CONTROL ? "control"
								  : "");
	unit_kill(u, &a);
	return true;
}

/* ---- a main process that we have not started as such ---- */

static bool is_our_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void foreign_main_ended(struct source *source, uint32_t events)
{
	struct unit_process *p = container_of(source, struct unit_process, foreign);

	unit_process_ended(container_of(p, struct unit_shim, main), p, PROCESS_EXITED, 0);
}

void unit_take_main(struct unit_shim *u, pid_t pid)
{
	unit_forget_process(u, &u->main);
	u->main.pid = pid;
	u->main.phase = EXECUTION_START;
	process_start_time(pid, &u->main.start_time);
	u->status.main = (struct execution_process){
		.phase = EXECUTION_START, .pid = pid, .started_ns = time_now_ns()};
	if (!is_our_child(pid)) {
		u->main.foreign =
			(struct source){.fd = pidfd_open(pid, 0), .ready = foreign_main_ended};
		if (u->main.foreign.fd >= 0)
			loop_watch(&u->loop, &u->main.foreign, EPOLLIN);
	}
	UNIT_EVENT(u, EVENT_MAIN_FOUND);
}

/* The only one left whose parent we are by now. */
static pid_t guess_main(struct unit_shim *u)
{
	scoped_with(pids_fini) struct pids pids = {0};
	pid_t found = 0;

	read_pids(u, &pids);
	for (size_t i = 0; i < pids.count; i++) {
		if (is_known(u, pids.items[i]) || !is_our_child(pids.items[i]))
			continue;
		if (found)
			return 0;
		found = pids.items[i];
	}
	return found;
}

void unit_find_main(struct unit_shim *u, bool wait)
{
	pid_t pid = 0;

	if (u->start.plan.pid_file) {
		unit_pid_file_look(u, wait);
		return;
	}
	if (!u->start.plan.no_guess_main_pid)
		pid = guess_main(u);
	if (pid)
		unit_take_main(u, pid);
	else
		UNIT_EVENT(u, EVENT_MAIN_UNKNOWN);
}
