/* What the files of this folder know of each other. */
#pragma once

#include "base/list.h"
#include "os/job.h"
#include "volume/volume.h"

#define VOLUME_RECORD_PREFIX "volume/"
#define VOLUME_TRASH_PREFIX  ".trash-" /* no volume's name begins with a dot */
#define VOLUME_DATA	     "_data"

struct volume {
	struct volume_spec spec;
	struct volumes *volumes; /* borrowed */
	char *path;
	struct strings users;

	struct strings holders;		/* volume_mount */
	struct waiting_holder *waiting; /* owned list, see volume_mount.c */
	struct job *mounting;		/* the worker at it now; NULL: none */
	bool mounted;			/* by a worker of this daemon */
	bool unsure; /* it may be: since an earlier daemon's day, or by a worker that was ended */

	/* While its record is being written or removed: */
	bool recording, removing;
	struct link later; /* who has asked for it meanwhile: volume_later.c */
	volume_done *created;
	void (*gone)(struct volume *volume, const struct error *err);
	volume_removed *removed;
	void *data; /* of the callback */
};

struct volumes {
	uv_loop_t *loop;
	struct store *store; /* borrowed */
	char *worker, *path;
	int folder;
	struct {
		struct volume **items; /* owned, by name */
		size_t count, capacity;
	} list;
	struct pruning *pruning; /* owned; NULL: none is under way */
	void (*tell)(void *data, const char *action, const struct volume *volume);
	void *tell_data;
};

/* ---- volume.c: the list ---- */

struct volume *volumes_look_up(const struct volumes *volumes, const char *name); /* NULL: absent */
struct volume *volume_new(void);
void volumes_insert(struct volumes *volumes, struct volume *volume); /* owned from now on */
void volume_forget(struct volume *volume);			     /* out of the list, freed */
void volume_tell(const struct volume *volume, const char *action);

/* ---- volume_remove.c ---- */

/* Moved out of the way, under a name that no volume can have; NULL: there was nothing, or it stays. */
char *volume_throw_away(const struct volumes *volumes, const char *name);

/* Have these folders removed by a worker.  What stays because of a failure is removed when the daemon
 * starts the next time.  `done` may be NULL. */
struct job *volumes_empty_trash(struct volumes *volumes, const struct strings *names,
				job_done *done, void *data);

/* Both of one volume. */
void volume_remove_folder(struct volumes *volumes, const char *name);
void volumes_stop_pruning(struct volumes *volumes);

/* ---- volume_later.c ---- */

/* volume_create is called again for this, once volumes_ask_again is told of the list. */
void volume_ask_later(struct volume *volume, const struct volume_request *request,
		      volume_done *done, void *data);
/* `list` was moved from a volume's, which may be gone. */
void volumes_ask_again(struct volumes *volumes, struct link *list);
void volume_drop_later(struct volume *volume); /* nobody is told */

/* ---- volume_mount.c ---- */

void volume_stop_mounting(struct volume *volume);
