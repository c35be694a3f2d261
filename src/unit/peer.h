/* The shim of a unit, as the daemon sees it: shim/unit_protocol.h over engine/shim_peer.h. */
#pragma once

#include "engine/shim_peer.h"
#include "shim/unit_protocol.h"

/* Spawn one for a run folder, or (adopt) connect to the one that is there. */
struct shim_peer *unit_peer_spawn(uv_loop_t *loop, const char *program, int run_folder,
				  const struct shim_peer_handlers *handlers, void *data,
				  struct error *err);
struct shim_peer *unit_peer_adopt(uv_loop_t *loop, int run_folder,
				  const struct shim_peer_handlers *handlers, void *data);

void unit_peer_send(struct shim_peer *peer, enum unit_message message,
		    const struct record_type *type, const void *record);
void unit_peer_send_with(struct shim_peer *peer, enum unit_message message,
			 const struct record_type *type, const void *record, const int *fds,
			 size_t fd_count);
void unit_peer_ask(struct shim_peer *peer, enum unit_message message,
		   const struct record_type *type, const void *record, shim_replied *replied,
		   void *data);
