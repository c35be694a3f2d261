#include "build/mode_change.h"

#include <string.h>

enum { OTHERS = 0007, GROUP = 0070, OWNER = 0700 };

static mode_t class_of(char c)
{
	switch (c) {
	case 'u':
		return OWNER;
	case 'g':
		return GROUP;
	case 'o':
		return OTHERS;
	case 'a':
		return OWNER | GROUP | OTHERS;
	default:
		return 0;
	}
}

/* The bits of a letter in all three classes, and the special bits beside. */
static bool bits_of(char c, mode_t mode, bool folder, mode_t who, mode_t *bits)
{
	switch (c) {
	case 'r':
		*bits |= 0444 & who;
		return true;
	case 'w':
		*bits |= 0222 & who;
		return true;
	case 'x':
		*bits |= 0111 & who;
		return true;
	case 'X':
		*bits |= folder || mode & 0111 ? 0111 & who : 0;
		return true;
	case 's':
		*bits |= (who & OWNER ? 04000u : 0) | (who & GROUP ? 02000u : 0);
		return true;
	case 't':
		*bits |= 01000;
		return true;
	default:
		return false;
	}
}

static mode_t special_of(mode_t who)
{
	return (who & OWNER ? 04000u : 0) | (who & GROUP ? 02000u : 0);
}

/* One operator and its letters; returns where they end. */
static const char *apply(const char *at, mode_t who, bool folder, mode_t *mode)
{
	char change = *at++;
	mode_t bits = 0;

	while (bits_of(*at, *mode, folder, who, &bits))
		at++;
	if (change == '+')
		*mode |= bits;
	else if (change == '-')
		*mode &= ~bits;
	else
		*mode = (*mode & ~(who | special_of(who))) | bits;
	return at;
}

static bool is_operator(char c)
{
	return c == '+' || c == '-' || c == '=';
}

static bool refuse(const char *text, struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid chmod parameter: '%.100s'", text);
}

/* One clause, "go=rX+t"; NULL: it is none. */
static const char *take_clause(const char *at, bool folder, mode_t *mode)
{
	mode_t who = 0;

	while (class_of(*at))
		who |= class_of(*at++);
	if (!is_operator(*at))
		return NULL;
	while (is_operator(*at))
		at = apply(at, who ? who : class_of('a'), folder, mode);
	return at;
}

bool mode_change(const char *text, mode_t mode, bool folder, mode_t *out, struct error *err)
{
	const char *at = text;

	for (;; at++) { /* behind a comma */
		at = take_clause(at, folder, &mode);
		if (!at)
			return refuse(text, err);
		if (*at != ',')
			break;
	}
	if (*at)
		return refuse(text, err);
	*out = mode;
	return true;
}
