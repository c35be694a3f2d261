/* Inside the writer; for this folder only. */
#pragma once

#include "journal/file.h"

#include <sys/socket.h>
#include <sys/un.h>

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

/* The last frame of the batch, as long as more lines may be put behind its own. */
struct writer_run {
	bool open, grown;
	size_t at; /* in the batch */
	struct entry_frame head;
	int64_t tick; /* of the clock's coarse form: all that is said in one is said at one time */
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

	struct writer_run run;
	uint64_t batched; /* entries in the batch */
	uint64_t lost;	  /* entries that nothing has told of yet */
	int lost_errno;

	int export_socket; /* owned; -1: nothing is sent */
	struct sockaddr_un export_address;
	uint64_t export_lost; /* entries, since it took one */
};

/* A file is claimed (`again`: one that another writer has left may do) or made, and locked.  The batch is empty. */
bool writer_file_open(struct journal_writer *writer, bool again, struct error *err);

/* No more is added: its seal is written, the lock goes. */
void writer_file_seal(struct journal_writer *writer);
void writer_file_close(struct journal_writer *writer);

/* ---- frames into the batch ---- */

struct entry_parts {
	struct entry_frame head;
	struct text_part texts[5]; /* identifier, comm, message id, text, its end */
};
size_t entry_parts_size(const struct entry_parts *parts);

/* Bytes that an entry may take in the present block. */
size_t writer_room(const struct journal_writer *writer);

/* With all that has to stand before it; numbers it. */
void writer_add(struct journal_writer *writer, struct entry_parts *parts);

/* To the journal of the host's service manager (journal_writer_export). */
struct export_text {
	const struct journal_entry *entry;
	struct text_part text;
	int32_t priority;
	bool line; /* one of some output */
};
void writer_export(struct journal_writer *writer, const struct export_text *text);
