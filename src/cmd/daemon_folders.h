/* The folders of a daemon: its programs, what lasts (data root), what lives until the next boot (exec root). */
#pragma once

#include "cmd/daemon.h"

/* Both roots made, absolute in the settings, and ours alone: before anything that others see is touched.
 * ERROR_CONFLICT: another daemon has one of them; waits a second for one that is just ending. */
bool daemon_open_folders(struct daemon *d, struct error *err);
void daemon_close_folders(struct daemon *d);

/* The path of a program there, owned by the caller. */
char *daemon_program_path(const struct daemon *d, const char *name);

/* Puts the working folder in front of a path of the settings where that is relative. */
bool daemon_make_absolute(char **path, struct error *err);
