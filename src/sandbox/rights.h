/* What a process may do: capabilities, seccomp, limits. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* ---- capabilities, bit i for capability i ---- */

/* What this process could give: its bounding set, which is also its permitted set for root. */
uint64_t capabilities_of_host(void);

/* Take everything else out of the bounding set.  Needs CAP_SETPCAP, so before the user changes. */
bool capabilities_bound(uint64_t capabilities, struct error *err);

/* Permitted and effective; the inheritable set is emptied, and the ambient one with it. */
bool capabilities_set(uint64_t capabilities, struct error *err);

/* ---- seccomp ---- */

/* The program of a file, checked to be whole instructions within the kernel's limit. */
bool seccomp_read(const char *path, struct buffer *out, struct error *err);
bool seccomp_install(const struct buffer *program, struct error *err);

/* ---- limits ---- */

/* RLIMIT_NOFILE for "nofile"; -1: unknown. */
int rlimit_from_name(const char *name);

/* Lower `limit` to what this process may give; true when that was necessary. */
bool rlimit_clamp(int resource, struct rlimit *limit);
