/* Digests as text: "sha256:" and 64 lower-case hex digits.  Hashing itself is the workers' matter.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

#define SHA256_SIZE	   32
#define DIGEST_HEX_LENGTH  64
#define DIGEST_TEXT_LENGTH 71
#define DIGEST_TEXT_SIZE   (DIGEST_TEXT_LENGTH + 1)

/* Exactly one digest of the kind above; the words are those of Docker's clients. */
bool digest_check(const char *text, struct error *err);
bool digest_is_valid(const char *text);

/* The hex digits of a valid digest (borrowed). */
const char *digest_hex(const char *digest);

void digest_format(const uint8_t hash[static SHA256_SIZE], char out[static DIGEST_TEXT_SIZE]);
bool digest_parse(const char *text, uint8_t hash[static SHA256_SIZE], struct error *err);

/* `length` characters of `text` are lower-case hex digits. */
bool hex_is_lower(const char *text, size_t length);
