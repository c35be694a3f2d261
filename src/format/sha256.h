/* SHA-256 (FIPS 180-4) for short texts, where OpenSSL is not linked: names that are made of digests.
 * Blobs are hashed by the workers, with the processor's own instructions. */
#pragma once

#include "format/digest.h"

#include <stddef.h>

void sha256(const void *data, size_t size, uint8_t hash[static SHA256_SIZE]);

/* The same as "sha256:<hex>". */
void sha256_digest(const void *data, size_t size, char out[static DIGEST_TEXT_SIZE]);
