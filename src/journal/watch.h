/* Waiting until a file of the journal grows or comes: one inotify watch on the folder, nothing while nothing
 * is written. */
#pragma once

#include "base/error.h"

struct journal_watch {
	int fd; /* owned; -1 */
};

bool journal_watch_open(struct journal_watch *watch, const char *folder, struct error *err);
void journal_watch_close(struct journal_watch *watch);

enum journal_change {
	JOURNAL_FILE_GREW, /* or came */
	JOURNAL_FILE_WENT,
	JOURNAL_FILES_CHANGED /* some; which is not known */
};
typedef void journal_changed(void *data, enum journal_change change, const char *name);

/* Sleep until there are changes, and tell each.  false: `stop` (-1: none) became readable, or ended. */
bool journal_watch_wait(struct journal_watch *watch, int stop, journal_changed *changed,
			void *data);
