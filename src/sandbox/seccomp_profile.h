/* Which system calls a container may make: a list of rules, the built-in one or a user's in Docker's
 * JSON form.  Pure; numbers and programs come later (seccomp_compile.h). */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

enum seccomp_operator {
	SECCOMP_NOT_EQUAL,
	SECCOMP_LESS,
	SECCOMP_LESS_OR_EQUAL,
	SECCOMP_EQUAL,
	SECCOMP_GREATER_OR_EQUAL,
	SECCOMP_GREATER,
	SECCOMP_MASKED_EQUAL,  /* (argument & value) == other */
	SECCOMP_NOT_EQUAL_INT, /* of an int: the kernel does not look at the upper half either */
};

struct seccomp_argument {
	uint32_t index;	   /* 0..5 */
	uint32_t operator; /* enum seccomp_operator */
	uint64_t value, other;
};

#define SECCOMP_ARGUMENTS 6

/* What happens to calls by these names whose arguments all fit. */
struct seccomp_rule {
	const char *names; /* parted by blanks */
	uint32_t action;   /* SECCOMP_RET_* with its data */
	struct seccomp_argument arguments[SECCOMP_ARGUMENTS];
	size_t argument_count;

	/* The rule is there only when these hold. */
	uint64_t needs, without; /* capabilities: all of these, none of those */
	const char *machines;	 /* "amd64 x32", for the host's own; NULL: any */
	const char *not_machines;
	unsigned kernel; /* at least: 4008 for 4.8 */
};

struct seccomp_profile {
	uint32_t otherwise;		  /* the action for all other calls */
	const struct seccomp_rule *rules; /* borrowed from here or from `owned` */
	size_t rule_count;
	struct strings machines; /* whose programs may run beside the host's own: "SCMP_ARCH_X86" */
	struct seccomp_rule *owned;
};

/* Deny by default; equal in effect to the default profile of Docker's engine. */
void seccomp_profile_builtin(struct seccomp_profile *out);

/* From Docker's JSON; also the OCI runtime form.  Sizes are limited; ERROR_INVALID says what is wrong.
 * `out` must be freed after success only. */
bool seccomp_profile_parse(const char *text, size_t size, struct seccomp_profile *out,
			   struct error *err);
void seccomp_profile_fini(struct seccomp_profile *profile);

/* Does the rule apply on this host, for a process with these capabilities? */
struct seccomp_target {
	uint64_t capabilities;
	unsigned kernel;     /* 6001 for 6.1 */
	const char *machine; /* "amd64", "arm64": Go's name of the host's own */
	bool x32; /* the kernel runs x32 programs; few do, and a third of a program is theirs */
};

/* This host's, as Docker's profiles write it: "SCMP_ARCH_X86_64". */
const char *seccomp_host_machine(void);
bool seccomp_rule_applies(const struct seccomp_rule *rule, const struct seccomp_target *target);
