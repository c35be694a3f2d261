/* A process that joins a running container.  It has a shim of its own and a folder below <exec
 * root>/e, which holds what is known of it: the next daemon finds the exec again, and a client that
 * was attached through a daemon that died still gets the exit code. */
#include "engine/connection.h"

#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/adopt.h"
#include "engine/deadline.h"
#include "engine/link.h"
#include "engine/sandbox_plan.h"
#include "engine/seccomp.h"
#include "format/stream_frame.h"
#include "os/file.h"
#include "shim/shim.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXEC_RECORD  "exec"
#define RECORD_LIMIT (1 << 20)
#define KEPT_MS	     (5 * 60 * 1000) /* after its end it can still be asked for */
#define EXECS_MOST   1024	     /* of one container that are not over yet */
#define EXIT_FAILED  126
#define EXIT_LOST    137

struct exec_run {
	struct exec *exec;
	struct shim_peer *peer;
	struct operation *starter;
	bool ended;
};

/* ---- the record in the run folder ---- */

static bool save(struct exec *exec, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_fd int folder = folder_open(exec->container->engine->execs, exec->id, err);
	struct file_content content = {.mode = 0600};

	record_encode(&exec_type, exec, &bytes);
	content.data = bytes.data;
	content.size = bytes.size;
	return folder >= 0 && file_replace(folder, EXEC_RECORD, &content, err);
}

static void save_or_say(struct exec *exec)
{
	struct error err;

	if (!save(exec, &err))
		log_error("cannot keep an exec", &err, "id=%s", exec->id);
}

/* ---- lists ---- */

static void add(struct container *c, struct exec *exec)
{
	exec->container = c;
	exec->next = c->execs;
	c->execs = exec;
	map_put(&c->engine->exec_by_id, exec->id, exec);
}

static void free_run(struct exec_run *run)
{
	if (!run)
		return;
	shim_peer_free(run->peer);
	free(run);
}

static void drop(struct exec *exec)
{
	struct container *c = exec->container;
	struct exec **at = &c->execs;

	while (*at != exec)
		at = &(*at)->next;
	*at = exec->next;
	map_remove(&c->engine->exec_by_id, exec->id);
	free_run(exec->run);
	record_fini(&exec_type, exec);
	free(exec);
}

static void end_starter(struct exec_run *run, const struct error *err);

static void forget(struct exec *exec)
{
	struct error err;

	if (exec->run && exec->run->starter) {
		error_set(&err, ERROR_CONFLICT, "container %s is not running", exec->container_id);
		end_starter(exec->run, &err);
	}
	if (!tree_remove(exec->container->engine->execs, exec->id, &err))
		log_warning("cannot remove an exec's folder", &err, "id=%s", exec->id);
	drop(exec);
}

void execs_forget(struct container *c)
{
	while (c->execs)
		forget(c->execs);
}

void execs_let_go(struct container *c)
{
	while (c->execs)
		drop(c->execs);
}

struct exec *engine_find_exec(struct engine *engine, const char *id, struct error *err)
{
	struct exec *exec = map_get(&engine->exec_by_id, id);

	if (!exec)
		error_set(err, ERROR_NOT_FOUND, "No such exec instance: %s", id);
	return exec;
}

/* ---- forgetting what ended long ago ---- */

static bool is_over(const struct exec *exec)
{
	return exec->state == EXEC_EXITED ||
	       (exec->state == EXEC_CREATED && !container_is_running(exec->container));
}

static bool is_stale(const struct exec *exec, int64_t now)
{
	int64_t since = exec->finished_ns ? exec->finished_ns : exec->created_ns;

	return is_over(exec) && !exec->run && now - since >= KEPT_MS * NS_PER_MS;
}

static void plan_sweep(struct engine *engine);

static void sweep(void *data)
{
	struct engine *engine = data;
	int64_t now = time_now_ns();
	bool more = false;

	engine->exec_sweep = NULL;
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		for (struct exec *exec = c->execs, *next; exec; exec = next) {
			next = exec->next;
			if (is_stale(exec, now))
				forget(exec);
			else
				more = more || is_over(exec);
		}
	if (more)
		plan_sweep(engine);
}

/* Rings only while there is something to forget. */
static void plan_sweep(struct engine *engine)
{
	if (!engine->exec_sweep)
		engine->exec_sweep = deadline_start(engine->parts.loop, KEPT_MS, sweep, engine);
}

