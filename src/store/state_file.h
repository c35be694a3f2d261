/* The SQLite file behind the store: opening and judging it, transactions, the reserve.  Blocking;
 * used by one thread at a time.  Only for this folder. */
#pragma once

#include "base/text.h"
#include "store/store.h"

#define STATE_SCHEMA	   2
#define STATE_FILE	   "state.db"
#define STATE_RESERVE	   "state.reserve"
#define STATE_RESERVE_SIZE (4 << 20)

struct state_file;

struct state_file *state_file_open(const char *folder, struct error *err);
void state_file_close(struct state_file *file); /* NULL is fine */

typedef bool state_visit(void *data, const char *key, const void *value, size_t size);
bool state_file_each(struct state_file *file, const char *prefix, state_visit *visit, void *data,
		     struct error *err);

/* One document into `out`, which is empty; *found: there is one. */
bool state_file_read(struct state_file *file, const char *key, struct buffer *out, bool *found,
		     struct error *err);

/* A transaction.  After any failure it is rolled back already. */
bool state_file_begin(struct state_file *file, enum store_promise promise, struct error *err);
bool state_file_change(struct state_file *file, const struct store_change *change,
		       struct error *err);
bool state_file_commit(struct state_file *file, struct error *err);

/* Give the reserve's room to the file; false: it was given already. */
bool state_file_release_reserve(struct state_file *file);
bool state_file_has_reserve(const struct state_file *file);

/* Free room for a reserve; one system call that waits for no disk, from any thread. */
bool state_file_has_room(const struct state_file *file);

/* Between transactions: moves the log into the file when it has grown (at once when nobody waits),
 * makes the reserve again when the disk has room. */
void state_file_tidy(struct state_file *file, bool idle);
