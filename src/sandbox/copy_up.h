/* Filling an empty volume with what the image has at its mount point. */
#pragma once

#include "base/error.h"

/* Copy what is in the folder `from` to the folder `to` (O_PATH will do), if that is empty, and its
 * owner, mode and times; nothing where `from` is no folder.  Files keep owners, modes, times, extended
 * attributes, holes and hard links among each other.  The target may be in use by others: no link in
 * it is followed. */
bool copy_up(int from, int to, struct error *err);
