/* A process that joins a running container.  It has a shim of its own and a folder below <exec
 * root>/e, which holds what is known of it: the next daemon finds the exec again, and a client that
 * was attached through a daemon that died still gets the exit code. */
#include "engine/exec_private.h"

#include "base/id.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/connection.h"
#include "os/file.h"

#define EXECS_MOST 1024 /* of one container that are not over yet */

/* ---- events ---- */

void exec_tell(struct exec *exec, const char *action, bool with_command)
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

/* ---- operations ---- */

void exec_fini(struct operation *op)
{
	struct exec_operation *self = exec_of(op);

	record_fini(&exec_config_type, &self->config);
	connection_drop(&self->connection);
	free(self->detach_keys);
	free(self->id);
}

/* ---- create ---- */

bool exec_is_possible(const struct container *c, struct error *err)
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
	return exec_is_possible(op->container, err) && check_count(op->container, err);
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
	exec_add(op->container, exec);
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
	if (!folder_make(op->engine->execs, exec->id, 0710, &err) || !exec_save(exec, &err)) {
		exec_forget(exec);
		operation_finish(op, &err);
		return;
	}
	exec_tell(exec, "exec_create", true);
	op->result.exec = exec;
	operation_finish(op, NULL);
}

void exec_create(struct container *c, const struct exec_config *config, bool for_health,
		 engine_done *done, void *data)
{
	struct exec_operation *self = operation_new(sizeof(*self), c->engine, c, run_create);

	self->op.fini = exec_fini;
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

	self->op.fini = exec_fini;
	self->id = str_dup(exec->id);
	self->connection.fd = -1;
	self->rows = rows;
	self->columns = columns;
	operation_begin(self, done, data);
}
