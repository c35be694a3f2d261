/* Hearing a container's shim. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "os/file.h"
#include "shim/shim.h"

#include <errno.h>
#include <unistd.h>

struct container_run *run_new(struct container *c)
{
	struct container_run *run = mem_new(struct container_run);

	run->container = container_ref(c);
	run->state_before = c->state;
	run->started_before = c->started_ns;
	run->finished_before = c->finished_ns;
	run->netns = -1;
	return run;
}

void run_close_copies(struct container_run *run)
{
	for (size_t i = 0; i < run->copies.count; i++)
		close_fd(&run->copies.items[i]);
	vector_fini(&run->copies);
}

void run_free(struct container_run *run)
{
	if (!run)
		return;
	list_remove(&run->link);
	list_remove(&run->filling);
	volumes_hold_drop(run->volumes);
	shim_peer_free(run->peer);
	run_close_copies(run);
	close_fd(&run->netns);
	record_fini(&run_plan_type, &run->plan);
	container_unref(run->container);
	free(run);
}

/* A shim that has died took the process with it, which is recorded once its cgroup is empty. */
static void tell_ended(const struct container *c, shim_replied *replied, void *data)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT, "container %s is not running", c->id);
	err.os = ESRCH;
	if (replied)
		replied(data, &err);
}

void container_signal(struct container *c, int signal, shim_replied *replied, void *data)
{
	struct shim_number number = {signal};

	if (!c->run->peer) {
		tell_ended(c, replied, data);
		return;
	}
	shim_peer_ask(c->run->peer, SHIM_SIGNAL, &shim_number_type, &number, replied, data);
}

/* ---- started ---- */

static void warn(struct container_run *run, const struct strings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		log_warning(warnings->items[i], NULL, "id=%s", run->container->id);
}

static void note_state(struct container_run *run, const struct shim_state *state)
{
	struct container *c = run->container;

	run->start_time = state->start_time;
	run->pid = c->pid = state->pid;
	c->started_ns = state->started_ns;
	c->oom_killed = state->oom;
	str_replace(&c->sandbox_id, run->plan.sandbox_id);
}

static void on_recorded(void *data, const struct error *err)
{
	struct container_run *run = data;

	run->recorded = true;
	if (err && run->failure.kind == ERROR_NONE)
		run->failure = *err;
	run_check_started(run);
	run_check_ended(run);
}

static void on_introduced(void *data, const struct error *err)
{
	struct container_run *run = data;

	run->introducing = false;
	if (err && run->failure.kind == ERROR_NONE)
		run->failure = *err;
	run_check_started(run);
	run_check_ended(run);
}

static void on_started(struct container_run *run, struct message *message)
{
	struct container *c = run->container;
	struct shim_state state = {0};
	struct error err;

	if (!record_decode(&shim_state_type, message->data, message->size, &state, &err)) {
		log_error("cannot understand a shim", &err, "id=%s", c->id);
		return;
	}
	note_state(run, &state);
	if (message->fd_count == 1)
		run->netns = take_fd(message->fds[0]);
	warn(run, &state.warnings);
	record_fini(&shim_state_type, &state);
	run->started = true;
	run_has_filled(run);
	c->finished_ns = 0;
	c->exit_code = 0;
	c->restart_wanted = false;
	boot_note_start(c);
	str_replace(&c->error, NULL);
	container_set_state(c, CONTAINER_RUNNING);
	run->introducing = true;
	owner_tell_process(run, on_introduced, run);
	container_save(c, STORE_SURVIVES_KILL, on_recorded, run);
}

static void end_starter(struct container_run *run, const struct error *err)
{
	struct operation *op = run->starter;

	run->starter = NULL;
	if (op)
		op->resume(op, err);
}

/* A start that fails when the process is there already (its ports, the store) ends the process;
 * the exit then finishes the start. */
