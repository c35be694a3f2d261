/* SystemCallFilter= and the Restrict keys as profiles of system calls, in the JSON form that the worker
 * compiles (sandbox/seccomp_program.h).  Pure. */
#pragma once

#include "base/error.h"
#include "execution/plan.h"

/* Names of a group, "@mount" ..., parted by blanks; groups within it are written as such.  NULL: there is none. */
const char *system_call_group(const char *name);

/* What SystemCallFilter=, SystemCallErrorNumber= and SystemCallArchitectures= say; NULL: nothing.  Owned.
 * Unknown names are skipped with a warning. */
char *system_call_profile(const struct execution_context *context, struct strings *warnings);

/* What RestrictAddressFamilies=, RestrictNamespaces=, RestrictSUIDSGID= ... say; NULL: nothing.  Owned. */
char *restriction_profile(const struct execution_context *context, struct strings *warnings);
