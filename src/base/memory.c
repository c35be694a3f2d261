#include "base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static void *owned_or_die(void *ptr, size_t count, size_t size)
{
	if (ptr)
		return ptr;
	fprintf(stderr, "out of memory: %zu objects of %zu bytes\n", count, size);
	abort();
}

void *mem_zeroed(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return owned_or_die(calloc(count, size), count, size);
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return owned_or_die(reallocarray(ptr, count, size), count, size);
}

void *mem_copy(const void *data, size_t size)
{
	void *copy = mem_zeroed(1, size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

void close_at(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void close_fd(int *fd)
{
	close_at(fd);
	*fd = -1;
}