void run_check_started(struct container_run *run)
{
	struct container *c = run->container;

	if (!run->started || !run->recorded || run->introducing || run->publishing || !run->starter)
		return;
	if (run->failure.kind != ERROR_NONE) {
		if (!run->ended)
			container_signal(c, SIGKILL, NULL, NULL);
		return;
	}
	log_info("container started", "id=%s name=%s pid=%lld", c->id, c->name,
		 (long long)run->pid);
	events_tell_networks(c, "connect");
	events_tell_volumes(c, "mount");
	engine_publish_container(c->engine, c, "start", NULL);
	if (!run->ended) /* one that ended while its start was recorded has no more to check */
		health_begin(c);
	end_starter(run, NULL);
}

/* ---- ended ---- */

static bool decode_exit(struct message *message, struct shim_exit *exit)
{
	struct error err;

	if (record_decode(&shim_exit_type, message->data, message->size, exit, &err))
		return true;
	log_error("cannot understand a shim", &err, "type=%d", (int)message->type);
	return false;
}

static void on_ended(struct container_run *run, struct message *message)
{
	struct shim_exit exit = {0};

	if (decode_exit(message, &exit))
		run_ended(run, &exit, NULL);
	record_fini(&shim_exit_type, &exit);
}

/* ---- the rest of what it says ---- */

static void on_oom(struct container_run *run, struct message *message)
{
	(void)message;
	run->container->oom_killed = true;
	engine_publish_container(run->container->engine, run->container, "oom", NULL);
}

static void on_detached(struct container_run *run, struct message *message)
{
	(void)message;
	engine_publish_container(run->container->engine, run->container, "detach", NULL);
}

static void on_warning(struct container_run *run, struct message *message)
{
	struct shim_text text = {0};
	struct error err;

	if (record_decode(&shim_text_type, message->data, message->size, &text, &err) && text.text)
		log_warning(text.text, NULL, "id=%s", run->container->id);
	record_fini(&shim_text_type, &text);
}

static void on_waiting(struct container_run *run, struct message *message)
{
	struct shim_wait wait = {0};
	struct error err;

	if (message->fd_count == 1 &&
	    record_decode(&shim_wait_type, message->data, message->size, &wait, &err))
		pending_take_wait(run->container, &wait, take_fd(message->fds[0]));
}

static void on_ports(struct container_run *run, struct message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		vector_add(&run->copies, take_fd(message->fds[i]));
}

static const struct {
	enum shim_message type;
	void (*handle)(struct container_run *run, struct message *message);
	bool after_release;
} messages[] = {
	{SHIM_STARTED, on_started, false}, {SHIM_FAILED, on_ended, false},
	{SHIM_EXITED, on_ended, false},	   {SHIM_OOM, on_oom, false},
	{SHIM_STATUS, run_adopted, false}, {SHIM_DETACHED, on_detached, false},
	{SHIM_WARNING, on_warning, true},  {SHIM_WAITING, on_waiting, true},
	{SHIM_PORTS_ARE, on_ports, false},
};

static void on_message(void *data, struct message *message)
{
	struct container_run *run = data;

	run->shim_version = message->version;
	for (size_t i = 0; i < array_length(messages); i++)
		if (messages[i].type == message->type &&
		    (!run->released || messages[i].after_release))
			messages[i].handle(run, message);
}

/* All that it said was heard before.  It may have written its last word and died before it could
 * say it. */
static void on_gone(void *data)
{
	struct container_run *run = data;
	struct engine *engine = run->container->engine;

	run->peer = NULL;
	if (run->released) {
		run_free(run);
	} else if (!run->ended) {
		scoped_fd int folder =
			folder_open(engine->runs, run->container->id, &(struct error){0});
		struct shim_exit exit = {0};

		if (folder >= 0 && shim_read_exit(folder, &exit, &(struct error){0}))
			run_ended(run, &exit, NULL);
		else
			run_lost(run);
		record_fini(&shim_exit_type, &exit);
	}
}

const struct shim_peer_handlers run_handlers = {on_message, on_gone};
