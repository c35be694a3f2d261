#include "shim/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static struct {
	char *input, *output;
	bool used;
} scratch;

static char *area(char **at, size_t size)
{
	void *memory;

	scratch.used = true;
	if (*at)
		return *at;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		fprintf(stderr, "out of memory: a buffer of %zu bytes\n", size);
		abort();
	}
	return *at = memory;
}

char *scratch_input(void)
{
	return area(&scratch.input, SCRATCH_INPUT_SIZE);
}

char *scratch_output(void)
{
	return area(&scratch.output, SCRATCH_OUTPUT_SIZE);
}

static void drop(char **at, size_t size)
{
	if (*at)
		munmap(*at, size);
	*at = NULL;
}

bool scratch_in_use(void)
{
	return scratch.input || scratch.output;
}

bool scratch_release(void)
{
	if (!scratch.used) {
		drop(&scratch.input, SCRATCH_INPUT_SIZE);
		drop(&scratch.output, SCRATCH_OUTPUT_SIZE);
	}
	scratch.used = false;
	return scratch_in_use();
}
