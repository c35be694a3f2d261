/* Newer kernel calls have a fallback for older kernels, and a switch that tests force it with:
 * WHERRY_FORCE_FALLBACK=lowerdir,pidfd names what to do without. */
#pragma once

#include <stdbool.h>

bool fallback_is_forced(const char *feature);