/* ---- events ---- */

static void tell(struct exec *exec, const char *action, bool with_command)
{
	scoped_free char *command = strings_join(&exec->config.cmd, " ");
	scoped_free char *text = str_format(with_command ? "%s: %s" : "%s", action, command);
	scoped_pairs struct pairs more = {0};
	scoped_free char *code = NULL;

	pairs_set(&more, "execID", exec->id);
	if (exec->exit_code.given) {
		code = str_format("%lld", (long long)exec->exit_code.value);
		pairs_set(&more, "exitCode", code);
	}
	engine_publish_container(exec->container->engine, exec->container, text, &more);
}

/* ---- create ---- */

struct exec_operation {
	struct operation op;
	struct exec_config config;
	char *id; /* of the exec */
	struct exec_start_options options;
	char *detach_keys;
	struct engine_connection connection;
	int rows, columns;
	bool for_health;
};

static struct exec_operation *exec_of(struct operation *op)
{
	return (struct exec_operation *)op;
}

static void fini_operation(struct operation *op)
{
	struct exec_operation *self = exec_of(op);

	record_fini(&exec_config_type, &self->config);
	connection_drop(&self->connection);
	free(self->detach_keys);
	free(self->id);
}

static bool is_active(const struct container *c, struct error *err)
{
	if (c->state == CONTAINER_PAUSED)
		return error_set(err, ERROR_CONFLICT,
				 "Container %s is paused, unpause the container before exec",
				 c->id);
	if (c->state == CONTAINER_RESTARTING)
		return error_set(err, ERROR_CONFLICT,
				 "Container %s is restarting, wait until the container is running",
				 c->id);
	if (!container_is_live(c) || !c->run)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", c->id);
	return true;
}

static bool check_count(const struct container *c, struct error *err)
{
	size_t count = 0;

	for (const struct exec *exec = c->execs; exec; exec = exec->next)
		count += exec->state != EXEC_EXITED;
	return count < EXECS_MOST ||
	       error_set(err, ERROR_CONFLICT, "container %s has %d execs already", c->id,
			 EXECS_MOST);
}

static bool check_create(struct operation *op, struct error *err)
{
	if (exec_of(op)->config.cmd.count == 0)
		return error_set(err, ERROR_INVALID, "No exec command specified");
	return is_active(op->container, err) && check_count(op->container, err);
}

static struct exec *new_exec(struct operation *op)
{
	struct exec *exec = mem_new(struct exec);
	char id[ID_SIZE];

	id_new(id);
	exec->id = str_dup(id);
	exec->container_id = str_dup(op->container->id);
	exec->created_ns = time_now_ns();
	exec->for_health = exec_of(op)->for_health;
	exec->config = exec_of(op)->config;
	exec_of(op)->config = (struct exec_config){0};
	add(op->container, exec);
	return exec;
}

static void run_create(struct operation *op)
{
	struct error err;
	struct exec *exec;

	if (!operation_wait_turn(op))
		return;
	if (!check_create(op, &err)) {
		operation_finish(op, &err);
		return;
	}
	exec = new_exec(op);
	if (!folder_make(op->engine->execs, exec->id, 0710, &err) || !save(exec, &err)) {
		forget(exec);
		operation_finish(op, &err);
		return;
	}
	tell(exec, "exec_create", true);
	op->result.exec = exec;
	operation_finish(op, NULL);
}

void exec_create(struct container *c, const struct exec_config *config, bool for_health,
		 engine_done *done, void *data)
{
	struct exec_operation *self = operation_new(sizeof(*self), c->engine, c, run_create);

	self->op.fini = fini_operation;
	self->connection.fd = -1;
	self->for_health = for_health;
	record_copy(&exec_config_type, config, &self->config);
	operation_begin(self, done, data);
}

void engine_exec_create(struct engine *engine, struct container *c,
			const struct exec_config *config, engine_done *done, void *data)
{
	(void)engine;
	exec_create(c, config, false, done, data);
}

/* ---- start ---- */

bool engine_may_start_exec(struct engine *engine, struct exec *exec, struct error *err)
{
	(void)engine;
	if (exec->state != EXEC_CREATED)
		return error_set(err, ERROR_CONFLICT, "Error: Exec command %s has already run",
				 exec->id);
	return is_active(exec->container, err);
}

