#include "format/digest.h"

#include "base/byte.h"
#include "base/id.h"
#include "base/text.h"

#define PREFIX	      "sha256:"
#define PREFIX_LENGTH 7

bool hex_is_lower(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") >= length;
}

bool digest_check(const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text)
		return error_set(err, ERROR_INVALID, "invalid checksum digest format");
	if (!str_starts_with(text, PREFIX))
		return error_set(err, ERROR_INVALID, "unsupported digest algorithm");
	if (strlen(colon + 1) != DIGEST_HEX_LENGTH)
		return error_set(err, ERROR_INVALID, "invalid checksum digest length");
	if (!hex_is_lower(colon + 1, DIGEST_HEX_LENGTH))
		return error_set(err, ERROR_INVALID, "invalid checksum digest format");
	return true;
}

bool digest_is_valid(const char *text)
{
	struct error ignored;

	return digest_check(text, &ignored);
}

const char *digest_hex(const char *digest)
{
	return digest + PREFIX_LENGTH;
}

void digest_format(const uint8_t hash[static SHA256_SIZE], char out[static DIGEST_TEXT_SIZE])
{
	memcpy(out, PREFIX, PREFIX_LENGTH);
	hex_encode(hash, SHA256_SIZE, out + PREFIX_LENGTH);
}

bool digest_parse(const char *text, uint8_t hash[static SHA256_SIZE], struct error *err)
{
	if (!digest_check(text, err))
		return false;
	text = digest_hex(text);
	for (size_t i = 0; i < SHA256_SIZE; i++, text += 2)
		hash[i] = (uint8_t)(byte_hex_value(text[0]) << 4 | byte_hex_value(text[1]));
	return true;
}
