#include "shim/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static char *area;
static bool used;

char *scratch_area(void)
{
	void *memory;

	used = true;
	if (area)
		return area;
	memory = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED) {
		fprintf(stderr, "out of memory: a buffer of %d bytes\n", SCRATCH_SIZE);
		abort();
	}
	return area = memory;
}

bool scratch_release(void)
{
	if (area && !used) {
		munmap(area, SCRATCH_SIZE);
		area = NULL;
	}
	used = false;
	return area;
}
