/* Kinds of bytes, whatever the locale says. */
#pragma once

#include <stdbool.h>

static inline bool byte_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool byte_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of a hexadecimal digit, of either case; -1: it is none. */
static inline int byte_hex_value(char c)
{
	if (byte_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool byte_is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* White space as unit files have it. */
static inline bool byte_is_blank(char c)
{
	return c == ' ' || c == '\t' || byte_is_line_end(c);
}
