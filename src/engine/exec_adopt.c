/* The execs of an earlier daemon. */
#include "engine/exec_private.h"

#include "base/memory.h"
#include "os/file.h"

static void find_shim(struct exec *exec, int folder)
{
	struct shim_process process = {.pidfd = -1};

	exec->run = mem_new(struct exec_run);
	exec->run->exec = exec;
	process.control = shim_connect(folder, &(struct error){0});
	if (process.control < 0) {
		exec_run_gone(exec->run);
		return;
	}
	exec->run->peer = shim_peer_new(exec->container->engine->parts.loop, &process,
					&exec_handlers, exec->run);
	shim_peer_send(exec->run->peer, SHIM_HELLO, NULL, NULL, NULL, 0);
}

static void adopt(struct engine *engine, const char *name)
{
	scoped_fd int folder = folder_open(engine->execs, name, &(struct error){0});
	struct exec *exec = folder >= 0 ? exec_read(engine, folder) : NULL;

	if (!exec)
		tree_remove(engine->execs, name, &(struct error){0});
	else if (exec->state == EXEC_STARTING || exec->state == EXEC_RUNNING)
		find_shim(exec, folder);
	else
		exec_plan_sweep(engine);
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
