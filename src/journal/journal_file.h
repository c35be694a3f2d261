/* One file of a journal, entry by entry, in both directions.  Also while it is written: what is not whole yet is
 * not there, and journal_file_refresh() looks again.  Damage costs the rest of its block. */
#pragma once

#include "journal/file.h"

/* An entry where it lies in memory: valid until the file is moved. */
struct journal_view {
	const struct journal_file *file;
	struct stored_entry stored;
	struct text_part text;	 /* the line, or the message */
	struct text_part origin; /* origin_next() */
	uint64_t sequence;
};

/* An entry frame in the present block. */
struct journal_item {
	uint32_t at, size;		 /* in the block */
	uint32_t origin_at, origin_size; /* its fields */
	int64_t realtime_ns, monotonic_ns;
	uint64_t sequence;
	uint32_t count;
};

/* What an entry must have to be worth reading: blocks that hold none such are passed by. */
struct journal_need {
	const uint64_t *units; /* journal_unit_bits() of each that may be; NULL: any */
	size_t unit_count;
	uint32_t priorities; /* 1 << priority */
};

struct journal_file {
	int fd; /* owned */
	char text[JOURNAL_NAME_SIZE];
	struct journal_name name;
	int boot_rank;			 /* for whoever compares entries of several */
	const struct journal_need *need; /* borrowed; NULL: all */
	int64_t size;
	bool sealed;
	struct seal_frame seal; /* when sealed */

	int64_t block; /* that is in memory; -1: none */
	char *data;    /* owned */
	size_t loaded; /* bytes of it that are there */
	size_t parsed; /* bytes of it that are whole frames */
	uint32_t origin_at, origin_size;
	struct {
		struct journal_item *items; /* owned */
		size_t count, capacity;
	} entries;

	/* the place: an item and a run of its text; `item` may be entries.count: behind the last */
	size_t item;
	size_t line_at, line_size; /* in the item's text */
	uint32_t line;		   /* its number in the item */
	struct journal_view view;  /* of the place, when a call said true */
};

/* NULL: it is gone, or no file of a journal.  The place is in front of the first entry. */
struct journal_file *journal_file_open(int folder, const char *name);
void journal_file_free(struct journal_file *file);

/* To the next or former entry; false: there is none, and the place is behind the last or before the first. */
bool journal_file_next(struct journal_file *file);
bool journal_file_previous(struct journal_file *file);

/* Behind the last one, so that previous() finds it. */
void journal_file_to_end(struct journal_file *file);

/* Where something begins: the place is at the first entry that is not before it; false: there is none, and the
 * place is behind the last. */
enum journal_scale { JOURNAL_BY_REALTIME, JOURNAL_BY_MONOTONIC, JOURNAL_BY_SEQUENCE };
struct journal_target {
	enum journal_scale scale;
	int64_t time_ns;
	uint64_t sequence; /* of BY_SEQUENCE; with BY_MONOTONIC among entries of the same moment */
};
bool journal_file_seek(struct journal_file *file, const struct journal_target *target);

/* More may have been written since: next() may find it. */
void journal_file_refresh(struct journal_file *file);

/* The first block's head without reading more. */
bool journal_file_head(const struct journal_file *file, struct block_frame *out);
