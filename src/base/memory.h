/* Allocation that cannot fail, and the scoped clean-up of whatever a function owns.
 *
 * Running out of memory ends the process with a line on stderr: a shim per container outlives the
 * daemon, so ending is safe and nobody checks for NULL.  A size that comes from outside must meet a
 * limit before it reaches these functions. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* `count` objects of `size` bytes, zeroed.  Never NULL, also for 0 bytes. */
void *mem_zeroed(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resize `ptr` (NULL is an empty block) to `count` objects; what is new is not zeroed. */
void *mem_resize(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of `size` bytes. */
void *mem_copy(const void *data, size_t size) __attribute__((returns_nonnull));

#define mem_new(type) ((type *)mem_zeroed(1, sizeof(type)))

/* What a scope owns is declared `scoped...`, always with an initial value, and leaves the scope
 * only through take():
 *
 *	scoped_free char *path = str_format("%s/%s", root, name);
 *	scoped_fd int fd = open(path, O_CLOEXEC);
 *	scoped(container) struct container *c = container_new(id);
 */
#define scoped_with(fn) __attribute__((cleanup(fn), unused)) /* unused: some only hold on */
#define scoped(type) scoped_with(type##_free_at)
#define scoped_free scoped_with(free_at)
#define scoped_fd scoped_with(close_at)

#define take(ptr)                                                                                  \
	__extension__({                                                                            \
		__typeof__(ptr) value_ = (ptr);                                                    \
		(ptr) = NULL;                                                                      \
		value_;                                                                            \
	})

/* The same for descriptors, whose empty value is -1. */
#define take_fd(fd)                                                                                \
	__extension__({                                                                            \
		int value_ = (fd);                                                                 \
		(fd) = -1;                                                                         \
		value_;                                                                            \
	})

/* Defines type_free_at(), so that scoped(type) calls type_free(). */
#define scoped_define(type)                                                                        \
	static inline void type##_free_at(struct type **ptr)                                       \
	{                                                                                          \
		type##_free(*ptr);                                                                 \
	}

static inline void free_at(void *ptr)
{
	free(*(void **)ptr);
}

/* Closes *fd unless it is negative; errno is kept. */
void close_at(int *fd);

/* Closes a descriptor that a struct holds and marks it empty. */
void close_fd(int *fd);

#define array_length(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))
