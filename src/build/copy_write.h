/* Writing what a COPY or ADD brings into the root of an image, by the driver of a build. */
#pragma once

#include "build/copy_source.h"

/* Whether so many sources may have such a destination; in Docker's words, which begin with no step. */
bool copy_check_place(const struct copy_order *order, const struct copy_matches *matches,
		      struct error *err);

/* `root` is the image's, writable.  Folders on the way are root's, 0755; one that is there keeps what it
 * is; a file over a file replaces it, links in the destination lead where they lead in the image. */
bool copy_write(const struct copy_order *order, const struct copy_matches *matches, int root,
		struct error *err);

/* WORKDIR: *made tells whether there was none. */
bool copy_make_folder(int root, const char *path, bool *made, struct error *err);

/* "user:group" of --chown, by the image's own files; without a group it is the user's number. */
bool copy_owner(int root, const char *chown, uid_t *uid, gid_t *gid, struct error *err);

/* Whether a file is a tar, compressed or not. */
bool copy_is_archive(int file);
