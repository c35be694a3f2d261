/* Names of Linux capabilities. */
#pragma once

#include <stdint.h>

#define CAPABILITY_COUNT 41
#define CAPABILITIES_ALL ((UINT64_C(1) << CAPABILITY_COUNT) - 1)

/* The number of "CAP_CHOWN" or "CHOWN", in this case only; -1: unknown. */
int capability_from_name(const char *name);
