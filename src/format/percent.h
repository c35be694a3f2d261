/* Text within a URL (RFC 3986): all but letters, digits and "-._~" as %XX. */
#pragma once

#include "base/byte.h"
#include "base/text.h"

static inline void percent_add(struct buffer *out, char c)
{
	if (byte_is_letter(c) || byte_is_digit(c) || (c && strchr("-._~", c)))
		buffer_add_char(out, c);
	else
		buffer_format(out, "%%%02X", (unsigned)(unsigned char)c);
}

static inline void percent_encode(struct buffer *out, const char *text)
{
	for (; *text; text++)
		percent_add(out, *text);
}
