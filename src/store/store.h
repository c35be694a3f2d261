/* Records by key, kept in memory by their owners and written through to one SQLite file.
 *
 * Records are read only once, at open.  Beside them stand documents: larger ones that nobody keeps in
 * memory, read when they are asked for.  All writing happens on one writer thread, which groups what
 * waits into one transaction; `done` is called on the loop's thread once the promise holds.  Writes
 * reach the disk in the order they were made. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <uv.h>

struct store;

enum store_promise {
	STORE_SURVIVES_KILL,	  /* a finished write: kill -9 of the daemon loses nothing
				     (synchronous=NORMAL) */
	STORE_SURVIVES_POWER_CUT, /* an fsync: create, remove, rename, update, image ... (FULL) */
};

/* `err` is NULL when the write succeeded.  A full disk is ERROR_UNAVAILABLE with errno ENOSPC. */
typedef void store_done(void *data, const struct error *err);

/* Opens or makes <folder>/state.db (WAL).  A file of a newer schema, a corrupt one, or none where
 * folders hold what must have had records, is refused with a text that says what to do.  Keeps a
 * reserve file of 4 MB beside it, which is released when the disk is full so that stop and remove
 * can still be recorded, and made again when there is room. */
struct store *store_open(uv_loop_t *loop, const char *folder, struct error *err);

/* Waits until everything queued is written.  Callbacks that are still due are not called any more;
 * the loop must run once more afterwards. */
void store_close(struct store *store);

/* Every record whose key starts with `prefix`, in key order; only before the first write.  `value`
 * is borrowed for the call.  Returning false stops the walk. */
bool store_each(struct store *store, const char *prefix,
		bool (*visit)(void *data, const char *key, const void *value, size_t size),
		void *data, struct error *err);

/* The disk has no room for the reserve: what would only add records (create, pull) should be
 * refused, so that the rest of the room is left for those that end something. */
bool store_disk_is_full(const struct store *store);

/* Set or remove a record.  Takes copies.  `done` may be NULL. */
void store_put(struct store *store, const char *key, const void *value, size_t size,
	       enum store_promise promise, store_done *done, void *data);
void store_delete(struct store *store, const char *key, enum store_promise promise,
		  store_done *done, void *data);

/* Several changes that become visible together or not at all. */
struct store_change {
	const char *key;
	const void *value; /* NULL: remove */
	size_t size;
	bool document; /* not among the records: for store_read */
};
void store_commit(struct store *store, const struct store_change *changes, size_t count,
		  enum store_promise promise, store_done *done, void *data);

/* A document, as it is after all writes that were made before.  `value` is borrowed for the call; NULL
 * without an error: there is none. */
typedef void store_read_done(void *data, const void *value, size_t size, const struct error *err);
void store_read(struct store *store, const char *key, store_read_done *done, void *data);
