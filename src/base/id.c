#include "base/id.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t size)
{
	char *at = out;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0)
			abort();
		at += got;
		size -= (size_t)got;
	}
}

void hex_encode(const void *data, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * size] = '\0';
}

/* Never all digits in the short form: it would be taken for a number by shells and host names. */
void id_new(char out[static ID_SIZE])
{
	unsigned char bytes[32];

	do {
		random_bytes(bytes, sizeof(bytes));
		hex_encode(bytes, sizeof(bytes), out);
	} while (strspn(out, "0123456789") >= ID_SHORT_LENGTH);
}
