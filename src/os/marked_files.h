/* Files that we keep in a folder that is not ours alone: each begins with a mark, and what does not is somebody
 * else's.  Paths are NAME, or FOLDER/NAME one folder deep; no link is followed there.  Blocking: for programs
 * and threads of the pool. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

/* ERROR_CONFLICT where one of the paths holds a file without the mark. */
bool marked_files_check(int folder, const char *mark, const struct pairs *files, struct error *err);

/* Write them, each by replacing it; those that hold these bytes already stay as they are.  Files with the mark
 * that stand beside them in their folders, and are not among them, go.  `changed` (may be NULL) becomes true
 * when anything did. */
bool marked_files_write(int folder, const char *mark, const struct pairs *files, bool *changed,
			struct error *err);

/* Remove NAME and all of NAME.d/ that have the mark; the folder, too, when it is empty then. */
void marked_files_remove(int folder, const char *mark, const char *name, bool *changed);
