/* What an end means.  First it is recorded, then everybody is told: a client that has heard of an
 * exit never finds a daemon that does not know of it. */
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/adopt.h"
#include "engine/deadline.h"
#include "engine/restart_policy.h"
#include "engine/work.h"
#include "os/cgroup.h"
#include "os/file.h"

#include <signal.h>

#define EXIT_START_FAILED 128

/* ---- what the record says afterwards ---- */

static struct restart_answer decide(struct container *c)
{
	struct restart_question question = {
		.policy = &c->host_config.restart_policy,
		.own = c->extension ? c->extension->restarts : NULL,
		.was_running = true,
		.stopped_by_hand = c->stopped_by_hand,
		.wanted = c->restart_wanted,
		.exit_code = c->exit_code,
		.restart_count = c->restart_count,
		.ran_ms = (c->finished_ns - c->started_ns) / NS_PER_MS,
		.last_delay_ms = c->restart_delay_ms,
	};

	struct restart_answer answer = restart_decide(&question);
	if (answer.restart && restart_counts_anew(&question))
		c->restart_count = 0;
	return answer;
}

static void note_exit(struct container_run *run, const struct shim_exit *exit, const char *said)
{
	struct container *c = run->container;
	struct restart_answer answer;

	c->exit_code = exit->code;
	c->finished_ns = exit->finished_ns;
	c->oom_killed = c->oom_killed || exit->oom;
	str_replace(&c->error, said);
	answer = decide(c);
	/* Who restarts it by hand starts it, or the next daemon, should this one die before that. */
	c->restart_wanted =
		c->restarts_by_hand > 0 && restart_policy_is_set(&c->host_config.restart_policy);
	container_set_state(c, answer.restart ? CONTAINER_RESTARTING : CONTAINER_EXITED);
	c->restart_delay_ms = answer.restart ? answer.delay_ms : 0;
	if (exit->log_dropped > 0)
		log_warning("output was dropped, the disk was full", NULL, "id=%s bytes=%lld",
			    c->id, (long long)exit->log_dropped);
}

static void note_failed_start(struct container_run *run, int exit_code)
{
	struct container *c = run->container;
	char text[ERROR_TEXT_SIZE];

	c->exit_code = exit_code;
	c->restart_wanted = false;
	str_replace(&c->error, error_text(&run->failure, text, sizeof(text)));
	c->started_ns = run->started_before;
	c->finished_ns = run->finished_before;
	container_set_state(c, run->state_before == CONTAINER_RESTARTING ? CONTAINER_EXITED
									 : run->state_before);
}

static void take_failure(struct container_run *run, const struct shim_exit *exit)
{
	const struct shim_failure *failure = exit->failure;

	if (!failure || run->failure.kind != ERROR_NONE)
		return;
	error_set(&run->failure, failure->kind, "%s", failure->text ? failure->text : "");
	run->failure.os = failure->os;
}

static int failed_exit_code(const struct shim_exit *exit)
{
	return exit && exit->failure && exit->failure->exit_code ? exit->failure->exit_code
								 : EXIT_START_FAILED;
}

static void on_recorded(void *data, const struct error *err)
{
	struct container_run *run = data;

	run->end_recorded = true;
	run->end_lost = err;
	if (err)
		log_error("cannot record an exit", err, "id=%s", run->container->id);
	run_check_ended(run);
}

/* The record goes anyway, so the exit need not be written to it first. */
static bool will_be_removed(const struct container *c)
{
	return c->doomed || (c->host_config.auto_remove && c->state != CONTAINER_RESTARTING &&
			     !c->restarts_by_hand);
}

static void record(struct container_run *run)
{
	struct container *c = run->container;

	c->pid = 0;
	run_has_filled(run);
	run_free_network(run);
	files_end_run(c);
	run_unmount_volumes(run);
	if (will_be_removed(c))
		on_recorded(run, NULL);
	else
		container_save(c, STORE_SURVIVES_KILL, on_recorded, run);
}

/* An earlier daemon has recorded this very exit, and died before it could tell the shim. */
static bool is_known(const struct container_run *run, const struct shim_exit *exit)
{
	const struct container *c = run->container;

	return !container_is_live(c) && !run->started && !exit->failure && exit->finished_ns &&
	       c->finished_ns == exit->finished_ns;
}

/* There is nothing new to say of it. */
static void end_silently(struct container_run *run)
{
	run->ended = run->was_known = true;
	run_has_filled(run);
	run_free_network(run);
	run_unmount_volumes(run);
	on_recorded(run, NULL);
}

void run_ended(struct container_run *run, const struct shim_exit *exit, const char *said)
{
	if (run->ended)
		return;
	if (is_known(run, exit)) {
		end_silently(run);
		return;
	}
	run->ended = true;
	health_end(run->container);
	take_failure(run, exit);
	if (run->failure.kind != ERROR_NONE)
		note_failed_start(run, failed_exit_code(exit));
	else
		note_exit(run, exit, said);
	record(run);
}

void container_start_failed(struct container_run *run, const struct error *err, int exit_code)
{
	run->failure = *err;
	run->ended = true;
	note_failed_start(run, exit_code);
	record(run);
}

/* ---- telling ---- */

