/* Names of containers: which are allowed, and those that are made up. */
#pragma once

#include "base/error.h"

#define CONTAINER_NAME_SIZE 64 /* of a made-up one */

/* [a-zA-Z0-9][a-zA-Z0-9_.-]+, with or without a slash in front.  ERROR_INVALID in Docker's words. */
bool container_name_check(const char *name, struct error *err);

/* Without its slash; borrowed from `name`. */
const char *container_name_bare(const char *name);

/* "brave_curie" by a random number; `digit` 0 to 9 stands behind it when the bare one is taken, -1:
 * none. */
void container_name_make(unsigned number, int digit, char out[static CONTAINER_NAME_SIZE]);
