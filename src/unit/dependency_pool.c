#include "unit/dependency_pool.h"

#include "base/list.h"
#include "base/memory.h"

#include <pthread.h>

struct pooled {
	struct pooled *next; /* in its bucket */
	uint32_t hash, references;
	size_t count;
	struct unit_dependency items[];
};

enum { BUCKETS = 512 }; /* a power of two */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pooled *buckets[BUCKETS];

/* Names are interned: their pointers say it all. */
static uint32_t hash_of(const struct unit_dependency *items, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ (uintptr_t)items[i].name) * 0x9e3779b97f4a7c15;
		hash = (hash ^ items[i].kind ^ (uint64_t)items[i].implicit << 8) *
		       0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

static bool is_equal(const struct pooled *list, const struct unit_dependency *items, size_t count)
{
	if (list->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (list->items[i].kind != items[i].kind || list->items[i].name != items[i].name ||
		    list->items[i].implicit != items[i].implicit)
			return false;
	return true;
}

static struct pooled *find(uint32_t hash, const struct unit_dependency *items, size_t count)
{
	struct pooled *list = buckets[hash % BUCKETS];

	while (list && (list->hash != hash || !is_equal(list, items, count)))
		list = list->next;
	return list;
}

static struct pooled *add(uint32_t hash, const struct unit_dependency *items, size_t count)
{
	struct pooled *list = mem_zeroed(1, sizeof(*list) + count * sizeof(*items));

	list->hash = hash;
	list->count = count;
	memcpy(list->items, items, count * sizeof(*items));
	list->next = buckets[hash % BUCKETS];
	buckets[hash % BUCKETS] = list;
	return list;
}

const struct unit_dependency *dependency_pool_get(const struct unit_dependency *items, size_t count)
{
	if (!count)
		return NULL;
	uint32_t hash = hash_of(items, count);
	pthread_mutex_lock(&lock);
	struct pooled *list = find(hash, items, count);
	if (!list)
		list = add(hash, items, count);
	list->references++;
	pthread_mutex_unlock(&lock);
	return list->items;
}

static void drop(struct pooled *list)
{
	struct pooled **at = &buckets[list->hash % BUCKETS];

	while (*at != list)
		at = &(*at)->next;
	*at = list->next;
	free(list);
}

void dependency_pool_release(const struct unit_dependency *items)
{
	if (!items)
		return;
	struct pooled *list = container_of((uintptr_t)items, struct pooled, items);
	pthread_mutex_lock(&lock);
	if (--list->references == 0)
		drop(list);
	pthread_mutex_unlock(&lock);
}
