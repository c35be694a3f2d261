/* Moments as --since and --until take them. */
#pragma once

#include "base/error.h"

/* "5m" (ago), RFC 3339, a date with or without a time in local time, or Unix seconds, into the Unix
 * seconds that the API takes: "1735689600.000000000".  The caller frees the text. */
char *moment_to_unix(const char *text, struct error *err);
