/* Trees of this host as a tar: a layer, an exported container, what `cp` takes out.
 *
 * The same tree gives the same bytes: folders are read in the order of their names' bytes, names of
 * users are left out, and everything that a layer can hold is in: owners, modes with setuid, setgid and
 * sticky, times to the nanosecond, hard links, devices, holes, extended attributes (those that
 * image/xattr_rule.h keeps), names of any length.  Sockets are left out, as everywhere.
 *
 * Nothing is followed that is a link, also when somebody changes the tree meanwhile: what is gone when
 * it is looked at is left out, and a file that shrinks is filled with zeros up to the size that was
 * announced.
 *
 * Blocks on the disk and in the sink; for workers.  Changes the working folder (fchdir), since extended
 * attributes of links have no call that takes a descriptor. */
#pragma once

#include "base/error.h"
#include "base/memory.h"

#include <stdint.h>

struct tar_options {
	/* A layer: overlayfs's marks become .wh.NAME and .wh..wh..opq, and holes are written as zeros (the
	 * engines that layers are for take sparse entries, and fail when they write them again). */
	bool overlay;
	bool one_mount; /* of what is mounted below, the folder alone */
};

struct tar_sink {
	/* The next bytes of the archive. */
	bool (*write)(void *data, const void *bytes, size_t size, struct error *err);

	/* NULL: not wanted.  Comes before bytes that are the file's at `path`, below the folder that
	 * tar_writer_add was given, from `offset`. */
	bool (*payload)(void *data, const char *path, int64_t offset, int64_t size,
			struct error *err);
	void *data;
};

struct tar_facts {
	int64_t size;  /* bytes of regular files, each once, holes included */
	int64_t files; /* entries */
};

struct tar_writer;

/* `options` and `sink` are copied. */
struct tar_writer *tar_writer_new(const struct tar_options *options, const struct tar_sink *sink);
void tar_writer_free(struct tar_writer *writer);
scoped_define(tar_writer);

/* What is at `name` in `folder` (one part of a path, or "."), with all that is below it, under the name
 * `as`: "d" gives d/, d/x; "." gives ./, ./x; "" (for folders) gives x: no entry for the folder itself.
 * NOT_FOUND when there is nothing. */
bool tar_writer_add(struct tar_writer *writer, int folder, const char *name, const char *as,
		    struct error *err);

/* The end of the archive; `facts` may be NULL. */
bool tar_writer_finish(struct tar_writer *writer, struct tar_facts *facts, struct error *err);
