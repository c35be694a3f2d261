/* Every container whose record says that it is up, or that has a run folder, is looked at once: is
 * there a shim (it is asked), has it left a last word (that counts), or nothing (then what it had is
 * ended)?  Connecting tells which: whoever holds the listening socket is the shim.
 *
 * What the runs hold, addresses and ports, is told to the networks before anybody else gets any. */
#include "engine/adopt.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/deadline.h"
#include "engine/group.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/restart_policy.h"
#include "engine/run_network.h"
#include "engine/takeover.h"
#include "os/file.h"
#include "shim/shim.h"

#include <unistd.h>

#define PATIENCE_MS  10000 /* a shim that does not answer keeps nobody waiting longer */
#define EXIT_UNKNOWN 255   /* it was up when the host went down */
#define PLAN_LIMIT   (1 << 20)

/* ---- being ready ---- */

static void restart_after_daemon_start(struct engine *engine);

static void be_ready(struct engine *engine)
{
	struct ready_listener *listeners = engine->adoption.listeners.items;
	size_t count = engine->adoption.listeners.count;

	engine->adoption.ready = true;
	deadline_cancel(&engine->adoption.patience);
	image_store_settle(engine->parts.images);
	volumes_settle(engine->parts.volumes);
	restart_after_daemon_start(engine);
	engine->adoption.listeners.items = NULL;
	vector_fini(&engine->adoption.listeners);
	for (size_t i = 0; i < count; i++)
		listeners[i].ready(listeners[i].data);
	free(listeners);
}

void adopt_done(struct engine *engine)
{
	if (--engine->adoption.waiting == 0 && !engine->adoption.ready)
		be_ready(engine);
}

static void on_impatient(void *data)
{
	struct engine *engine = data;

	engine->adoption.patience = NULL;
	log_warning("shims do not answer", NULL, "count=%zu", engine->adoption.waiting);
	if (!engine->adoption.ready)
		be_ready(engine);
}

void engine_when_ready(struct engine *engine, void (*ready)(void *data), void *data)
{
	struct ready_listener listener = {ready, data};

	if (engine->adoption.ready)
		ready(data);
	else
		vector_add(&engine->adoption.listeners, listener);
}

bool engine_is_ready(const struct engine *engine)
{
	return engine->adoption.ready;
}

/* ---- one run ---- */

static void read_plan(struct container_run *run, int folder)
{
	scoped_buffer struct buffer bytes = {0};
	struct networks *networks = run->container->engine->parts.networks;
	struct error err;

	if (!file_read(folder, RUN_PLAN, PLAN_LIMIT, &bytes, &err) ||
	    !record_decode(&run_plan_type, bytes.data, bytes.size, &run->plan, &err)) {
		if (err.kind != ERROR_NOT_FOUND)
			log_warning("cannot read what a run holds", &err, "id=%s",
				    run->container->id);
		return;
	}
	for (size_t i = 0; i < run->plan.endpoints.count; i++)
		network_adopt(networks, RECORD_AT(run->plan.endpoints, struct endpoint_spec, i));
	ports_adopt(networks, &run->plan.published);
}

static struct container_run *find_run(struct container *c, int folder)
{
	struct container_run *run = c->run = run_new(c);

	run->found = true;
	run->started = run->recorded = container_is_live(c);
	read_plan(run, folder);
	run_show_network(run);
	run_adopt_volumes(run);
	names_show(run);
	return run;
}

/* What it answers is read later. */
static void greet(int control)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	struct error err; /* one that has ended is found so when it is listened to */

	if (shim_send(&queue, SHIM_HELLO, NULL, NULL, NULL, 0, &err))
		message_queue_flush(&queue, control, &err);
}

static void listen_to_shim(struct container_run *run, int control)
{
	struct engine *engine = run->container->engine;
	struct shim_process process = {.pid = 0, .pidfd = -1, .control = control};

	run->adopting = true;
	engine->adoption.waiting++;
	run->peer = shim_peer_new(engine->parts.loop, &process, &run_handlers, run);
}

/* Restart policies are asked when it is known that nothing of a start is left. */
static void lose(struct container_run *run)
{
	if (!run->started) {
		run->adopting = true;
		run->container->engine->adoption.waiting++;
	}
	run_lost(run);
}

