/* A terminal's size as the API has it: "[rows, columns]". */
#pragma once

#include "base/error.h"

/* NULL or empty leaves both as they are; a missing number is 0.  Anything but an array of numbers that
 * the kernel takes is ERROR_INVALID. */
bool console_size_parse(const char *json, int *rows, int *columns, struct error *err);
