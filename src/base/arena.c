#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>

enum { BLOCK_SIZE = 64 << 10, ALIGNMENT = 16 };

struct arena_block {
	struct arena_block *next;
	size_t unused; /* keeps what follows aligned */
	char data[];
};

_Static_assert(offsetof(struct arena_block, data) % ALIGNMENT == 0, "blocks begin aligned");

void arena_fini(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	*arena = (struct arena){0};
}

/* What does not fit into a whole block gets one of its own, behind the one in use. */
static void *add_large(struct arena *arena, size_t size)
{
	struct arena_block *block = mem_zeroed(1, sizeof(*block) + size);

	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return block->data;
}

static void add_block(struct arena *arena)
{
	struct arena_block *block = mem_zeroed(1, sizeof(*block) + BLOCK_SIZE);

	block->next = arena->blocks;
	arena->blocks = block;
	arena->next = block->data;
	arena->end = block->data + BLOCK_SIZE;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	arena->used += size;
	if (size > BLOCK_SIZE / 4)
		return add_large(arena, size);
	if ((size_t)(arena->end - arena->next) < size)
		add_block(arena);
	arena->next += size;
	return arena->next - size;
}

char *arena_text_n(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	memcpy(copy, text, size);
	return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
	return arena_text_n(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = arena_alloc(arena, (size_t)size + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)size + 1, format, args);
	va_end(args);
	return text;
}
