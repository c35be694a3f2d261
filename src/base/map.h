/* Hash map from text to pointer.  Keys are copied unless the map borrows them, values are the caller's. */
#pragma once

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	char *key; /* owned by the map, if it does not borrow; NULL: free */
	void *value;
};

struct map {
	struct map_slot *slots; /* open addressing, a power of two of them */
	size_t capacity;
	size_t count;
	bool borrows_keys; /* said before the first is put: they live as long as their entries */
};

/* Zero is an empty map. */
void map_fini(struct map *map);
void *map_get(const struct map *map, const char *key); /* NULL: not there */

/* Returns the value that stood there before, or NULL.  `value` must not be NULL. */
void *map_put(struct map *map, const char *key, void *value);
void *map_remove(struct map *map, const char *key);

/* Every slot in use, in no order; the map must not change meanwhile:
 *	for (struct map_slot *slot = map_first(&map); slot; slot = map_next(&map, slot)) */
struct map_slot *map_first(const struct map *map);
struct map_slot *map_next(const struct map *map, struct map_slot *slot);

#define scoped_map scoped_with(map_fini)
