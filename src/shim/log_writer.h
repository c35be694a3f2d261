/* A container's log file: output in, JSON lines out (format/jsonlog.h).
 *
 * Each line of output is one line of the file, long ones in pieces of 16 KiB.  The beginning of a line
 * is kept in memory until its end comes.  Everything complete is written by log_flush(), in few large
 * writes for all that was read.
 *
 * Rotation: the file at `path` is renamed to path.1, that to path.2 ..., when it has reached max_size;
 * the oldest goes.  Rename by rename, so after kill -9 a number may be missing, never a line.
 *
 * A disk that is full costs lines, never the container: output that cannot be written is dropped and
 * counted, and the first line that can be written again says so. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "format/jsonlog.h"
#include "shim/log_reader.h"
#include "shim/log_room.h"

#include <stdint.h>

struct shim_log_options;

struct log_writer {
	int folder; /* owned; -1: nothing is kept (driver "none", exec) */
	char *name; /* owned; in the folder */
	int fd;	    /* owned; -1: could not be opened, tried again */
	int64_t size;
	struct log_room room;	     /* of the file at fd */
	int64_t max_size, max_files; /* at most LOG_FILES_MOST (shim/log_files.h) */
	char *worker; /* owned; compresses what was rotated (NAME.1 may be NAME.1.gz); NULL: nobody */
	struct jsonlog_encoder encoder;
	struct buffer partial[2]; /* of stdout and stderr */
	struct buffer lines;	  /* encoded, about to be written */

	int64_t dropped; /* bytes of output lost, in all */
	int64_t untold;	 /* of them, those that no line has told of */
	int error;	 /* errno of the last failure */

	/* `dropped` bytes were lost for `error`, and now there is room again; may be NULL. */
	void (*recovered)(struct log_writer *log, int64_t dropped, int error);

	/* A file was rotated; may be NULL. */
	void (*rotated)(struct log_writer *log);

	struct {
		struct log_follower {
			int pipe;   /* owned */
			bool again; /* the file was emptied, and that is not told yet */
		} * items;
		size_t count, capacity;
	} followers;
};

/* For the driver "none": all the rest may be called and does nothing. */
void log_writer_none(struct log_writer *log);

/* The file is made or continued; half a line at its end (of a shim that was killed) is cut off. */
bool log_writer_open(struct log_writer *log, const struct shim_log_options *options,
		     struct error *err);
void log_writer_close(struct log_writer *log);

/* Some of it may stay in memory: log_flush() before anybody is waited for. */
void log_write(struct log_writer *log, enum stream_kind stream, const char *data, size_t size);
void log_flush(struct log_writer *log);

/* No more will come: the beginnings of lines are lines, who follows is told the end.  The log can still
 * be read. */
void log_writer_end(struct log_writer *log);

/* What of the stream has been read and is not in the file yet. */
const struct buffer *log_partial(const struct log_writer *log, enum stream_kind stream);

/* A non-blocking pipe that gets a byte after each write() to the log, and ends with it. */
enum log_follow {
	LOG_FOLLOW_ON,
	LOG_FOLLOW_AGAIN, /* somebody has emptied the file: log_reader_begin_again() */
};
void log_add_follower(struct log_writer *log, int pipe);

/* Let go of the pipes that nobody reads any more. */
void log_forget_gone(struct log_writer *log);

/* Behind the last line that is written. */
struct log_place log_end(const struct log_writer *log);

/* Give back memory that nothing is in. */
void log_shrink(struct log_writer *log);
