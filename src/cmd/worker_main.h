/* main() of a program whose first argument names the job to do. */
#pragma once

#include "cmd/worker.h"

#include <stddef.h>

struct worker_entry {
	const char *name;
	worker_job *run;
};

struct worker_program {
	const char *name;
	const struct worker_entry *jobs;
	size_t count;
};

int worker_main(const struct worker_program *program, int argc, char **argv);
