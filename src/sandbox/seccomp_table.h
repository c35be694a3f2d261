/* From what happens to each number of a machine's system calls to a BPF program.  Pure: no libseccomp.
 *
 * Programs are made of ranges of numbers with the same outcome, found by bisection: seven comparisons
 * for any call where a list would take hundreds, and the kernel, which runs a new filter once for every
 * number, installs it in a twentieth of the time. */
#pragma once

#include "sandbox/seccomp_profile.h"

#include <linux/filter.h>

/* A rule of one number: its arguments, and what happens when they fit. */
struct seccomp_branch {
	struct seccomp_argument arguments[SECCOMP_ARGUMENTS];
	size_t argument_count;
	uint32_t action;
};

struct seccomp_choice {
	uint32_t number;
	struct seccomp_branch *branches; /* tried in this order */
	size_t count, capacity;
	bool has_action; /* a rule without arguments: when no branch fits */
	uint32_t action;
};

/* One machine: numbers with their outcomes, in any order until seccomp_program_new sorts them. */
struct seccomp_machine {
	uint32_t audit; /* AUDIT_ARCH_* */
	bool wide;	/* arguments of 64 bits */
	uint32_t first; /* its numbers begin here (x32: 0x40000000) */
	struct {
		struct seccomp_choice *items;
		size_t count, capacity;
	} choices;
};

struct seccomp_table {
	struct {
		struct seccomp_machine *items;
		size_t count, capacity;
	} machines;	    /* those of one audit number side by side */
	uint32_t otherwise; /* for numbers without a choice */
	uint32_t newer;	    /* for numbers behind the last one with a choice */
	uint32_t foreign;   /* for machines that are not here */
};

/* Add a rule's outcome for one number.  Of rules without arguments the first one counts. */
void seccomp_machine_add(struct seccomp_machine *machine, uint32_t number,
			 const struct seccomp_rule *rule);

/* Instructions, owned by the caller; ERROR_INVALID when they are more than the kernel takes. */
struct sock_filter *seccomp_program_new(struct seccomp_table *table, size_t *length,
					struct error *err);
void seccomp_table_fini(struct seccomp_table *table);
