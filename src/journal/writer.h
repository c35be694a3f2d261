/* Inside the writer; for this folder only. */
#pragma once

#include "journal/file.h"

struct writer_file {
	int fd; /* owned, locked; -1: there is none, it is tried again */
	char name[JOURNAL_NAME_SIZE];
	uint8_t stream[16];
	uint32_t number;   /* in its stream */
	int64_t at;	   /* where the batch begins */
	uint64_t sequence; /* of the next entry */
	int64_t monotonic_ns,
		realtime_ns; /* of the last entry: the former never goes back in a stream */
	uint64_t units;	     /* of the whole file */
	uint32_t priorities;
	uint64_t block_units; /* of the present block */
	uint32_t block_priorities;
};

struct journal_writer {
	int folder; /* owned */
	struct journal_bounds bounds;
	uint8_t boot[16];
	struct writer_file file;
	struct buffer batch;

	struct buffer origin; /* as it is stored */
	uint64_t origin_units;
	bool origin_written; /* into the present block */

	uint64_t batched; /* entries in the batch */
	uint64_t lost;	  /* entries that nothing has told of yet */
	int lost_errno;

	int export_socket; /* owned; -1: nothing is sent */
	uint64_t export_lost;
};

/* A file is claimed (`again`: one that another writer has left may do) or made, and locked.  The batch is empty. */
bool writer_file_open(struct journal_writer *writer, bool again, struct error *err);

/* No more is added: its seal is written, the lock goes. */
void writer_file_seal(struct journal_writer *writer);
void writer_file_close(struct journal_writer *writer);

/* To the journal of the host's service manager (journal_writer_export). */
struct export_text {
	const struct journal_entry *entry;
	struct text_part text;
	int32_t priority;
};
void writer_export(struct journal_writer *writer, const struct export_text *text);
