/* The containers of one host: the model that every door reads and asks to change.
 *
 * Everything runs on one libuv loop and nothing blocks.  What can take longer is an operation with
 * a callback: it is called exactly once, always from the loop and never from within the call that
 * began it, also when the client has long gone; requests that are already wrong by then come back
 * in the same way, so that a caller has one place for errors.  Error texts are Docker's (error.kind
 * gives the status: base/error.h).
 *
 * Promises.  `done` without an error means recorded: create, remove, rename and update survive a
 * power cut, the others a kill of the daemon.  Operations of one container that exclude each other
 * wait for each other, in the order they came. */
#pragma once

#include "archive/archive.h"
#include "engine/container.h"
#include "engine/container_config.h"
#include "engine/owner.h"
#include "engine/start_options.h"
#include "http/http_server.h"
#include "image/image.h"
#include "network/network.h"
#include "project/projects.h"
#include "store/store.h"
#include "volume/volume.h"

#include <uv.h>

/* ---- opening ---- */

struct engine_settings {
	const char *data_root;	    /* /var/lib/wherry; exists */
	const char *exec_root;	    /* /run/wherry; exists */
	const char *program_folder; /* absolute: holds wherry-shim, wherry-worker */
	const char *init_path;	    /* absolute: the program that --init runs as pid 1 */
	const char *
		cgroup_parent; /* below each hierarchy: "/wherry"; containers are <parent>/c/<id> */
	const char *log_driver;	    /* NULL: "json-file" */
	struct pairs log_options;   /* --log-opt; max-size and max-file default to 20m and 5 */
	int64_t journal_bytes;	    /* of all files of the journal; 0: what is usual */
	bool journal_export;	    /* each entry of the journal to journald, too */
	struct record_list ulimits; /* struct ulimit: --default-ulimit */
	struct strings dns, dns_search, dns_options; /* of containers that ask for none */
	int64_t shm_size;			     /* --default-shm-size; 0: 64 MiB */
	const char *ipc_mode;			     /* --default-ipc-mode; NULL: "private" */
	const char *cgroupns_mode;   /* --default-cgroupns-mode; NULL: by the cgroup layout */
	const char *seccomp_profile; /* --seccomp-profile: path, "unconfined", NULL: built in */
	const char *api_address;     /* "unix:///run/wherry.sock", for our command; NULL: none */
	int64_t project_patience;    /* seconds: boot.h */
	bool init;		     /* --init */
	bool no_new_privileges;	     /* --no-new-privileges */
	int64_t shutdown_timeout;    /* not used while containers live on */
};

/* What the engine stands on: opened before it, closed after it, by main.  networks_start comes
 * when engine_begin has told networks and images what running containers hold. */
struct engine_parts {
	uv_loop_t *loop;
	struct store *store;
	struct image_store *images;
	struct networks *networks;
	struct volumes *volumes;
	struct projects *projects;
};

struct engine;

/* Settings are copied.  There are no containers before engine_begin. */
struct engine *engine_open(const struct engine_settings *settings, const struct engine_parts *parts,
			   struct error *err);

/* Reads all records and looks for what runs, in turns of the loop between which others are served; then
 * `begun` is called, from the loop.  With an error the engine can only be closed.  The shims answer later:
 * see engine_when_ready. */
void engine_begin(struct engine *engine, void (*begun)(void *data, const struct error *err),
		  void *data);

/* Lets go of everything; containers go on running. */
void engine_close(struct engine *engine);

/* Calls `ready` once every container of an earlier daemon was taken back or found ended; from the
 * loop, or at once when that is so already.  Until then a door answers only what needs no
 * container (ping, version). */
void engine_when_ready(struct engine *engine, void (*ready)(void *data), void *data);
bool engine_is_ready(const struct engine *engine);

/* networks_start is done. */
void engine_network_is_up(struct engine *engine);

const struct engine_settings *engine_get_settings(const struct engine *engine);
const struct engine_parts *engine_get_parts(const struct engine *engine);

/* ---- projects when the host was started anew (boot.h) ---- */

/* The doors are open: the command may be started for each that has containers due. */
void engine_start_projects(struct engine *engine);
/* Ids of the project's containers that wait for it; the caller's. */
struct strings engine_due(struct engine *engine, const char *project);

/* ---- owners of containers (owner.h) ---- */

