/* Finding the program of a process, in the container, and saying why not in the words that clients
 * take exit codes from: "executable file not found in $PATH" and "no such file or directory" are 127,
 * "permission denied" is 126.  Such an error is ERROR_INVALID with the errno in `os`. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* The path to execute, owned; NULL when there is none.  Checked with the caller's own rights.  `env`
 * is of the process to be: its PATH counts. */
char *program_find(const char *name, const struct strings *env, struct error *err);

/* Says why execve() of `path` failed, by errno. */
bool program_explain(const char *path, struct error *err);
