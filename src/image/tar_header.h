/* The bytes in front of one member of a tar: ustar, and pax records where that is not enough.  The same
 * entry always gives the same bytes, whatever libraries are there: digests cover them. */
#pragma once

#include "base/text.h"

#include <sys/stat.h>
#include <sys/types.h>

#define TAR_BLOCK 512

enum tar_type {
	TAR_FILE = '0',
	TAR_HARDLINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHARACTER = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_FOLDER = '5',
	TAR_FIFO = '6',
};

struct tar_xattr {
	char *name;
	struct buffer value;
};

/* Where a file that has holes has bytes. */
struct tar_range {
	int64_t offset, size;
};

struct tar_entry {
	enum tar_type type;
	const char *name;   /* a folder's ends in "/" */
	const char *target; /* of a link; NULL: none */
	mode_t mode;	    /* permission bits, with setuid, setgid and sticky */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	dev_t device;
	int64_t size;			/* of a file, holes and all */
	const struct tar_xattr *xattrs; /* sorted by name */
	size_t xattr_count;
	const struct tar_range *ranges; /* NULL: no holes */
	size_t range_count;
};

/* Added to `out`; a file's bytes (of its ranges alone, where it has some) come behind it and
 * tar_padding(tar_data_size(entry)) zeros behind those. */
void tar_header_write(const struct tar_entry *entry, struct buffer *out);

int64_t tar_data_size(const struct tar_entry *entry);

static inline size_t tar_padding(int64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
