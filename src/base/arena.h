/* Memory that goes all at once: for trees whose nodes share text and children, so that none of them has an
 * owner of its own.  Not for what grows for as long as a process lives. */
#pragma once

#include "base/memory.h"

#include <stdarg.h>

struct arena_block;

/* Zero is an empty arena. */
struct arena {
	struct arena_block *blocks; /* owned */
	char *next, *end;	    /* of the newest block */
	size_t used;		    /* bytes handed out, for limits */
};

void arena_fini(struct arena *arena);

/* `size` bytes, zeroed, aligned for any type; they live as long as the arena. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
char *arena_text(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_text_n(struct arena *arena, const char *text, size_t size)
	__attribute__((returns_nonnull));
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));

#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))
#define scoped_arena scoped_with(arena_fini)
