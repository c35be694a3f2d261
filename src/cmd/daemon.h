/* The daemon as the files of its main share it.
 *
 *	wherryd.c		its life: what is opened in which order, serving, ending
 *	daemon_settings.c	flags and the file, by one table; daemon_settings_check.c: what they mean
 *	daemon_help.c		what --help prints
 *	daemon_listen.c		the sockets, as soon as no other daemon has our folders
 *	daemon_supervisor.c	who starts the daemon, and what the one before still has
 *	daemon_limits.c		what the process takes of the host
 *	daemon_folders.c	programs, data root, exec root
 *	daemon_lock.c		that no two daemons share a root
 *	daemon_parts.c		what the engine stands on, the engine, what stands on it
 *	daemon_doors.c		doors, and the sockets that lead to them
 *	daemon_ready.c		how others learn that the daemon is there
 *	daemon_signals.c	stop, and read the settings again
 *
 * A step of wherryd.c is a pair of functions.  The one that opens fills its members of `struct daemon` from the
 * settings and from what steps before it have opened; when it fails, err says at what, and what it has taken goes
 * with the process.  The one that closes is called after success alone, and cannot fail. */
#pragma once

#include "builder/builder.h"
#include "cmd/daemon_listen.h"
#include "cmd/daemon_settings.h"
#include "door/docker/door.h"
#include "door/project/door.h"
#include "door/unit/door.h"
#include "engine/engine.h"
#include "http/http_server.h"
#include "http/http_tls.h"

#include <uv.h>

#ifndef WHERRY_VERSION
#error "the build says which version this is"
#endif

struct daemon {
	const char *const *flags; /* as given, for reading the settings again */
	size_t flag_count;
	struct daemon_settings settings;
	struct daemon_sockets sockets;
	uv_loop_t loop;
	uv_signal_t signals[3];
	char *programs; /* folder of shim, worker, init */
	char *cgroup;	/* below each hierarchy: where everything of ours lives */
	int data_root;
	int data_lock, exec_lock; /* held as long as we live */
	struct engine_parts parts;
	struct engine *engine;
	struct builder *builder;
	struct docker_door *door;
	struct units *units;
	struct unit_door *unit_door;
	struct project_door *project_door;
	struct http_server *server;
	struct http_tls *tls;
	bool failed; /* after it had begun to serve */
	bool again;  /* it is to be started again at once */
};
