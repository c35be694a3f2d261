/* Capabilities as sets of bits: names, the default set, adding and dropping. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

#define CAPABILITIES_DEFAULT UINT64_C(0xa80425fb)

/* Upper case with CAP_ in front, "ALL" as it is: how inspect shows a list.  ERROR_INVALID
 * `invalid CapAdd: unknown capability: "CAP_X"`; `field` is "CapAdd" or "CapDrop". */
bool capability_normalize(struct strings *list, const char *field, struct error *err);

/* The set of a container; the lists are normalized.  Cut to `host`, which is what this process may
 * give at all. */
uint64_t capability_set(const struct strings *add, const struct strings *drop, bool privileged,
			uint64_t host);

/* This process's bounding set. */
uint64_t capability_host(void);