static void take_last_word(struct container_run *run, int folder)
{
	struct shim_exit exit = {0};

	if (shim_read_exit(folder, &exit, &(struct error){0}))
		run_ended(run, &exit, NULL);
	else
		lose(run);
	record_fini(&shim_exit_type, &exit);
}

/* Nothing is left of its run: the host was started anew. */
static void note_lost_host(struct container *c)
{
	health_end(c);
	container_set_state(c, CONTAINER_EXITED);
	c->exit_code = EXIT_UNKNOWN;
	c->finished_ns = time_now_ns();
	c->pid = 0;
	record_map_of_lists_fini(&port_binding_type, &c->ports);
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
}

/* An earlier daemon had begun to remove it, or would have. */
static bool is_half_removed(const struct container *c)
{
	return c->state == CONTAINER_REMOVING || c->state == CONTAINER_DEAD ||
	       (c->state == CONTAINER_EXITED && (c->doomed || c->host_config.auto_remove));
}

static void adopt_without_run(struct container *c)
{
	if (container_is_live(c))
		note_lost_host(c);
	if (!is_half_removed(c))
		return;
	c->state = CONTAINER_EXITED; /* begin again */
	container_remove_by_itself(c);
}

void adopt_look(struct found_run *found)
{
	struct container *c = found->container;
	scoped_fd int folder = folder_open(c->engine->runs, c->id, &(struct error){0});

	c->was_running = container_is_running(c) || c->due;
	if (folder < 0)
		return;
	if (c->state == CONTAINER_REMOVING || c->state == CONTAINER_DEAD) {
		c->state = CONTAINER_EXITED;
		c->doomed = c->doomed_volumes = true;
	}
	found->run = find_run(c, folder);
	found->control = shim_connect(folder, &(struct error){0});
	if (found->control >= 0)
		greet(found->control);
}

void adopt_found(struct found_run *found)
{
	scoped_fd int folder = -1;

	if (!found->run) {
		adopt_without_run(found->container);
	} else if (found->control >= 0) {
		listen_to_shim(found->run, take_fd(found->control));
	} else {
		folder = folder_open(found->container->engine->runs, found->container->id,
				     &(struct error){0});
		take_last_word(found->run, folder);
	}
}

/* ---- what the shim answers ---- */

static void take_over(struct container_run *run, const struct shim_state *state)
{
	struct container *c = run->container;
	bool known = container_is_live(c) && c->started_ns == state->started_ns;

	run->shim_pid = state->shim_pid;
	run->start_time = state->start_time;
	c->pid = state->pid;
	c->started_ns = state->started_ns;
	c->oom_killed = c->oom_killed || state->oom;
	str_replace(&c->sandbox_id, run->plan.sandbox_id);
	run_open_netns(run);
	if (known)
		return;
	boot_note_start(c);
	c->restart_wanted = c->stopped_by_hand = false; /* of the run before this one */
	run->started = run->recorded = true; /* a start that nobody was told of any more */
	c->health = HEALTH_NONE;
	c->log_made = true;
	str_replace(&c->error, NULL);
	container_set_state(c, CONTAINER_RUNNING);
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
}

/* A pause is recorded before it is made, and may not have been. */
static void pause_again(void *data, const struct error *err)
{
	struct container *c = data;

	if (err)
		log_warning("cannot freeze or thaw a container again", err, "id=%s", c->id);
	container_unref(c);
}

static void stop_adopting(struct container_run *run)
{
	if (!run->adopting)
		return;
	run->adopting = false;
	adopt_done(run->container->engine);
}

/* One that is to go counts as adopted when it is gone. */
static void go_on(struct container_run *run)
{
	struct container *c = run->container;

	if (c->doomed) {
		container_kill(c);
		return;
	}
	if (c->thaw_wanted) {
		c->thaw_wanted = false;
		container_freeze(c, false, pause_again, container_ref(c));
	} else if (c->state == CONTAINER_PAUSED)
		container_freeze(c, true, pause_again, container_ref(c));
	run_settle_networks(run);
	health_resume(c);
	if (c->restart_wanted) { /* how far that had come is not known */
		c->restart_wanted = false;
		container_renew(c);
	}
	stop_adopting(run);
}

