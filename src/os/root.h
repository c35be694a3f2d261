/* Paths inside a root that somebody else filled: links lead where they would lead for a process whose
 * root this is, and never outside, whatever changes meanwhile (openat2, RESOLVE_IN_ROOT). */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* An O_CLOEXEC descriptor; magic links of /proc are refused.  -1 on failure (ERROR_NOT_FOUND when
 * absent).  With O_CREAT the mode is 0644. */
int root_open(int root, const char *path, int flags, struct error *err);

/* The same for who reads errno. */
int root_resolve(int root, const char *path, int flags);

/* root_open without any symbolic link on the way, the last part included. */
int root_open_plain(int root, const char *path, int flags, struct error *err);

enum root_entry { ROOT_FOLDER, ROOT_FILE };

/* An O_PATH descriptor of what is at `path`, made with the folders above it when missing, owned by
 * the caller's user, mode 0755 or 0644.  A link that leads nowhere is followed and its target made.
 * What is there already is taken as it is, folder or not. */
int root_make(int root, const char *path, enum root_entry what, struct error *err);

/* root_make for a path's folder; *name is its last part, within `path`. */
int root_make_above(int root, const char *path, const char **name, struct error *err);