void engine_set_owners(struct engine *engine, const struct owner_handlers *handlers, void *data);
void engine_owner_waits_for_pull(struct engine *engine, const char *client_cgroup);

/* ---- finding ---- */

/* By id, name (with or without slash), then by a prefix of the id that only one has.
 * NOT_FOUND "No such container: x", INVALID "multiple IDs found with provided prefix: x". */
struct container *engine_find(struct engine *engine, const char *reference, struct error *err);
struct container *engine_by_id(struct engine *engine, const char *id); /* NULL: not there */

/* Newest first: for (c = engine_first(e); c; c = engine_next(c)); without those being made. */
struct container *engine_first(const struct engine *engine);
struct container *engine_next(const struct container *c);

/* NOT_FOUND "No such exec instance: x". */
struct exec *engine_find_exec(struct engine *engine, const char *id, struct error *err);

struct engine_counts {
	size_t all, running, paused, stopped; /* running without paused ones */
};
struct engine_counts engine_count(const struct engine *engine);

/* ---- operations ---- */

/* What `done` gets; all of it is borrowed for the call. */
struct engine_result {
	const struct error *err;	/* NULL: done */
	struct container *container;	/* NULL: gone, or there never was one */
	struct exec *exec;		/* exec operations */
	const struct strings *warnings; /* create, update; NULL: none */
	const struct engine_top *top;
	const struct engine_pruned *pruned;
	const char *image_id; /* commit */
};
typedef void engine_done(void *data, const struct engine_result *result);

/* All texts are borrowed for the call. */
struct create_request {
	const char *name;     /* NULL or "": one is made up */
	const char *platform; /* "linux/arm64"; NULL or "": any that is here */
	int api_minor;	      /* N of version 1.N: some defaults depend on it */
	bool has_config;      /* a body was sent at all */
	const struct container_config *config;
	const struct host_config *host_config;		   /* NULL: not sent */
	const struct networking_config *networking_config; /* NULL: not sent */
	struct extension *extension; /* NULL: not sent; what it holds is taken */
	const char *client_cgroup;   /* as /proc/PID/cgroup has it; NULL: unknown */
};
void engine_create(struct engine *engine, const struct create_request *request, engine_done *done,
		   void *data);

/* UNCHANGED when it runs already.  A failed start leaves the container created, with its error and
 * exit code recorded; with AutoRemove it is gone.  Options are copied. */
void engine_start(struct engine *engine, struct container *c, const struct start_options *options,
		  engine_done *done, void *data);

struct stop_options {
	int signal;		     /* 0: the container's own */
	struct optional_i64 timeout; /* seconds; absent: the container's own; -1: never kill */
};
/* UNCHANGED when it does not run. */
void engine_stop(struct engine *engine, struct container *c, const struct stop_options *options,
		 engine_done *done, void *data);
void engine_restart(struct engine *engine, struct container *c, const struct stop_options *options,
		    engine_done *done, void *data);

/* `typed` is how the client named the container: it stands in the error texts. */
void engine_kill(struct engine *engine, struct container *c, const char *typed, int signal,
		 engine_done *done, void *data);
void engine_pause(struct engine *engine, struct container *c, engine_done *done, void *data);
void engine_unpause(struct engine *engine, struct container *c, engine_done *done, void *data);

struct remove_options {
	bool force;   /* kill it first */
	bool volumes; /* its anonymous volumes too */
	const char *typed;
};
void engine_remove(struct engine *engine, struct container *c, const struct remove_options *options,
		   engine_done *done, void *data);
void engine_rename(struct engine *engine, struct container *c, const char *name, engine_done *done,
		   void *data);

/* `rm --link`: the container is not linked any more to who is `alias` there.  NOT_FOUND: it is not. */
void engine_unlink(struct engine *engine, struct container *c, const char *alias, engine_done *done,
		   void *data);

/* Only what is given changes: body fields that are zero or absent stay. */
void engine_update(struct engine *engine, struct container *c, const struct update_body *body,
		   engine_done *done, void *data);

/* CONFLICT "container <id> is not running" and the pty's own words while it does not exist. */
void engine_resize(struct engine *engine, struct container *c, int rows, int columns,
		   engine_done *done, void *data);

struct engine_top {
	struct strings titles;
	struct strings *processes; /* each as many columns as titles */
	size_t count;
};
/* `ps_args` NULL or "": "-ef". */
void engine_top(struct engine *engine, struct container *c, const char *ps_args, engine_done *done,
		void *data);

