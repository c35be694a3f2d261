/* Small files and folders, always below a folder's descriptor (AT_FDCWD with an absolute path). */
#pragma once

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

/* The whole file, added to `out`; more than `limit` bytes is ERROR_INVALID, absent ERROR_NOT_FOUND.
 * Also for files of /proc and /sys, whose size is 0. */
bool file_read(int folder, const char *path, size_t limit, struct buffer *out, struct error *err);

/* The same of an open file, from where it stands. */
bool file_read_fd(int fd, size_t limit, struct buffer *out, struct error *err);

/* Replace NAME at once: readers see the old bytes or the new ones, and after kill -9 nothing but a
 * ".NAME.<random>" may be left over.  `durable` also survives a power cut (two fsyncs:
 * milliseconds; never in an event loop). */
struct file_content {
	const void *data;
	size_t size;
	mode_t mode;
	bool durable;
};
bool file_replace(int folder, const char *name, const struct file_content *content,
		  struct error *err);

/* One write() of text to an existing file, as /proc, /sys and cgroup files want it. */
bool file_write(int folder, const char *path, const char *text, struct error *err);

/* mkdir -p below `folder`; symbolic links on the way are followed, so only for paths of our own. */
bool folder_make(int folder, const char *path, mode_t mode, struct error *err);

/* An O_PATH-less, readable directory descriptor; -1 on failure (ERROR_NOT_FOUND when absent). */
int folder_open(int folder, const char *path, struct error *err);

/* What a folder holds, whose descriptor is not used up.  NULL, with errno: it cannot be read. */
DIR *folder_list(int folder);
struct dirent *folder_next(DIR *list); /* neither "." nor ".."; NULL: no more, or no list */
void folder_list_end(DIR **list);

#define scoped_list scoped_with(folder_list_end)

/* Remove a file, or a folder with everything in it.  Follows no link and crosses no mount; what is
 * gone already is no error; depth is bounded only by the filesystem.  Large trees take long: not in
 * an event loop. */
bool tree_remove(int folder, const char *name, struct error *err);
