/* The output of a container in the journal of the host (journal/journal.h), in a file of this shim's own. */
#pragma once

#include "format/stream_frame.h"
#include "journal/journal.h"
#include "shim/shim_protocol.h"

struct journal_log {
	struct journal_writer
		*writer;	  /* owned; NULL: there is none, and all the rest does nothing */
	char *identifier;	  /* owned */
	int64_t pid;		  /* of the container's first process */
	struct buffer partial[2]; /* beginnings of lines, of stdout and stderr */
};

bool journal_log_open(struct journal_log *log, const struct shim_journal_log *options,
		      struct error *err);
void journal_log_write(struct journal_log *log, enum stream_kind stream, const char *data,
		       size_t size);

/* No more will come: the beginnings of lines are lines. */
void journal_log_end(struct journal_log *log);

/* Give back memory that nothing is in. */
void journal_log_shrink(struct journal_log *log);