struct container_filter {
	/* Both may be empty; every label must be there ("name" or "name=value"); who has all of the
	 * others is spared. */
	struct strings labels, labels_not;
	int64_t until_ns; /* created before; 0: any age */
};
struct engine_pruned {
	struct strings ids; /* items NULL: nothing was removed */
	int64_t reclaimed;
};
/* Of each kind there is one prune at a time: CONFLICT "a prune operation is already running".  Doors
 * say so of what they prune themselves. */
enum prune_kind { PRUNE_CONTAINERS, PRUNE_IMAGES, PRUNE_NETWORKS, PRUNE_KINDS };
bool engine_begin_prune(struct engine *engine, enum prune_kind kind, struct error *err);
void engine_end_prune(struct engine *engine, enum prune_kind kind);

/* Removes stopped and created containers.  CONFLICT "a prune operation is already running". */
void engine_prune(struct engine *engine, const struct container_filter *filter, engine_done *done,
		  void *data);

/* All is borrowed for the call. */
struct commit_request {
	const char *name; /* repo[:tag] of the new image; NULL or "": none */
	const char *author, *comment;
	bool pause;		/* while it is copied */
	struct strings changes; /* Dockerfile instructions */
	const struct container_config
		*config; /* NULL: the container's own; what it leaves open is so, too */
};
/* What the container has written becomes the top layer of a new image: result->image_id.  INVALID for a
 * bad name or instruction. */
void engine_commit(struct engine *engine, struct container *c, const struct commit_request *request,
		   engine_done *done, void *data);

/* Sizes of what containers have written, into size_rw and size_root of `c`, or of all when NULL.
 * Counted by another thread. */
void engine_measure(struct engine *engine, struct container *c, engine_done *done, void *data);

/* ---- connections that are given away ----
 *
 * The door has read the request's header and, where said, has written the answer's; the engine
 * takes the descriptor in every case and the daemon's copy is closed as soon as the shim has it. */

struct engine_connection {
	int fd;		     /* taken */
	struct buffer early; /* taken: bytes of the client behind the header */
};

/* Could it be attached to now?  Asked before the header is written.  CONFLICT: paused, restarting.
 */
bool engine_may_attach(struct engine *engine, struct container *c, const char *typed,
		       struct error *err);

/* `options->early` is not used: it comes with the connection.  Before a start the connection is
 * kept and travels with the start; on a container that has exited the log is replayed if asked,
 * then it is closed. */
void engine_attach(struct engine *engine, struct container *c, const struct shim_attach *options,
		   struct engine_connection *connection);

enum wait_condition { WAIT_NOT_RUNNING, WAIT_NEXT_EXIT, WAIT_REMOVED };
bool wait_condition_from_name(const char *name,
			      enum wait_condition *condition); /* NULL, "": not-running */

/* The header of a 200 has been written; the body follows: chunked, or ended by closing.
 * WAIT_NOT_RUNNING on a container that does not run is answered at once. */
void engine_wait(struct engine *engine, struct container *c, enum wait_condition condition,
		 bool chunked, struct engine_connection *connection);

/* As engine_wait: the header has been written.  `options->log_path` and details_text are filled in
 * by the engine. */
bool engine_may_read_logs(struct engine *engine, struct container *c, struct error *err);
void engine_logs(struct engine *engine, struct container *c, const struct shim_logs *options,
		 struct engine_connection *connection);
void engine_stats(struct engine *engine, struct container *c, const struct shim_stats *options,
		  struct engine_connection *connection);

/* ---- files: cp, diff, export (archive/archive.h) ---- */

struct engine_files_request {
	enum archive_kind kind;
	const char *path, *typed; /* typed: the container as the client named it */
	bool keep_kinds, own;	  /* of PUT */
	bool bare; /* of EXPORT: without what every container gets beside its image, and without mounts */
};

struct engine_files_handlers {
	/* It is there; but for STAT now engine_files_give or engine_files_cancel is called. */
	void (*found)(void *data, const struct archive_found *found);
	/* Before the connection was given; NOT_FOUND "Could not find the file /x in container c". */
	void (*failed)(void *data, const struct error *err);
};

struct engine_files;

/* Exactly one of the handlers is called, from the loop, unless it was cancelled before. */
struct engine_files *engine_files_begin(struct engine *engine, struct container *c,
					const struct engine_files_request *request,
					const struct engine_files_handlers *handlers, void *data);
