#include "image/content_hash.h"

#include "base/id.h"

#include <openssl/evp.h>
#include <stdint.h>

struct content_hash {
	EVP_MD_CTX *context;
};

/* OpenSSL fails here only when it is out of memory or broken. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

static void start(struct content_hash *hash)
{
	must(EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL));
}

struct content_hash *content_hash_new(void)
{
	struct content_hash *hash = mem_new(struct content_hash);

	hash->context = EVP_MD_CTX_new();
	must(hash->context != NULL);
	start(hash);
	return hash;
}

void content_hash_free(struct content_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void content_hash_add(struct content_hash *hash, const void *data, size_t size)
{
	must(EVP_DigestUpdate(hash->context, data, size));
}

void content_hash_finish(struct content_hash *hash, char out[static CONTENT_DIGEST_SIZE])
{
	unsigned char digest[32];

	must(EVP_DigestFinal_ex(hash->context, digest, NULL));
	memcpy(out, "sha256:", 7);
	hex_encode(digest, sizeof(digest), out + 7);
	start(hash);
}

void content_digest(const void *data, size_t size, char out[static CONTENT_DIGEST_SIZE])
{
	scoped(content_hash) struct content_hash *hash = content_hash_new();

	content_hash_add(hash, data, size);
	content_hash_finish(hash, out);
}

bool content_check(const void *data, size_t size, const char *digest, struct error *err)
{
	char found[CONTENT_DIGEST_SIZE];

	content_digest(data, size, found);
	return strcmp(found, digest) == 0 ||
	       error_set(err, ERROR_INVALID, "'%s' is '%s' now", digest, found);
}

void content_hash_prepare(void)
{
	char digest[CONTENT_DIGEST_SIZE];

	content_digest("", 0, digest);
}

static ssize_t next_hashed(void *data, const void **block, struct error *err)
{
	struct hashed_source *source = data;
	ssize_t size = byte_source_next(&source->from, block, err);

	if (size > 0 && source->hash)
		content_hash_add(source->hash, *block, (size_t)size);
	if (size > 0)
		source->count += size;
	return size;
}

struct byte_source hashed_source(struct hashed_source *source)
{
	return (struct byte_source){next_hashed, source};
}
