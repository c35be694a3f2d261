/* What a client's path means, before anybody looks.  Pure.
 *
 *	/a/b	the entry b of /a, itself when it is a link; in an archive b, b/...
 *	/a/b/	the folder that it leads to; b/, b/...
 *	/a/b/.	the same; ./, ./...
 *	/	the root; /, /... */
#pragma once

#include "base/text.h"

struct archive_path {
	char *folder; /* to be resolved, links followed: the entry's, or (last ".") the folder itself */
	char *last; /* one part, not followed; "." */
	char *name; /* in an archive, and in what is told of it */
};

/* Relative paths count from the root; "..", lexically, does not climb above it. */
void archive_path_parse(const char *text, struct archive_path *out);
void archive_path_fini(struct archive_path *path);

/* Modes as Go's os.FileMode has them. */
int64_t archive_go_mode(unsigned mode);
