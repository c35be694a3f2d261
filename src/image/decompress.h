/* Bytes that may be compressed: gzip, zstd, bzip2, xz, told by how they begin and never by what
 * their sender says; anything else passes unchanged.
 *
 * Memory is bounded (zstd windows to 128 MiB, as its own default; xz as libarchive bounds it).  A
 * stream that ends early, or that has something behind its end, fails: what a digest covers is then
 * read to its last byte. */
#pragma once

#include "base/memory.h"
#include "image/byte_source.h"

struct decompressor;

/* Reads the first bytes of `source` (its data is borrowed).  NULL on failure. */
struct decompressor *decompressor_new(const struct byte_source *source, struct error *err);
void decompressor_free(struct decompressor *d);
scoped_define(decompressor);

struct byte_source decompressor_source(struct decompressor *d);

/* "gzip", "zstd", "bzip2", "xz", or "none". */
const char *decompressor_name(const struct decompressor *d);

/* Do bytes that begin so belong to a compressed stream? */
bool decompress_knows(const void *head, size_t size);
