#include "engine/exec_private.h"

#include "base/memory.h"
#include "base/time.h"
#include "engine/connection.h"
#include "engine/link.h"
#include "engine/sandbox_plan.h"
#include "engine/seccomp.h"
#include "format/stream_frame.h"
#include "os/file.h"

#include <sys/socket.h>

bool engine_may_start_exec(struct engine *engine, struct exec *exec, struct error *err)
{
	(void)engine;
	if (exec->state != EXEC_CREATED)
		return error_set(err, ERROR_CONFLICT, "Error: Exec command %s has already run",
				 exec->id);
	return exec_is_possible(exec->container, err);
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

static void note_failure(struct exec *exec)
{
	exec->state = EXEC_EXITED;
	exec->exit_code = (struct optional_i64){true, EXEC_EXIT_FAILED};
	exec->finished_ns = time_now_ns();
	exec_keep(exec);
	exec_plan_sweep(exec->container->engine);
}

static void run_start(struct operation *op)
{
	struct error err;
	struct exec *exec;
	bool ok;

	if (!operation_wait_turn(op))
		return;
	exec = engine_find_exec(op->engine, exec_of(op)->id, &err);
	if (!exec || !engine_may_start_exec(op->engine, exec, &err)) {
		fail_start(op, &err);
		return;
	}
	exec->state = EXEC_STARTING;
	exec_tell(exec, "exec_start", true);
	exec_keep(exec);
	ok = spawn(exec, op, &err);
	/* Nobody looks at it any more, and what is over is known for minutes: a client that runs one after
	 * the other would fill our memory with the megabytes of each. */
	strings_fini(&exec->config.env);
	if (ok)
		return;
	note_failure(exec);
	fail_start(op, &err);
}

void engine_exec_start(struct engine *engine, struct exec *exec,
		       const struct exec_start_options *options,
		       struct engine_connection *connection, engine_done *done, void *data)
{
	struct exec_operation *self =
		operation_new(sizeof(*self), engine, exec->container, run_start);

	self->op.fini = exec_fini;
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