/* What a failure looks like to an attached client. */
static void tell_in_band(struct exec_operation *self, const struct error *err)
{
	char text[ERROR_TEXT_SIZE + 2];
	uint8_t header[STREAM_FRAME_HEADER];
	size_t length;

	if (self->connection.fd < 0)
		return;
	error_text(err, text, ERROR_TEXT_SIZE);
	length = strlen(text);
	memcpy(text + length, "\r\n", 2);
	if (self->options.multiplexed) {
		stream_frame_write(header, STREAM_STDOUT, (uint32_t)length + 2);
		send(self->connection.fd, header, sizeof(header), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	send(self->connection.fd, text, length + 2, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void fail_start(struct operation *op, const struct error *err)
{
	tell_in_band(exec_of(op), err);
	operation_finish(op, err);
}

static bool plan(struct exec *exec, struct exec_operation *self, struct shim_start *out,
		 struct error *err)
{
	struct container *c = exec->container;
	scoped_free char *seccomp = seccomp_program(c, container_capabilities(c));
	scoped_strings struct strings links = {0};
	struct sandbox_facts facts = {
		.links = &links,
		.hostname = c->config.hostname,
		.ulimits = &c->engine->settings.ulimits,
		.no_new_privileges = c->engine->settings.no_new_privileges,
		.seccomp = seccomp,
		.capabilities = exec->config.privileged ? c->engine->capabilities
							: container_capabilities(c),
	};

	links_add_environment(c, &links);
	out->kind = SHIM_EXEC;
	out->stdin_once = true;
	out->run_folder = str_format("%s/e/%s", c->engine->settings.exec_root, exec->id);
	out->join_pid = c->pid;
	out->join_start_time = c->run->start_time;
	out->sandbox.id = str_dup(exec->id);
	out->sandbox.cgroup_path = container_cgroup(c);
	if (!exec_plan(c, &exec->config, &facts, &out->sandbox.process, err))
		return false;
	if (self->rows > 0) {
		out->sandbox.process.rows = self->rows;
		out->sandbox.process.columns = self->columns;
	}
	return true;
}

static const struct shim_peer_handlers exec_handlers;

static void attach(struct exec *exec, struct exec_operation *self)
{
	struct shim_attach attach = {
		.in = exec->config.attach_stdin,
		.out = exec->config.attach_stdout,
		.err = exec->config.attach_stderr,
		.stream = true,
		.multiplexed = self->options.multiplexed,
		.detach_keys = exec->config.tty ? self->detach_keys : NULL,
		.early = self->connection.early,
	};

	if (self->connection.fd < 0)
		return;
	shim_peer_send(exec->run->peer, SHIM_ATTACH, &shim_attach_type, &attach,
		       &self->connection.fd, 1);
	connection_drop(&self->connection);
}

static bool spawn(struct exec *exec, struct operation *op, struct error *err)
{
	struct engine *engine = op->engine;
	scoped_fd int folder = folder_open(engine->execs, exec->id, err);
	struct shim_start message = {0};
	struct shim_process process;
	bool ok = folder >= 0 && plan(exec, exec_of(op), &message, err) &&
		  shim_spawn(engine->shim, folder, &process, err);

	if (ok) {
		exec->run = mem_new(struct exec_run);
		exec->run->exec = exec;
		exec->run->starter = op;
		exec->run->peer =
			shim_peer_new(engine->parts.loop, &process, &exec_handlers, exec->run);
		attach(exec, exec_of(op));
		shim_peer_send(exec->run->peer, SHIM_START, &shim_start_type, &message, NULL, 0);
	}
	record_fini(&shim_start_type, &message);
	return ok;
}

static void run_start(struct operation *op)
{
	struct error err;
	struct exec *exec;

	if (!operation_wait_turn(op))
		return;
	exec = engine_find_exec(op->engine, exec_of(op)->id, &err);
	if (!exec || !engine_may_start_exec(op->engine, exec, &err)) {
		fail_start(op, &err);
		return;
	}
	exec->state = EXEC_STARTING;
	tell(exec, "exec_start", true);
	save_or_say(exec);
	if (spawn(exec, op, &err))
		return;
	exec->state = EXEC_EXITED;
	exec->exit_code = (struct optional_i64){true, EXIT_FAILED};
	exec->finished_ns = time_now_ns();
	save_or_say(exec);
	plan_sweep(op->engine);
	fail_start(op, &err);
}

void engine_exec_start(struct engine *engine, struct exec *exec,
		       const struct exec_start_options *options,
		       struct engine_connection *connection, engine_done *done, void *data)
{
	struct exec_operation *self =
		operation_new(sizeof(*self), engine, exec->container, run_start);

	self->op.fini = fini_operation;
	self->id = str_dup(exec->id);
	self->options = *options;
	self->detach_keys = str_dup_or_null(options->detach_keys);
	self->rows = options->rows;
	self->columns = options->columns;
	self->connection.fd = -1;
	if (connection) {
		self->connection = *connection;
		*connection = (struct engine_connection){.fd = -1};
	}
	operation_begin(self, done, data);
}

/* ---- hearing its shim ---- */

static void end_starter(struct exec_run *run, const struct error *err)
{
	struct operation *op = run->starter;

	run->starter = NULL;
	if (!op)
		return;
	op->result.exec = run->exec;
	operation_finish(op, err);
}

static void on_started(struct exec_run *run, struct message *message)
{
	struct exec *exec = run->exec;
	struct shim_state state = {0};
	struct error err;

	if (record_decode(&shim_state_type, message->data, message->size, &state, &err)) {
		exec->pid = state.pid;
		exec->state = EXEC_RUNNING;
		save_or_say(exec);
	}
	record_fini(&shim_state_type, &state);
	end_starter(run, NULL);
}

static void release(struct exec_run *run)
{
	struct shim_release release = {.removed = true};

	if (run->peer)
		shim_peer_send(run->peer, SHIM_RELEASE, &shim_release_type, &release, NULL, 0);
}

static void note_end(struct exec_run *run, const struct shim_exit *exit)
{
	struct exec *exec = run->exec;

	run->ended = true;
	exec->state = EXEC_EXITED;
	exec->pid = 0;
	exec->exit_code = (struct optional_i64){true, exit->code};
	if (exit->failure)
		exec->exit_code.value =
			exit->failure->exit_code ? exit->failure->exit_code : EXIT_FAILED;
	exec->finished_ns = exit->finished_ns ? exit->finished_ns : time_now_ns();
	save_or_say(exec);
	tell(exec, "exec_die", false);
	plan_sweep(exec->container->engine);
}

static void end(struct exec_run *run, const struct shim_exit *exit)
{
	struct error err;

	if (run->ended)
		return;
	note_end(run, exit);
	if (exit->failure) {
		error_set(&err, exit->failure->kind, "%s",
			  exit->failure->text ? exit->failure->text : "");
		err.os = exit->failure->os;
	}
	end_starter(run, exit->failure ? &err : NULL);
	if (run->exec->for_health)
		health_probe_ended(run->exec);
	release(run);
}

static void on_ended(struct exec_run *run, struct message *message)
{
	struct shim_exit exit = {0};
	struct error err;

	if (record_decode(&shim_exit_type, message->data, message->size, &exit, &err))
		end(run, &exit);
	record_fini(&shim_exit_type, &exit);
}

static void on_detached(struct exec_run *run, struct message *message)
{
	(void)message;
	tell(run->exec, "exec_detach", false);
}

static void on_status(struct exec_run *run, struct message *message)
{
	struct shim_state state = {0};
	struct error err;

	if (record_decode(&shim_state_type, message->data, message->size, &state, &err) &&
	    state.phase == SHIM_PHASE_RUNNING) {
		run->exec->pid = state.pid;
		run->exec->state = EXEC_RUNNING;
		shim_peer_watch(run->peer, (pid_t)state.shim_pid, state.shim_start_time);
	}
	record_fini(&shim_state_type, &state);
}

static const struct {
	enum shim_message type;
	void (*handle)(struct exec_run *run, struct message *message);
} messages[] = {
	{SHIM_STARTED, on_started}, {SHIM_FAILED, on_ended},	  {SHIM_EXITED, on_ended},
	{SHIM_STATUS, on_status},   {SHIM_DETACHED, on_detached},
};

static void on_message(void *data, struct message *message)
{
	for (size_t i = 0; i < array_length(messages); i++)
		if (messages[i].type == message->type)
			messages[i].handle(data, message);
}

static void take_last_word(struct exec_run *run)
{
	struct engine *engine = run->exec->container->engine;
	scoped_fd int folder = folder_open(engine->execs, run->exec->id, &(struct error){0});
	struct shim_exit exit = {0};

	if (folder < 0 || !shim_read_exit(folder, &exit, &(struct error){0}))
		exit = (struct shim_exit){.code = EXIT_LOST};
	end(run, &exit);
	record_fini(&shim_exit_type, &exit);
}

static void on_gone(void *data)
{
	struct exec_run *run = data;

	run->peer = NULL;
	take_last_word(run);
	run->exec->run = NULL;
	free(run);
}

static const struct shim_peer_handlers exec_handlers = {on_message, on_gone};

void exec_kill(struct exec *exec)
{
	struct shim_number number = {SIGKILL};

	if (exec->run && exec->run->peer && !exec->run->ended)
		shim_peer_ask(exec->run->peer, SHIM_SIGNAL, &shim_number_type, &number, NULL, NULL);
}

/* ---- resize ---- */

static void resized(void *data, const struct error *err)
{
	operation_finish(data, err);
}

static void run_resize(struct operation *op)
{
	struct shim_size size = {exec_of(op)->rows, exec_of(op)->columns};
	struct error err;
	struct exec *exec = engine_find_exec(op->engine, exec_of(op)->id, &err);

	if (exec && (exec->state != EXEC_RUNNING || !exec->run || !exec->run->peer)) {
		error_set(&err, ERROR_CONFLICT, "exec process is not running");
		exec = NULL;
	}
	if (exec)
		shim_peer_ask(exec->run->peer, SHIM_RESIZE, &shim_size_type, &size, resized, op);
	else
		operation_finish(op, &err);
}

void engine_exec_resize(struct engine *engine, struct exec *exec, int rows, int columns,
			engine_done *done, void *data)
{
	struct exec_operation *self =
		operation_new(sizeof(*self), engine, exec->container, run_resize);

	self->op.fini = fini_operation;
	self->id = str_dup(exec->id);
	self->connection.fd = -1;
	self->rows = rows;
	self->columns = columns;
	operation_begin(self, done, data);
}

/* ---- those of an earlier daemon ---- */

static struct exec *read_exec(struct engine *engine, int folder)
{
	scoped_buffer struct buffer bytes = {0};
	struct exec *exec = mem_new(struct exec);
	struct error err;
	struct container *c;

	if (file_read(folder, EXEC_RECORD, RECORD_LIMIT, &bytes, &err) &&
	    record_decode(&exec_type, bytes.data, bytes.size, exec, &err) && exec->id &&
	    exec->container_id && (c = engine_by_id(engine, exec->container_id))) {
		add(c, exec);
		return exec;
	}
	record_fini(&exec_type, exec);
	free(exec);
	return NULL;
}

static void find_shim(struct exec *exec, int folder)
{
	struct shim_process process = {.pidfd = -1};

	exec->run = mem_new(struct exec_run);
	exec->run->exec = exec;
	process.control = shim_connect(folder, &(struct error){0});
	if (process.control < 0) {
		on_gone(exec->run);
		return;
	}
	exec->run->peer = shim_peer_new(exec->container->engine->parts.loop, &process,
					&exec_handlers, exec->run);
	shim_peer_send(exec->run->peer, SHIM_HELLO, NULL, NULL, NULL, 0);
}

static void adopt(struct engine *engine, const char *name)
{
	scoped_fd int folder = folder_open(engine->execs, name, &(struct error){0});
	struct exec *exec = folder >= 0 ? read_exec(engine, folder) : NULL;

	if (!exec)
		tree_remove(engine->execs, name, &(struct error){0});
	else if (exec->state == EXEC_STARTING || exec->state == EXEC_RUNNING)
		find_shim(exec, folder);
	else
		plan_sweep(engine);
	if (exec && exec->for_health) /* its output went to the daemon that is gone */
		exec_kill(exec);
}

void adopt_execs(struct engine *engine)
{
	scoped_list DIR *list = folder_list(engine->execs);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (entry->d_name[0] != '.')
			adopt(engine, entry->d_name);
}
