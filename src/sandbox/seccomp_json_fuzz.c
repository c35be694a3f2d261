/* Profiles come from clients: none may crash the worker, and a program that comes out must be whole. */
#include "sandbox/seccomp_program.h"

#include <linux/filter.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_buffer struct buffer program = {0};
	struct error err;

	if (seccomp_compile_here(text, 0xa80425fb, &program, &err) &&
	    (program.size == 0 || program.size % sizeof(struct sock_filter) != 0))
		abort();
	return 0;
}
