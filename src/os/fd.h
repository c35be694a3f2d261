/* Descriptors: whole reads and writes, and copies in memory that nobody can change. */
#pragma once

#include "base/error.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>

/* 0, 1 and 2 become /dev/null where who started us left them closed: else what is opened next gets their numbers, and
 * is read as our input, or written to by whoever prints or logs.  To be called first of all in main(). */
void fd_hold_standard(void);

/* Write all of it, through short writes and interruptions; on a full non-blocking descriptor it
 * waits for room. */
bool fd_write_all(int fd, const void *data, size_t size, struct error *err);

/* Read exactly `size` bytes; an earlier end is ERROR_UNAVAILABLE. */
bool fd_read_all(int fd, void *out, size_t size, struct error *err);

bool fd_set_nonblocking(int fd, bool nonblocking, struct error *err);

/* "/proc/self/fd/N": a path for calls that take no descriptor. */
#define FD_PATH_SIZE 32
const char *fd_path(int fd, char out[static FD_PATH_SIZE]);

/* A file in memory that holds these bytes for ever: write, grow, shrink and further seals are
 * refused, so it can be handed to a process that is not trusted.  It can be executed; `name` is
 * what /proc shows.  Its position is 0.  -1 on failure. */
int memfd_sealed(const char *name, const void *data, size_t size, struct error *err);

/* The same with the bytes of the file `source`, from its beginning, at most `limit`. */
int memfd_sealed_copy(const char *name, int source, size_t limit, struct error *err);
