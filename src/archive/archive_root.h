/* Entering what a container sees, as a worker that then has nothing else. */
#pragma once

#include "archive/archive.h"

struct archive_root {
	int root;  /* its folder; the process's own root too */
	int upper; /* CHANGES: what the container wrote, outside of the root; else -1 */
	int links; /* /proc/self/fd of the host: tells where a descriptor lies, below the root */
};

/* Enter, and give up every right that the job does not need.  For CHANGES the root is the image's. */
bool archive_root_enter(const struct archive_request *request, struct archive_root *out,
			struct error *err);
/* FILL, all of it: the image's folders are copied to the volumes that stand there and are empty, by a
 * process that has given up the same rights. */
bool archive_root_fill(const struct archive_request *request, struct error *err);
void archive_root_leave(struct archive_root *root);

/* Where an open file or folder lies, as the container would write it; NULL: nowhere any more. */
char *archive_root_path(const struct archive_root *root, int fd);
