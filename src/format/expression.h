/* Regular expressions of others: POSIX's extended ones, but none that takes all memory or time there is.
 *
 * regcomp copies what an operator repeats: a "+" doubles it, "{20}" makes twenty of it, and nested ones
 * multiply, so that forty bytes ("a+++...") can ask for more memory than any machine has. */
#pragma once

#include <regex.h>

#define EXPRESSION_LIMIT 1024 /* bytes */

/* As regcomp, whose result it is; REG_ESPACE for one that is too long, or that would grow too large.
 * References to what matched before ("\1") are none of POSIX's: REG_ESUBREG. */
int expression_compile(const char *text, int flags, regex_t *out);
