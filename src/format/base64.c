#include "format/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t size, struct buffer *out)
{
	const uint8_t *in = data;
	size_t length = (size + 2) / 3 * 4;
	char *to = buffer_reserve(out, length);

	for (size_t i = 0; i < size; i += 3, to += 4) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				(left > 2 ? in[i + 2] : 0);

		to[0] = alphabet[bits >> 18];
		to[1] = alphabet[bits >> 12 & 63];
		to[2] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		to[3] = left > 2 ? alphabet[bits & 63] : '=';
	}
	buffer_wrote(out, length);
}

/* -1: no digit of either alphabet.  Contents may be megabytes: no search. */
static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static size_t without_padding(const char *text, size_t size)
{
	size_t digits = size;

	while (size - digits < 2 && digits && text[digits - 1] == '=')
		digits--;
	return digits != size && size % 4 != 0 ? SIZE_MAX : digits;
}

bool base64_decode(const char *text, size_t size, struct buffer *out)
{
	size_t digits = without_padding(text, size);
	size_t before = out->size, written = 0;
	uint32_t bits = 0;

	if (digits == SIZE_MAX || digits % 4 == 1)
		return false;
	uint8_t *to = (uint8_t *)buffer_reserve(out, digits / 4 * 3 + 3);
	for (size_t i = 0; i < digits; i++) {
		int value = digit_value(text[i]);

		if (value < 0) {
			out->data[before] = '\0';
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			to[written++] = (uint8_t)(bits >> (2 * (3 - i % 4)));
	}
	buffer_wrote(out, written);
	return true;
}
