/* Where compose files come from: the host's file system, and standard input. */
#pragma once

#include "compose/compose.h"

/* Regular files and what a shell puts in their place: pipes (`-f <(...)`), which may be silent for FILES_WAIT_S
 * seconds.  Folders and devices but /dev/null are refused, as is what is larger than the limit.  Standard input is
 * read once, and what came is kept: everybody who asks for "-" gets the same. */
extern const struct compose_files host_files;

enum { FILES_WAIT_S = 30 };

/* The same for one path that is not "-", with another patience (-1: for ever). */
bool host_file_read(const char *path, size_t limit, int wait_ms, struct buffer *out,
		    struct error *err);
