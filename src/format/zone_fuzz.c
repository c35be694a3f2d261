/* Any bytes as a zone: whatever is found lies within them.  And bytes as names: what was encoded is
 * found again. */
#include "format/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(const struct zone *zone, const char *name)
{
	size_t first, count = zone_find(zone, name, &first);
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum = (uint8_t)(sum + zone_at(zone, first + i)->bytes[15]);
}

static void read_foreign(const uint8_t *data, size_t size)
{
	scoped_free char *copy = mem_zeroed(1, size + 1);
	struct zone zone;

	memcpy(copy, data, size);
	if (!zone_open(&zone, copy, size))
		return;
	search(&zone, "web");
	search(&zone, "web.net");
	zone_reverse(&zone, (const uint8_t *)"\x0a\0\0\2", 4);
}

static void find_again(const uint8_t *data, size_t size)
{
	static const struct zone_address address = {4, {10, 0, 0, 2}};
	scoped_free char *text = str_dup_n(size ? (const char *)data : "", size);
	scoped_strings struct strings names = strings_split(text, ' ');
	scoped_zone_builder struct zone_builder builder = {0};
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;
	size_t first;

	for (size_t i = 0; i < names.count; i++)
		zone_add(&builder, names.items[i], &address);
	zone_encode(&builder, "net", 1, &bytes);
	if (!zone_open(&zone, bytes.data, bytes.size))
		abort();
	for (size_t i = 0; i < builder.names.count; i++)
		if (zone_find(&zone, builder.names.items[i].name, &first) != 1)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_foreign(data, size);
	find_again(data, size);
	return 0;
}