/* Both are taken; the worker tells the client of everything from here on. */
void engine_files_give(struct engine_files *files, struct archive_stream *stream, int connection);
void engine_files_cancel(struct engine_files *files); /* the client has gone */

/* Detach keys as typed ("ctrl-p,ctrl-q", "a"; NULL or "": the default) to the hex of shim_attach.
 * INVALID "Invalid detach keys (x) provided". */
char *detach_keys_parse(const char *typed, struct error *err);

/* ---- exec ---- */

/* done: result->exec.  `config` is borrowed for the call. */
void engine_exec_create(struct engine *engine, struct container *c,
			const struct exec_config *config, engine_done *done, void *data);

struct exec_start_options {
	bool detach;
	bool terminal; /* what the start says; the exec's own Tty counts */
	int rows, columns;
	bool multiplexed;	 /* of the stream */
	const char *detach_keys; /* hex, from detach_keys_parse; NULL: none */
};

/* May it be started?  Asked before the header is written.  CONFLICT "container <id> is not
 * running", "Container x is paused, unpause the container before exec". */
bool engine_may_start_exec(struct engine *engine, struct exec *exec, struct error *err);

/* With a connection (not detached): failures are told in its stream, and `done` too.  Without one
 * (NULL): `done` when it runs. */
void engine_exec_start(struct engine *engine, struct exec *exec,
		       const struct exec_start_options *options,
		       struct engine_connection *connection, engine_done *done, void *data);
void engine_exec_resize(struct engine *engine, struct exec *exec, int rows, int columns,
			engine_done *done, void *data);

/* ---- networks: what `connect` and `disconnect` do to a container ---- */

void engine_connect(struct engine *engine, struct container *c, const char *network,
		    const struct endpoint_settings *settings, engine_done *done, void *data);
void engine_disconnect(struct engine *engine, struct container *c, const char *network, bool force,
		       engine_done *done, void *data);

/* ---- handing over (docs/compose-api.md) ---- */

/* Ports and names of `old` (NULL: what is free on the host) become those of `new`, which held them back.
 * Done already: fine.  CONFLICT: what does not hold. */
void engine_takeover(struct engine *engine, struct container *new, struct container *old,
		     engine_done *done, void *data);

/* Wait until nobody is connected to a port that the container listens on, or for the time (0: only count);
 * `done` is told how many are left, unless it was cancelled before.  NULL: CONFLICT when it does not run.  While it
 * waits, and for the moment until the stop, the container gets nothing new while another of its group can serve. */
struct engine_drain;
typedef void engine_drained(void *data, int64_t connections, const struct error *err);
struct engine_drain *engine_drain(struct engine *engine, struct container *c, int64_t timeout_ms,
				  engine_drained *done, void *data, struct error *err);
void engine_drain_cancel(struct engine_drain *drain); /* NULL is fine */

/* ---- events ---- */

enum event_type {
	EVENT_CONTAINER,
	EVENT_IMAGE,
	EVENT_NETWORK,
	EVENT_VOLUME,
	EVENT_DAEMON,
	EVENT_BUILDER,
	EVENT_TYPES
};
const char *event_type_name(enum event_type type);

struct engine_event {
	enum event_type type;
	char *action;		 /* "start", "exec_create: ls" */
	char *actor;		 /* id; of a volume or an image tag its name */
	struct pairs attributes; /* sorted by name */
	int64_t time_ns;
};

/* Tell everybody; takes copies.  Doors use it for what they do themselves (images, networks,
 * volumes). */
void engine_publish(struct engine *engine, enum event_type type, const char *action,
		    const char *actor, const struct pairs *attributes);

/* The same for a container: image, name and labels are added. */
void engine_publish_container(struct engine *engine, const struct container *c, const char *action,
			      const struct pairs *more);

struct event_subscription;
typedef void event_listener(void *data, const struct engine_event *event);
/* From now on; the listener must not subscribe or unsubscribe others, itself is fine. */
struct event_subscription *engine_subscribe(struct engine *engine, event_listener *listener,
					    void *data);
void engine_unsubscribe(struct event_subscription *subscription); /* NULL is fine */

/* The last 256, or of those what 3 MiB hold, oldest first, that are not older than `since_ns`. */
void engine_past_events(struct engine *engine, int64_t since_ns, event_listener *visit, void *data);
