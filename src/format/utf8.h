/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* By the leading byte of what is not ASCII: how long, and what may stand behind it. */
static const struct utf8_form {
	uint8_t length, second_min, second_max;
} utf8_forms[256] = {
	[0xc2 ... 0xdf] = {2, 0x80, 0xbf}, [0xe0] = {3, 0xa0, 0xbf},
	[0xe1 ... 0xec] = {3, 0x80, 0xbf}, [0xed] = {3, 0x80, 0x9f},
	[0xee ... 0xef] = {3, 0x80, 0xbf}, [0xf0] = {4, 0x90, 0xbf},
	[0xf1 ... 0xf3] = {4, 0x80, 0xbf}, [0xf4] = {4, 0x80, 0x8f},
};

/* Length of the sequence at the front, which is not ASCII; 0: there is none. */
static inline size_t utf8_length(const uint8_t *text, size_t size)
{
	const struct utf8_form *form = &utf8_forms[text[0]];

	if (form->length == 0 || size < form->length || text[1] < form->second_min ||
	    text[1] > form->second_max)
		return 0;
	for (size_t i = 2; i < form->length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return form->length;
}

/* How much at the front is ASCII, eight bytes at a time. */
static inline size_t utf8_ascii_length(const uint8_t *text, size_t size)
{
	size_t done = 0;
	uint64_t word;

	for (; size - done >= sizeof(word); done += sizeof(word)) {
		memcpy(&word, text + done, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (done < size && text[done] < 0x80)
		done++;
	return done;
}

/* How much at the front is valid. */
static inline size_t utf8_valid_length(const char *text, size_t size)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t done = utf8_ascii_length(at, size), length;

	while (done < size && (length = utf8_length(at + done, size - done))) {
		done += length;
		done += utf8_ascii_length(at + done, size - done);
	}
	return done;
}

static inline bool utf8_is_valid(const char *text)
{
	size_t size = strlen(text);

	return utf8_valid_length(text, size) == size;
}

/* Writes up to 4 bytes; returns what follows them. */
static inline char *utf8_put(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 63));
	} else {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 63));
		*to++ = (char)(0x80 | (code >> 6 & 63));
	}
	*to++ = (char)(0x80 | (code & 63));
	return to;
}
