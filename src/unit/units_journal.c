#include "unit/units_private.h"

#include "base/log.h"
#include "engine/engine_private.h"

void units_read_journal(struct units *units, struct shim_journal *request,
			struct engine_connection *connection)
{
	struct shim_process process;
	struct error err;

	request->folder = str_dup(units->journal_folder);
	if (shim_spawn_journal(units->shim, request, connection->fd, &process, &err))
		child_reap(units->engine, process.pidfd);
	else
		log_error("cannot serve the journal", &err, "");
	close_fd(&connection->fd);
	buffer_fini(&connection->early);
}
