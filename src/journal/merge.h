/* All files of a journal as one row of entries, in the order of (boot, monotonic time, sequence). */
#pragma once

#include "journal/folder.h"
#include "journal/journal_file.h"

struct journal_merge {
	int folder;			 /* borrowed */
	const struct journal_need *need; /* borrowed */
	uint8_t boot[16];
	bool one_boot; /* only files of that one */
	struct {
		struct journal_file **items; /* owned */
		size_t count, capacity;
	} files;

	/* those whose place is an entry that is still to come, the next one at the front */
	struct {
		struct journal_file **items;
		size_t count, capacity;
	} heap;
	bool backward;
};

/* `boot`: NULL for all. */
bool journal_merge_open(struct journal_merge *merge, int folder, const struct journal_need *need,
			const uint8_t *boot, struct error *err);
void journal_merge_fini(struct journal_merge *merge);

/* One that has grown or come; NULL: look at all of them. */
void journal_merge_refresh(struct journal_merge *merge, const char *name);

/* One that was removed: it is let go when it was read to its end. */
void journal_merge_forget(struct journal_merge *merge, const char *name);

/* A place among the entries of all files. */
struct journal_place {
	int boot_rank;
	int64_t monotonic_ns;
	uint64_t sequence;
	uint8_t stream[16];
};
struct journal_place journal_place_of(const struct journal_view *view);
int journal_place_compare(const struct journal_place *a, const struct journal_place *b);

/* Where the row begins, forward (that entry included) or backward (from the one before it; of a place: from it). */
void journal_merge_from_start(struct journal_merge *merge);
void journal_merge_from_end(struct journal_merge *merge, bool backward);
void journal_merge_from_time(struct journal_merge *merge, int64_t realtime_ns, bool backward);
void journal_merge_from_place(struct journal_merge *merge, const struct journal_place *place,
			      bool backward);

/* The next entry of the row, NULL at its end.  Valid until the next call. */
const struct journal_view *journal_merge_front(const struct journal_merge *merge);
void journal_merge_advance(struct journal_merge *merge);

/* The rank of a boot, of which the older one is less; -1: unknown. */
int journal_merge_boot_rank(const struct journal_merge *merge, const uint8_t boot[static 16]);

/* The place of an entry by its stream and sequence; false: it is gone. */
bool journal_merge_find(struct journal_merge *merge, const uint8_t stream[static 16],
			uint64_t sequence, struct journal_place *out);
