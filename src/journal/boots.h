/* Boots by what people call them. */
#pragma once

#include "journal/file.h"

/* An id, "0" or "-0" for the last boot that the journal knows, "-1" for the one before, "1" for its first.
 * NOT_FOUND: there are not so many. */
bool journal_boot_find(const char *folder, const char *text, uint8_t out[static 16],
		       struct error *err);
