/* Base64 (RFC 4648). */
#pragma once

#include "base/text.h"

/* The standard alphabet, padded. */
void base64_encode(const void *data, size_t size, struct buffer *out);

/* Either alphabet, padded or not, as Docker's clients send both; blanks are not allowed.
 * On failure nothing is added to `out`. */
bool base64_decode(const char *text, size_t size, struct buffer *out);