static void tell_die(struct container *c)
{
	scoped_free char *code = str_format("%lld", (long long)c->exit_code);
	scoped_pairs struct pairs more = {0};

	log_info("container exited", "id=%s name=%s code=%s", c->id, c->name, code);
	pairs_set(&more, "exitCode", code);
	engine_publish_container(c->engine, c, "die", &more);
	events_tell_networks(c, "disconnect");
	events_tell_volumes(c, "unmount");
}

void run_release(struct container_run *run, bool removed, const struct error *err)
{
	struct container *c = run->container;
	struct engine *engine = c->engine;
	struct shim_release release = {.removed = removed};
	char text[ERROR_TEXT_SIZE];
	struct error failed;

	if (err)
		release.error = (char *)(uintptr_t)error_text(err, text, sizeof(text));
	c->run = NULL;
	run->released = true;
	if (!run->end_lost && !tree_remove(engine->runs, c->id, &failed))
		log_warning("cannot remove a run folder", &failed, "id=%s", c->id);
	if (!run->peer) {
		run_free(run);
		return;
	}
	shim_peer_send(run->peer, SHIM_RELEASE, &shim_release_type, &release, NULL, 0);
	list_append(&engine->lingering, &run->link);
}

void run_check_ended(struct container_run *run)
{
	struct container *c = run->container;
	struct operation *starter = run->starter;
	struct error failure = run->failure;
	bool failed = failure.kind != ERROR_NONE, adopting;

	if (!run->end_recorded || run->cutting || run->publishing ||
	    (run->started && !run->recorded) || run->introducing)
		return;
	container_ref(c);
	run->told = true;
	run->starter = NULL;
	adopting = run->adopting;
	run->adopting = false;
	if (failed)
		log_warning("container did not start", &failure, "id=%s name=%s", c->id, c->name);
	else if (!run->was_known)
		tell_die(c);
	if (will_be_removed(c)) {
		container_remove_by_itself(c);
	} else {
		run_release(run, false, NULL);
		if (c->state != CONTAINER_RESTARTING)
			owner_tell_gone(c);
	}
	if (starter)
		starter->resume(starter, failed ? &failure : NULL);
	operations_tell_exit(c);
	if (c->state == CONTAINER_RESTARTING && c->engine->adoption.ready)
		container_restart_later(c);
	if (adopting)
		adopt_done(c->engine);
	container_unref(c);
}

bool container_is_ending(const struct container *c)
{
	return c->run && c->run->ended && !c->run->told;
}

/* ---- the restart policy's pause ---- */

static void on_pause_over(void *data)
{
	struct container *c = data;

	c->restart_due = NULL;
	c->restart_count++;
	container_restart_now(c);
}

/* The pause began with the exit, perhaps under an earlier daemon. */
void container_restart_later(struct container *c)
{
	int64_t passed = (time_now_ns() - c->finished_ns) / NS_PER_MS;
	int64_t left = restart_pause_left(c->restart_delay_ms, passed);

	c->restart_due = deadline_start(c->engine->parts.loop, (uint64_t)left, on_pause_over, c);
}

/* ---- a shim that died without a word ---- */

struct lost_run {
	struct work work;
	struct container_run *run;
	char *cgroup;
	struct error err;
	bool ok;
};

static void end_cgroup(struct work *work)
{
	struct lost_run *lost = container_of(work, struct lost_run, work);
	struct cgroup cgroup;

	lost->ok = true;
	if (cgroup_open(lost->cgroup, &cgroup, &lost->err)) {
		lost->ok = cgroup_kill(&cgroup, &lost->err);
		cgroup_fini(&cgroup);
	}
	lost->ok = cgroup_remove(lost->cgroup, &lost->err) && lost->ok;
}

/* A start under which the daemon died, before there was a process, did not happen: nobody was told of
 * it, and the restart policy goes on from what was before. */
static void end_lost(struct container_run *run, const struct shim_exit *exit)
{
	if (run->found && !run->started) {
		end_silently(run);
		return;
	}
	if (!run->started && run->failure.kind == ERROR_NONE)
		error_set(&run->failure, ERROR_SYSTEM, "the container's shim has died");
	run_ended(run, exit, "the container's shim has died, so it was killed");
}

static void on_cgroup_ended(struct work *work, bool closing)
{
	struct lost_run *lost = container_of(work, struct lost_run, work);
	struct container_run *run = lost->run;
	struct shim_exit exit = {.code = 128 + SIGKILL, .signal = SIGKILL};

	exit.finished_ns = time_now_ns();
	if (!closing) {
		if (!lost->ok)
			log_error("cannot end what a dead shim left", &lost->err, "id=%s",
				  run->container->id);
		end_lost(run, &exit);
	}
	free(lost->cgroup);
	free(lost);
}

void run_lost(struct container_run *run)
{
	struct lost_run *lost = mem_new(struct lost_run);

	if (run->started) /* else the failed start is said */
		log_error("a shim has died", NULL, "id=%s pid=%lld", run->container->id,
			  (long long)run->shim_pid);
	lost->run = run;
	lost->cgroup = container_cgroup(run->container);
	work_begin(&lost->work, run->container->engine, end_cgroup, on_cgroup_ended);
}
