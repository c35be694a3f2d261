/* Local volumes: named and anonymous folders below <data root>/volumes, with a record each.
 *
 *	<data root>/volumes/<name>/_data     what containers see
 *	store: volume/<name>                 struct volume_spec
 *
 * The folder is made before the record is written, and the record removed before the folder, so that
 * after a crash a folder without a record is all that can be left; volumes_open has it removed.  Who
 * uses a volume is counted by its users' ids (volume_use), which the engine tells at create and adopt;
 * nothing of that is stored here.
 *
 * (An empty one is filled from the image by the sandbox: mount_spec.copy_up.)
 *
 * Folders are made on the loop's thread (two mkdir); removing what may be a million files is done by
 * `wherry-worker remove`, after the folder was renamed out of the way. */
#pragma once

#include "base/error.h"
#include "format/record.h"
#include "store/store.h"

#include <uv.h>

struct volumes;
struct volume;
struct volume_measuring;

/* A volume as stored and shown. */
struct volume_spec {
	char *name;
	char *driver; /* "local" */
	int64_t created_ns;
	bool anonymous;	      /* made for a container, named by 64 hex digits */
	struct pairs labels;  /* anonymous ones carry "com.docker.volume.anonymous" = "" */
	struct pairs options; /* of the driver */
};
extern const struct record_type volume_spec_type;

/* Reads the records, so before the store's first write.  `worker` is the path of wherry-worker. */
struct volumes *volumes_open(uv_loop_t *loop, struct store *store, const char *data_root,
			     const char *worker, struct error *err);
void volumes_close(struct volumes *volumes); /* NULL is fine */

/* `tell` hears of each volume that was made ("create") or removed ("destroy"), whoever asked. */
void volumes_listen(struct volumes *volumes,
		    void (*tell)(void *data, const char *action, const struct volume *volume),
		    void *data);

/* ---- looking ---- */

/* ERROR_NOT_FOUND "get x: no such volume". */
struct volume *volumes_find(struct volumes *volumes, const char *name, struct error *err);

/* All, by name. */
size_t volumes_count(const struct volumes *volumes);
struct volume *volumes_at(const struct volumes *volumes, size_t index);

const struct volume_spec *volume_get_spec(const struct volume *volume); /* borrowed */
const char *volume_path(const struct volume *volume); /* absolute, ends in /_data; borrowed */
size_t volume_use_count(const struct volume *volume);

/* ---- making ---- */

struct volume_request {
	const char *name;		      /* NULL or "": anonymous */
	const char *driver;		      /* NULL or "": "local" */
	const struct pairs *labels, *options; /* NULL: none */
	bool anonymous; /* made for a container; also with a name that the caller has made up (64 hex
			   digits), so that a record can name the volume before it is there */
};

/* `err` is NULL on success, and `volume` is then recorded.  After a failure it is gone. */
typedef void volume_done(void *data, struct volume *volume, const struct error *err);

/* One that exists is given back unchanged, unless its driver is another (ERROR_CONFLICT).  Bad names
 * and options are ERROR_INVALID in Docker's words.  `done` is called once the record is on disk; for failures
 * and existing volumes before this returns.  Returns the volume at once (usable for volume_use: its
 * folder is there), NULL on failure, and where one of that name is just being recorded or removed: that is waited
 * for. */
struct volume *volume_create(struct volumes *volumes, const struct volume_request *request,
			     volume_done *done, void *data);

/* ---- using ---- */

/* `user` (a container's id) has the volume from now on; twice is once. */
void volume_use(struct volume *volume, const char *user);
void volume_unuse(struct volume *volume, const char *user);

/* Is there nothing in its folder? */
bool volume_is_empty(const struct volume *volume);

/* ---- mounting ----
 *
 * A volume with the options `type` and `device` is made of something else, which is mounted over its
 * folder while somebody holds the volume, by a worker (volume/volume_mount_work.h).  Others are just
 * folders: the same calls, without a wait.  What is mounted is asked of the kernel, never remembered,
 * so a daemon may die between any two steps. */

bool volume_needs_mount(const struct volume *volume);

typedef void volume_mounted(void *data, const struct error *err);

/* `holder` (a container that starts, a job) is about to look into it; ERROR "error while mounting
 * volume ...".  `done` is called once: before this returns, or when the worker is done.  After a failure
 * it is not held. */
void volume_mount(struct volume *volume, const char *holder, volume_mounted *done, void *data);

/* Not any more; unmounted behind the last.  Waits that are under way are not called back. */
void volume_unmount(struct volume *volume, const char *holder);

/* `holder` has held it since an earlier daemon's day. */
void volume_adopt(struct volume *volume, const char *holder);

/* All of those are known: unmount what nobody holds. */
void volumes_settle(struct volumes *volumes);

/* ---- removing ---- */

typedef void volume_removed(void *data, const struct error *err);

/* ERROR_CONFLICT `remove v1: volume is in use - [<id>, <id>]`; `force` only makes an absent name no
 * error.  `done` (may be NULL) when the record's removal is on disk. */
void volume_remove(struct volumes *volumes, const char *name, bool force, volume_removed *done,
		   void *data);

/* Those that are not in use and that `match` (NULL: all) says yes to; the names of the removed and the
 * bytes that they held are given when all are gone.  What could not be removed stays and is logged.
 * `match` and `done` both get `data`.
 * ERROR_CONFLICT "a prune operation is already running". */
struct volume_pruned {
	struct strings names; /* borrowed for the call */
	uint64_t bytes;
};
typedef void volume_prune_done(void *data, const struct volume_pruned *pruned,
			       const struct error *err);
void volumes_prune(struct volumes *volumes, bool (*match)(void *data, const struct volume *volume),
		   volume_prune_done *done, void *data);

/* ---- measuring ---- */

/* Bytes that volumes hold, by name; without those that are made of something else, which may be a file
 * server, or the host's root. */
typedef void volumes_measured(void *data, const struct pairs *sizes, const struct error *err);

/* By a worker.  NULL on failure, and `done` is not called then. */
struct volume_measuring *volumes_measure(struct volumes *volumes, volumes_measured *done,
					 void *data, struct error *err);
void volumes_measure_cancel(struct volume_measuring *measuring); /* NULL is fine */
