#include "unit/peer.h"

struct shim_peer *unit_peer_spawn(uv_loop_t *loop, const char *program, int run_folder,
				  const struct shim_peer_handlers *handlers, void *data,
				  struct error *err)
{
	struct shim_process process;

	if (!shim_spawn_unit(program, run_folder, &process, err))
		return NULL;
	return shim_peer_new(loop, &process, handlers, data);
}

struct shim_peer *unit_peer_adopt(uv_loop_t *loop, int run_folder,
				  const struct shim_peer_handlers *handlers, void *data)
{
	struct error err;
	struct shim_process process = {
		.pid = 0, .pidfd = -1, .control = shim_connect(run_folder, &err)};

	if (process.control < 0)
		return NULL;
	struct shim_peer *peer = shim_peer_new(loop, &process, handlers, data);
	unit_peer_send(peer, UNIT_HELLO, NULL, NULL);
	return peer;
}

void unit_peer_send(struct shim_peer *peer, enum unit_message message,
		    const struct record_type *type, const void *record)
{
	unit_peer_send_with(peer, message, type, record, NULL, 0);
}

void unit_peer_send_with(struct shim_peer *peer, enum unit_message message,
			 const struct record_type *type, const void *record, const int *fds,
			 size_t fd_count)
{
	shim_peer_send(peer, (enum shim_message)message, type, record, fds, fd_count);
}

void unit_peer_ask(struct shim_peer *peer, enum unit_message message,
		   const struct record_type *type, const void *record, shim_replied *replied,
		   void *data)
{
	shim_peer_ask(peer, (enum shim_message)message, type, record, replied, data);
}
