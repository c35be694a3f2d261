/* How to write a layer's tar again, bit by bit, from the layer's folder: the digest of a layer covers
 * its tar, and the folder has lost the order of the entries, their headers and their padding.
 *
 * A recipe is a file beside the layer: what is no file's content, in the order of the tar, and where the
 * files' contents come between.  zstd-compressed; about a hundredth of the layer.  It is written while
 * the tar goes by (unpack, commit) and read by those who need the tar (push, save).
 *
 * Form, uncompressed: "wherry recipe 1\n", then pieces: 'B' u32 size, the bytes themselves; 'F' u32 size
 * of the path, u64 offset, u64 size, the path: these bytes of that file; 'E' the end.  Little endian. */
#pragma once

#include "base/error.h"
#include "base/memory.h"

#include <stdint.h>

/* ---- writing ---- */

struct recipe_writer;

/* `file` is borrowed. */
struct recipe_writer *recipe_writer_new(int file);
void recipe_writer_free(struct recipe_writer *writer);
scoped_define(recipe_writer);

/* Failures are kept and told by the end. */
void recipe_bytes(struct recipe_writer *writer, const void *bytes, size_t size);
void recipe_content(struct recipe_writer *writer, const char *path, int64_t offset, int64_t size);

/* All of it is in the file, not yet on the disk. */
bool recipe_writer_finish(struct recipe_writer *writer, struct error *err);

/* ---- reading ---- */

/* How long the tar is.  Its position is 0 before and afterwards. */
bool recipe_size(int recipe, int64_t *size, struct error *err);

struct recipe_sink {
	bool (*write)(void *data, const void *bytes, size_t size, struct error *err);
	void *data;
};

/* Write the tar again from the layer's folder `root`.  What the files have become meanwhile is written
 * as it is: the reader compares the digest.  INVALID for a recipe that is none, or broken; a file that is
 * gone or shorter fails by name. */
bool recipe_replay(int recipe, int root, const struct recipe_sink *sink, struct error *err);
