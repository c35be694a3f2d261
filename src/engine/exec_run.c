/* Hearing the shim of an exec. */
#include "engine/exec_private.h"

#include "base/time.h"
#include "os/file.h"

#include <signal.h>

#define EXIT_LOST 137

void exec_end_starter(struct exec_run *run, const struct error *err)
{
	struct operation *op = run->starter;

	run->starter = NULL;
	if (!op)
		return;
	op->result.exec = run->exec;
	operation_finish(op, err);
}

static void end_process(const struct exec *exec)
{
	struct shim_number number = {SIGKILL};

	if (exec->run && exec->run->peer && !exec->run->ended)
		shim_peer_ask(exec->run->peer, SHIM_SIGNAL, &shim_number_type, &number, NULL, NULL);
}

static void on_started(struct exec_run *run, struct message *message)
{
	struct exec *exec = run->exec;
	struct shim_state state = {0};
	struct error err;

	if (record_decode(&shim_state_type, message->data, message->size, &state, &err)) {
		exec->pid = state.pid;
		exec->state = EXEC_RUNNING;
		exec_keep(exec);
	}
	record_fini(&shim_state_type, &state);
	if (exec->unwanted)
		end_process(exec);
	exec_end_starter(run, NULL);
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
			exit->failure->exit_code ? exit->failure->exit_code : EXEC_EXIT_FAILED;
	exec->finished_ns = exit->finished_ns ? exit->finished_ns : time_now_ns();
	exec_keep(exec);
	exec_tell(exec, "exec_die", false);
	exec_plan_sweep(exec->container->engine);
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
	exec_end_starter(run, exit->failure ? &err : NULL);
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
	exec_tell(run->exec, "exec_detach", false);
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

void exec_run_gone(void *data)
{
	struct exec_run *run = data;

	run->peer = NULL;
	take_last_word(run);
	run->exec->run = NULL;
	free(run);
}

const struct shim_peer_handlers exec_handlers = {on_message, exec_run_gone};

void exec_kill(struct exec *exec)
{
	exec->unwanted = true;
	if (exec->state == EXEC_CREATED)
		exec_forget(exec);
	else
		end_process(exec);
}
