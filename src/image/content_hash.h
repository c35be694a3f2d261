/* sha256 over bytes as they stream by: the digest of a blob, the diff id of a layer.  For workers:
 * it is OpenSSL's, which uses the processor's own instructions. */
#pragma once

#include "base/memory.h"
#include "image/byte_source.h"

#define CONTENT_DIGEST_SIZE 72 /* "sha256:", 64 hex digits, NUL */

struct content_hash;

/* OpenSSL reads its settings when it is first used; to be called before the files it would find are
 * foreign ones (image/confine.h). */
void content_hash_prepare(void);

struct content_hash *content_hash_new(void) __attribute__((returns_nonnull));
void content_hash_free(struct content_hash *hash);
scoped_define(content_hash);

void content_hash_add(struct content_hash *hash, const void *data, size_t size);

/* The digest of what was added so far; the hash starts anew. */
void content_hash_finish(struct content_hash *hash, char out[static CONTENT_DIGEST_SIZE]);

void content_digest(const void *data, size_t size, char out[static CONTENT_DIGEST_SIZE]);

/* INVALID unless these bytes are what the digest says. */
bool content_check(const void *data, size_t size, const char *digest, struct error *err);

/* A source that adds every block it passes on.  `from` and `hash` are borrowed;
 * `hash` may be NULL: they are only counted. */
struct hashed_source {
	struct byte_source from;
	struct content_hash *hash;
	int64_t count; /* bytes passed on */
};
struct byte_source hashed_source(struct hashed_source *source);