void run_adopted(struct container_run *run, struct message *message)
{
	struct container *c = run->container;
	struct shim_state state = {0};
	struct error err;

	if (!record_decode(&shim_state_type, message->data, message->size, &state, &err)) {
		log_error("cannot understand a shim", &err, "id=%s", c->id);
	} else if (state.phase == SHIM_PHASE_RUNNING) {
		take_over(run, &state);
		shim_peer_watch(run->peer, (pid_t)state.shim_pid, state.shim_start_time);
		go_on(run);
	} else if (!container_is_live(c)) {
		c->started_ns = state.started_ns;
	}
	record_fini(&shim_state_type, &state);
}

/* ---- what lies around ---- */

static bool is_known(struct engine *engine, const char *name)
{
	return *name == '.' || map_get(&engine->by_id, name);
}

static void each_entry(int folder, void (*visit)(struct engine *engine, const char *name),
		       struct engine *engine)
{
	scoped_list DIR *list = folder_list(folder);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (!is_known(engine, entry->d_name))
			visit(engine, entry->d_name);
}

/* A create that was not recorded, or a removal that was. */
static void remove_stray_folder(struct engine *engine, const char *name)
{
	removal_add(engine, name);
}

/* Its container was removed; its shim may still have to tell that.  One that runs on is nobody's:
 * somebody has put the records away. */
static void remove_stray_run(struct engine *engine, const char *name)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	scoped_fd int folder = folder_open(engine->runs, name, &(struct error){0});
	scoped_fd int control = folder >= 0 ? shim_connect(folder, &(struct error){0}) : -1;
	struct shim_release release = {.removed = true};
	struct shim_exit exit = {0};
	struct error err;

	if (control >= 0 && !shim_read_exit(folder, &exit, &err)) {
		log_warning("a container that is not recorded goes on running", NULL, "id=%s",
			    name);
		return;
	}
	record_fini(&shim_exit_type, &exit);
	if (control >= 0 && shim_send(&queue, SHIM_HELLO, NULL, NULL, NULL, 0, &err) &&
	    shim_send(&queue, SHIM_RELEASE, &shim_release_type, &release, NULL, 0, &err))
		message_queue_flush(&queue, control, &err);
	if (!tree_remove(engine->runs, name, &err))
		log_warning("cannot remove a run folder", &err, "name=%s", name);
}

/* ---- restart policies, after everything is known ---- */

static void restart_if_wanted(struct container *c)
{
	struct restart_question question = {
		.policy = &c->host_config.restart_policy,
		.daemon_start = true,
		.was_running = c->was_running,
		.stopped_by_hand = c->stopped_by_hand,
		.exit_code = c->exit_code,
		.restart_count = c->restart_count,
	};

	if (c->run || container_is_live(c))
		return;
	if (c->state != CONTAINER_RESTARTING &&
	    !(c->state == CONTAINER_EXITED &&
	      (c->restart_wanted || restart_decide(&question).restart)))
		return;
	if (boot_leaves(c)) {
		boot_leave(c);
	} else if (c->state ==
		   CONTAINER_RESTARTING) { /* decided at its exit: the back-off goes on */
		container_restart_later(c);
	} else {
		c->due = c->restart_wanted = false;
		c->restart_count = c->restart_delay_ms = 0;
		container_set_state(c, CONTAINER_RESTARTING);
		container_restart_now(c);
	}
}

static void restart_after_daemon_start(struct engine *engine)
{
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		restart_if_wanted(c);
	boot_decided(engine);
}

/* ---- all ---- */

void adopt_begin(struct engine *engine)
{
	engine->adoption.waiting = 1; /* ourselves */
	engine->adoption.patience =
		deadline_start(engine->parts.loop, PATIENCE_MS, on_impatient, engine);
}

void adopt_rest(struct engine *engine)
{
	takeovers_resume(engine);
	groups_refresh(engine);
	names_begin(engine);
	links_open_ports(engine);
	each_entry(engine->containers, remove_stray_folder, engine);
	each_entry(engine->runs, remove_stray_run, engine);
	adopt_execs(engine);
	adopt_done(engine);
}

void adopt_stop(struct engine *engine)
{
	deadline_cancel(&engine->adoption.patience);
	vector_fini(&engine->adoption.listeners);
}
