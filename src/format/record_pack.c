/* The size of the record's binary form, then eight bytes of it at a time: which of them are no zeros, as bits, and
 * those.  Heads of fields and most numbers are three bytes of eight. */
#include "format/record_pack.h"

enum { GROUP = 8 };

static void pack_group(const struct buffer *plain, size_t start, struct buffer *out)
{
	unsigned char group[1 + GROUP] = {0};
	size_t count = 1;

	for (size_t i = 0; i < GROUP && start + i < plain->size; i++) {
		if (!plain->data[start + i])
			continue;
		group[0] |= (unsigned char)(1u << i);
		group[count++] = (unsigned char)plain->data[start + i];
	}
	buffer_add(out, group, count);
}

void record_pack(const struct record_type *type, const void *record, struct packed_record *out)
{
	scoped_buffer struct buffer plain = {0}, packed = {0};

	record_encode(type, record, &plain);
	uint32_t size = (uint32_t)plain.size;
	buffer_add(&packed, &size, sizeof(size));
	for (size_t i = 0; i < plain.size; i += GROUP)
		pack_group(&plain, i, &packed);
	packed_record_fini(out);
	out->bytes = mem_copy(packed.data, packed.size); /* no byte more than it needs */
}

static void expand(const unsigned char *from, struct buffer *plain, size_t size)
{
	char *to = buffer_reserve(plain, size);

	memset(to, 0, size);
	for (size_t start = 0; start < size; start += GROUP) {
		unsigned present = *from++;

		for (size_t i = 0; i < GROUP && start + i < size; i++)
			if (present & 1u << i)
				to[start + i] = (char)*from++;
	}
	buffer_wrote(plain, size);
}

bool record_unpack(const struct record_type *type, const struct packed_record *packed, void *record)
{
	scoped_buffer struct buffer plain = {0};
	struct error err;
	uint32_t size;

	if (!packed->bytes)
		return false;
	memcpy(&size, packed->bytes, sizeof(size));
	expand(packed->bytes + sizeof(size), &plain, size);
	return record_decode(type, plain.data, plain.size, record, &err);
}

static size_t packed_size(const unsigned char *bytes)
{
	size_t at = sizeof(uint32_t);
	uint32_t size;

	memcpy(&size, bytes, sizeof(size));
	for (size_t start = 0; start < size; start += GROUP)
		at += 1 + (size_t)__builtin_popcount(bytes[at]);
	return at;
}

bool packed_record_is_equal(const struct packed_record *a, const struct packed_record *b)
{
	if (!a->bytes || !b->bytes)
		return a->bytes == b->bytes;
	size_t size = packed_size(a->bytes);
	return packed_size(b->bytes) == size && memcmp(a->bytes, b->bytes, size) == 0;
}

void packed_record_fini(struct packed_record *packed)
{
	free(take(packed->bytes));
}
