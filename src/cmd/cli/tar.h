/* Archives as the command reads and writes them: one member after the other, nothing held but its head.
 * Written is ustar, with a pax header where ustar has no room; read is ustar, pax and GNU's long names. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

struct tar_entry {
	char *name; /* owned, as it stands in the archive */
	char *link; /* owned: target of a symbolic link, name of the first of hard links; or NULL */
	char type; /* '0' file, '1' hard link, '2' symbolic link, '3' '4' device, '5' folder, '6' fifo */
	mode_t mode; /* permissions alone */
	uint64_t uid, gid;
	int64_t size; /* of what follows the head */
	int64_t mtime_ns;
	unsigned major, minor;
	struct pairs attributes;  /* extended attributes whose values are text */
	struct buffer capability; /* security.capability, which is not */
};

void tar_entry_fini(struct tar_entry *entry);
#define scoped_tar_entry scoped_with(tar_entry_fini)

/* ---- writing ---- */

/* The head of a member; its content and tar_pad() follow. */
void tar_write_head(struct buffer *out, const struct tar_entry *entry);
void tar_pad(struct buffer *out, int64_t size); /* zeros up to the next block */
void tar_write_end(struct buffer *out);

/* ---- reading ---- */

struct tar_reader;

/* `read` gives the archive's next bytes: 0 at the end, -1 with err set. */
struct tar_reader *tar_reader_new(ssize_t (*read)(void *data, void *out, size_t size,
						  struct error *err),
				  void *data);
void tar_reader_free(struct tar_reader *reader);
scoped_define(tar_reader)

	/* The next member; what was not read of the last one's content is passed over.  0: the end of the
 * archive, 1: an entry (which the caller frees), -1: no archive. */
	int tar_reader_next(struct tar_reader *reader, struct tar_entry *entry, struct error *err);

/* Its content, piece by piece; 0 at its end. */
ssize_t tar_reader_read(struct tar_reader *reader, void *out, size_t size, struct error *err);
