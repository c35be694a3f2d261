/* Symbolic modes, as chmod(1) has them: "u=rwX,go=rX".  Pure. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* What `text` makes of a file's or folder's permission bits.  INVALID where it is none. */
bool mode_change(const char *text, mode_t mode, bool folder, mode_t *out, struct error *err);
