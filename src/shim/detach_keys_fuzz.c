/* Whatever is typed in whatever pieces: the keys detach where they first occur, and everything in front
 * of them is passed on. */
#include "shim/detach_keys.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The keys, as the first byte says how many, in hex. */
static size_t read_keys(const uint8_t *data, size_t size, char hex[2 * DETACH_KEYS_LIMIT + 1])
{
	size_t count = size ? data[0] % (DETACH_KEYS_LIMIT + 1) : 0;

	if (count + 2 > size)
		count = 0;
	for (size_t i = 0; i < count; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[1 + i]);
	hex[2 * count] = '\0';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char hex[2 * DETACH_KEYS_LIMIT + 1];
	size_t count = read_keys(data, size, hex), skip = count + 2;
	scoped_buffer struct buffer out = {0};
	struct detach_keys d;
	bool detached = false;

	if (size < skip)
		return 0;
	const char *typed = (const char *)data + skip;
	size_t left = size - skip, step = data[1 + count] % 7 + 1;
	const char *found = count ? memmem(typed, left, data + 1, count) : NULL;
	detach_keys_init(&d, hex);
	for (size_t at = 0; at < left && !detached; at += step)
		detached =
			detach_keys_pass(&d, typed + at, left - at < step ? left - at : step, &out);
	must(detached == (found != NULL));
	must(out.size == (found ? (size_t)(found - typed) : left - d.matched));
	must(out.size == 0 || memcmp(out.data, typed, out.size) == 0);
	return 0;
}
