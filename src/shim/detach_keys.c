#include "shim/detach_keys.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void detach_keys_init(struct detach_keys *d, const char *hex)
{
	*d = (struct detach_keys){0};
	for (size_t i = 0; hex && hex[i]; i += 2) {
		int high = digit(hex[i]), low = high < 0 ? -1 : digit(hex[i + 1]);

		if (low < 0 || d->count == DETACH_KEYS_LIMIT) {
			d->count = 0;
			return;
		}
		d->keys[d->count++] = (unsigned char)(high << 4 | low);
	}
}

/* A byte that breaks the match: of the bytes held back, those go on that cannot be the beginning of
 * another match (for "p q", "p p q" detaches too). */
static void release_mismatch(struct detach_keys *d, unsigned char c, struct buffer *out)
{
	while (d->matched && d->keys[d->matched] != c) {
		size_t shorter = d->matched - 1;

		while (shorter && memcmp(d->keys, d->keys + d->matched - shorter, shorter) != 0)
			shorter--;
		buffer_add(out, d->keys, d->matched - shorter);
		d->matched = shorter;
	}
}

bool detach_keys_pass(struct detach_keys *d, const char *data, size_t size, struct buffer *out)
{
	if (d->count == 0) {
		buffer_add(out, data, size);
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		release_mismatch(d, c, out);
		if (d->keys[d->matched] != c)
			buffer_add_char(out, (char)c);
		else if (++d->matched == d->count)
			return true;
	}
	return false;
}
