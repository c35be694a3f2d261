/* Compiled seccomp programs: named by what they are made of, made once by a worker, kept below the data
 * root, and read by the shim before each start.
 *
 *	name = seccomp_program_name(profile, capabilities)	in the daemon
 *	<folder>/<name> is there?  else `wherry-worker seccomp` with a struct seccomp_request, once
 *	process_spec.seccomp = "<folder>/<name>"
 *
 * The daemon's side needs no libseccomp; the worker's is seccomp_compile(). */
#pragma once

#include "format/record.h"

#include <stdint.h>

/* "<64 hex digits>.bpf", owned: of the profile's text (NULL: the built-in one), the capabilities, the
 * kernel, the machine and our own version. */
char *seccomp_program_name(const char *profile, uint64_t capabilities);

/* What the worker reads from its standard input ... */
struct seccomp_request {
	char *folder;  /* absolute; made when missing */
	char *profile; /* JSON text; NULL: the built-in one */
	int64_t capabilities;
};

/* ... and writes to its standard output; kind 0 (ERROR_NONE): the file is there. */
struct seccomp_answer {
	int32_t kind, os;
	char *text;
};

extern const struct record_type seccomp_request_type, seccomp_answer_type;

/* In the worker: compile, and put the file in its place at once. */
bool seccomp_compile(const struct seccomp_request *request, struct error *err);

/* The instructions alone, added to `out`: for this host, and for any. */
struct seccomp_target;
bool seccomp_compile_here(const char *profile, uint64_t capabilities, struct buffer *out,
			  struct error *err);
bool seccomp_compile_for(const char *profile, const struct seccomp_target *target,
			 struct buffer *out, struct error *err);
