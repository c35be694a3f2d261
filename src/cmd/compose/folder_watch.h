/* A tree of files, watched: which paths changed, as the kernel tells it.  Nothing is asked again and again. */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct folder_watch;

struct folder_watch_rules {
	/* Is a path below the root, relative to it, of no interest?  A folder's: nothing below it is.  NULL: none. */
	bool (*ignores)(void *data, const char *path, bool folder);
	void *data;
};

/* `path` may be a file: then it alone is watched, also when it is replaced or comes back.  Symbolic links below are
 * not followed. */
struct folder_watch *folder_watch_new(const char *path, const struct folder_watch_rules *rules,
				      struct error *err);
void folder_watch_free(struct folder_watch *watch);
scoped_define(folder_watch)

int folder_watch_fd(const struct folder_watch *watch); /* readable: something happened */

/* What happened since: paths relative to the root are added, each once; "" is the root itself: all of it may
 * have changed.  Never waits.  What is in a new folder is told with it. */
bool folder_watch_read(struct folder_watch *watch, struct strings *changed, struct error *err);
