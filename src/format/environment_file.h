/* EnvironmentFile=: systemd.exec. */
#pragma once

#include "base/text.h"

enum { ENVIRONMENT_FILE_LIMIT = 1 << 20 };

/* Adds or replaces in `out`, in the order of the file; what cannot be a variable is skipped and named in
 * `warnings` (may be NULL). */
void environment_file_parse(const char *data, size_t size, struct pairs *out,
			    struct strings *warnings);
