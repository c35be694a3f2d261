/* The journal of one host: what units (and, if asked, containers) say.
 *
 * A folder of append-only files.  Each file has one writer, which holds a lock on it; no process stands
 * between a service and its log, and a writer that is killed at any byte leaves a file whose whole records
 * are read and whose torn tail is cut when a writer opens it again.  Readers merge all files by
 * (boot, monotonic time, sequence); they never lock and never wait for a writer.
 *
 * Writing is one gathered write() for a batch of lines into the page cache, no fsync: kill -9 loses nothing
 * that was read from a service; a power cut loses what the kernel had not written.  Nobody but root and the
 * owner of the folder reads it. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum journal_limit {
	JOURNAL_LINE_LIMIT = 48 << 10, /* longer lines are cut into several entries */
	JOURNAL_FIELDS_LIMIT = 64,
};

/* Where an entry came from: _TRANSPORT. */
enum journal_transport {
	JOURNAL_STDOUT,
	JOURNAL_SYSLOG,
	JOURNAL_DRIVER /* ours, about a unit */,
	JOURNAL_KERNEL
};

/* What does not change between entries of one writer is written once into the file. */
struct journal_origin {
	const char *unit;	   /* UNIT, _SYSTEMD_UNIT */
	const char *invocation_id; /* 32 hex; NULL */
	const char *cgroup;	   /* _SYSTEMD_CGROUP; NULL */
	const char *hostname, *boot_id;
	const char *container; /* id; NULL */
	struct pairs extra;    /* LogExtraFields */
};

struct journal_entry {
	int64_t realtime_ns, monotonic_ns; /* 0: now */
	int32_t priority;		   /* 0..7 */
	int32_t transport;		   /* enum journal_transport */
	int64_t pid, uid, gid;
	const char *identifier; /* SYSLOG_IDENTIFIER; NULL: none */
	const char *comm;	/* NULL: none */
	const char *message_id; /* 32 hex; NULL: none */
	const char *message;	/* any bytes */
	size_t message_size;
};

/* ---- writing ---- */

struct journal_bounds {
	int64_t file_bytes;   /* 0: 16 MiB: then a new file is begun */
	int64_t folder_bytes; /* 0: 1 GiB: of all files; whole oldest files go that nobody writes */
	int64_t files;	      /* 0: 3000: the same; each boot leaves one for each unit that ran */
};

struct journal_writer;

/* Begin a file of one's own below `folder` (absolute; made when missing). */
struct journal_writer *journal_writer_open(const char *folder, const struct journal_bounds *bounds,
					   struct error *err);

/* From the next entry on, e.g. at a restart with a new invocation. */
void journal_writer_set_origin(struct journal_writer *writer, const struct journal_origin *origin);

/* Add to the batch; flushed by itself when that is large.  Never fails: on a full disk entries are dropped,
 * counted, and said with the first that fits again. */
void journal_write(struct journal_writer *writer, const struct journal_entry *entry);

/* All lines in `data` (whole ones; the rest is the caller's), with the entry's fields each.  `prefix`: a line may
 * begin with <N> (SyslogLevelPrefix).  Returns how many bytes were taken. */
size_t journal_write_lines(struct journal_writer *writer, const struct journal_entry *entry,
			   const char *data, size_t size, bool prefix);

bool journal_flush(struct journal_writer *writer, struct error *err);
void journal_writer_free(struct journal_writer *writer); /* flushes */

/* The file that it has is complete, and the next entry begins another; one without entries stays. */
bool journal_writer_rotate(struct journal_writer *writer, struct error *err);

/* Give back memory while nothing comes. */
void journal_writer_shrink(struct journal_writer *writer);

/* From now on each entry goes to journald too, which listens at `socket` (NULL: where it usually does).  One that
 * takes nothing is waited for once, 200 ms: then entries stand in our journal alone until it takes some again. */
bool journal_writer_export(struct journal_writer *writer, const char *socket, struct error *err);

/* ---- reading ---- */

struct journal_query {
	struct strings units;	    /* globs: entries of the unit and ours about it; none: all */
	struct strings identifiers; /* -t */
	/* FIELD=value: of one field one is enough, different fields must all match; between two that the pair
	 * JOURNAL_OR stands between, either group is enough */
	struct pairs matches;
	int64_t since_ns, until_ns;	     /* realtime; 0: open */
	int32_t priority_low, priority_high; /* 0..7 both included; {0, 7}: all */
	char *boot;			     /* id; NULL: all */
	char *grep;			     /* extended regular expression; NULL */
	bool grep_insensitive;
	int64_t lines; /* the last N; -1: all */
	bool reverse, follow, from_head;
	char *after_cursor;
	bool from_cursor; /* the entry of the cursor is the first, not the one behind it */
	bool show_cursor; /* "-- cursor: ..." of the last entry stands at the end */
	struct strings
		output_fields; /* the fields that are printed, where an output prints fields */

	/* Instead of entries, once each: the values of this field, or the names of all fields. */
	char *values_of;
	bool names;
};
#define JOURNAL_OR	    "+"
#define JOURNAL_CURSOR_LINE "-- cursor: " /* in front of the cursor that was to be shown */

enum journal_output {
	JOURNAL_SHORT,
	JOURNAL_SHORT_PRECISE,
	JOURNAL_SHORT_ISO,
	JOURNAL_SHORT_ISO_PRECISE,
	JOURNAL_SHORT_FULL,
	JOURNAL_SHORT_UNIX,
	JOURNAL_SHORT_MONOTONIC,
	JOURNAL_SHORT_DELTA,
	JOURNAL_WITH_UNIT,
	JOURNAL_VERBOSE,
	JOURNAL_EXPORT,
	JOURNAL_JSON,
	JOURNAL_JSON_PRETTY,
	JOURNAL_JSON_SSE,
	JOURNAL_JSON_SEQ,
	JOURNAL_CAT,
	JOURNAL_OUTPUTS
};
const char *journal_output_name(enum journal_output output);

/* Read and print.  `write` gets text in pieces of up to 64 KiB and says whether to go on.  With `follow` it
 * returns when `write` says no, or `stop` (a descriptor, -1: none) becomes readable; it sleeps on inotify. */
struct journal_sink {
	bool (*write)(void *data, const char *text, size_t size);
	void *data;
	int stop;
	bool utc, no_hostname, no_markers;
};
bool journal_read(const char *folder, const struct journal_query *query, enum journal_output output,
		  const struct journal_sink *sink, struct error *err);

/* Boots that the journal knows, oldest first. */
struct journal_boot {
	char id[40];
	int64_t first_ns, last_ns;
};
bool journal_boots(const char *folder, struct journal_boot **boots, size_t *count,
		   struct error *err);

/* What may stay: `bytes` of all files and so many of them (-1: no bound), of those whose last entry is younger
 * than `before_ns` (0: all). */
struct journal_keep {
	int64_t bytes, files, before_ns;
};

/* Bytes of all files, and how much going down to these bounds frees; here 0 is no bound, too. */
int64_t journal_usage(const char *folder);
bool journal_vacuum(const char *folder, const struct journal_keep *keep, int64_t *freed,
		    struct error *err);

/* Whatever was written is on the disk. */
bool journal_sync(const char *folder, struct error *err);
