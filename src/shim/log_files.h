/* The files of a log: NAME is being written, NAME.1 was before it, NAME.2 before that ...  Another
 * process may rotate them at any instant, and one that was killed while it did may have left gaps.
 *
 * Those that were rotated may be compressed (NAME.1.gz).  Such a one is read into memory by a worker
 * when its turn comes, and waited for; it is known for the file that it was by its time, which
 * compressing does not change.  Without `worker` (NULL) it is passed by. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* No file has a higher number.  A rotation looks at all numbers that there may be, so this is a limit of its
 * cost too. */
#define LOG_FILES_MOST 10000

struct log_files {
	int *fds;    /* owned; the oldest first; -1: it is compressed, or could not be read */
	int *packed; /* owned; as it is on disk; -1: it is not compressed */
	size_t count;
};

/* All that are there: none is missing, none is there twice, whatever happens meanwhile. */
void log_files_open(int folder, const char *name, const char *worker, struct log_files *out);
void log_files_fini(struct log_files *files);

/* Read this one into memory, if it is compressed and not there.  What cannot be read is passed by from then
 * on. */
void log_files_unpack(struct log_files *files, size_t index, const char *worker);

/* Give that memory back; the file is at its beginning when it is unpacked again. */
void log_files_pack(struct log_files *files, size_t index);

/* Close it: it has been read. */
void log_files_drop(struct log_files *files, size_t index);

/* The file that was begun after this one; -1: this is the newest.  When this one is gone already,
 * the oldest that is left. */
int log_files_next(int folder, const char *name, const char *worker, int fd);
