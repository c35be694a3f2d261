#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

/* An arena that has grown large takes huge pages: a fault for each 4 KiB would cost more than what is
 * written there. */
enum { BLOCK_SIZE = 64 << 10, ALIGNMENT = 16, LARGE_FROM = 1 << 20, LARGE_SIZE = 2 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t mapped; /* bytes; 0: it is on the heap */
	char data[];
};

_Static_assert(offsetof(struct arena_block, data) % ALIGNMENT == 0, "blocks begin aligned");

void arena_fini(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		if (block->mapped)
			munmap(block, block->mapped);
		else
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

/* NULL: the kernel has none, so the heap is asked. */
static struct arena_block *map_block(void)
{
	struct arena_block *block = mmap(NULL, LARGE_SIZE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED)
		return NULL;
	madvise(block, LARGE_SIZE, MADV_HUGEPAGE); /* where it can */
	block->mapped = LARGE_SIZE;
	return block;
}

static void add_block(struct arena *arena)
{
	struct arena_block *block = arena->used > LARGE_FROM ? map_block() : NULL;
	size_t size = block ? LARGE_SIZE - sizeof(*block) : BLOCK_SIZE;

	if (!block)
		block = mem_zeroed(1, sizeof(*block) + BLOCK_SIZE);
	block->next = arena->blocks;
	arena->blocks = block;
	arena->next = block->data;
	arena->end = block->data + size;
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
