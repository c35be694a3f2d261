/* Open addressing with linear probing; removal moves the followers back instead of leaving
 * tombstones, so that a long life of adding and removing never slows a look-up.  The hash is
 * SipHash-1-3's cheaper cousin FNV-1a with a per-process seed: names come from clients. */
#include "base/map.h"

#include "base/text.h"

#include <sys/random.h>

static uint64_t hash_seed(void)
{
	static uint64_t seed;

	if (!seed && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = 0x9e3779b97f4a7c15;
	return seed;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325 ^ hash_seed();

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash ^ hash >> 32;
}

static size_t home_of(const struct map *map, const char *key)
{
	return hash_text(key) & (map->capacity - 1);
}

static struct map_slot *find_slot(const struct map *map, const char *key)
{
	size_t mask = map->capacity - 1;

	for (size_t i = home_of(map, key);; i = (i + 1) & mask) {
		struct map_slot *slot = &map->slots[i];

		if (!slot->key || strcmp(slot->key, key) == 0)
			return slot;
	}
}

static void grow(struct map *map)
{
	struct map old = *map;

	map->capacity = old.capacity ? 2 * old.capacity : 16;
	map->slots = mem_zeroed(map->capacity, sizeof(*map->slots));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i].key)
			*find_slot(map, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

static void free_key(const struct map *map, struct map_slot *slot)
{
	if (!map->borrows_keys)
		free(slot->key);
}

void map_fini(struct map *map)
{
	for (size_t i = 0; i < map->capacity; i++)
		free_key(map, &map->slots[i]);
	free(map->slots);
	*map = (struct map){0};
}

void *map_get(const struct map *map, const char *key)
{
	return map->count ? find_slot(map, key)->value : NULL;
}

static char *own_key(const struct map *map, const char *key)
{
	return map->borrows_keys ? (char *)(uintptr_t)key : str_dup(key);
}

void *map_put(struct map *map, const char *key, void *value)
{
	if (4 * (map->count + 1) > 3 * map->capacity)
		grow(map);
	struct map_slot *slot = find_slot(map, key);
	void *before = slot->value;
	if (!slot->key) {
		slot->key = own_key(map, key);
		map->count++;
	}
	slot->value = value;
	return before;
}

/* May the entry that wants to sit at `home` and sits at `at` move back to `hole`? */
static bool may_move(size_t home, size_t at, size_t hole)
{
	return at > hole ? (home <= hole || home > at) : (home <= hole && home > at);
}

void *map_remove(struct map *map, const char *key)
{
	if (!map->count)
		return NULL;
	struct map_slot *slot = find_slot(map, key);
	if (!slot->key)
		return NULL;

	void *value = slot->value;
	size_t mask = map->capacity - 1, hole = (size_t)(slot - map->slots);
	free_key(map, slot);
	map->count--;
	for (size_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
		if (!may_move(home_of(map, map->slots[i].key), i, hole))
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole] = (struct map_slot){0};
	return value;
}

static struct map_slot *slot_from(const struct map *map, size_t index)
{
	for (; index < map->capacity; index++)
		if (map->slots[index].key)
			return &map->slots[index];
	return NULL;
}

struct map_slot *map_first(const struct map *map)
{
	return slot_from(map, 0);
}

struct map_slot *map_next(const struct map *map, struct map_slot *slot)
{
	return slot_from(map, (size_t)(slot - map->slots) + 1);
}
