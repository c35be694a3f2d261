#include "network/address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

/* ---- addresses ---- */

bool address_parse(const char *text, struct address *out)
{
	*out = (struct address){0};
	if (str_is_empty(text))
		return false;
	out->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(out->family, text, out->bytes) == 1)
		return true;
	out->family = 0;
	return false;
}

const char *address_text(const struct address *address, char out[static ADDRESS_TEXT_SIZE])
{
	out[0] = 0;
	if (address->family)
		inet_ntop(address->family, address->bytes, out, ADDRESS_TEXT_SIZE);
	return out;
}

size_t address_size(const struct address *address)
{
	return address->family == AF_INET6 ? 16 : 4;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, address_size(a)) == 0;
}

struct address address_any(int family)
{
	return (struct address){.family = family};
}

bool address_is_any(const struct address *address)
{
	struct address any = address_any(address->family);

	return address_equal(address, &any);
}

bool address_is_loopback(const struct address *address)
{
	static const uint8_t one[16] = {[15] = 1};

	if (address->family == AF_INET)
		return address->bytes[0] == 127;
	return address->family == AF_INET6 && memcmp(address->bytes, one, sizeof(one)) == 0;
}

socklen_t address_to_socket(const struct address *address, uint16_t port,
			    struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (address->family == AF_INET6) {
		struct sockaddr_in6 *in6 = (void *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (void *)out;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
	return sizeof(*in);
}

/* ---- subnets ---- */

static int family_bits(int family)
{
	return family == AF_INET6 ? 128 : 32;
}

/* The part of byte `index` that a prefix of `prefix` bits covers. */
static uint8_t prefix_mask(int prefix, size_t index)
{
	int bits = prefix - (int)(8 * index);

	return bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff << (8 - bits));
}

static struct address masked(const struct address *address, int prefix)
{
	struct address out = *address;

	for (size_t i = 0; i < address_size(address); i++)
		out.bytes[i] &= prefix_mask(prefix, i);
	return out;
}

bool subnet_parse(const char *text, struct subnet *out, struct address *written)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	scoped_free char *head = slash ? str_dup_n(text, (size_t)(slash - text)) : NULL;
	struct address address;
	uint64_t prefix;

	if (!slash || !address_parse(head, &address) || !parse_u64(slash + 1, &prefix) ||
	    prefix > (uint64_t)family_bits(address.family))
		return false;
	*out = (struct subnet){.base = masked(&address, (int)prefix), .prefix = (int)prefix};
	if (written)
		*written = address;
	return true;
}

char *subnet_text(const struct subnet *subnet)
{
	char text[ADDRESS_TEXT_SIZE];

	return str_format("%s/%d", address_text(&subnet->base, text), subnet->prefix);
}

bool subnet_contains(const struct subnet *subnet, const struct address *address)
{
	struct address head = masked(address, subnet->prefix);

	return address->family == subnet->base.family && address_equal(&head, &subnet->base);
}

bool subnet_overlaps(const struct subnet *a, const struct subnet *b)
{
	return a->prefix <= b->prefix ? subnet_contains(a, &b->base) : subnet_contains(b, &a->base);
}

struct address subnet_last(const struct subnet *subnet)
{
	struct address out = subnet->base;

	for (size_t bit = (size_t)subnet->prefix; bit < 8 * address_size(&out); bit++)
		out.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return out;
}

static uint32_t read_tail(const struct address *address)
{
	const uint8_t *tail = address->bytes + address_size(address) - 4;

	return (uint32_t)tail[0] << 24 | (uint32_t)tail[1] << 16 | (uint32_t)tail[2] << 8 | tail[3];
}

struct address subnet_at(const struct subnet *subnet, uint32_t offset)
{
	struct address out = subnet->base;
	uint32_t value = read_tail(&out) + offset;
	uint8_t *tail = out.bytes + address_size(&out) - 4;

	for (int i = 3; i >= 0; i--, value >>= 8)
		tail[i] = (uint8_t)value;
	return out;
}

bool subnet_offset(const struct subnet *subnet, const struct address *address, uint32_t *offset)
{
	struct address back;

	if (!subnet_contains(subnet, address))
		return false;
	*offset = read_tail(address) - read_tail(&subnet->base);
	back = subnet_at(subnet, *offset);
	return address_equal(&back, address);
}

/* ---- pools ---- */

#define WORD_BITS 64

/* A pool uses no more than the first 2^24 addresses: one claimed at its end costs 2 MB. */
#define SPAN_BITS_MAX 24

static uint32_t span(const struct subnet *subnet)
{
	int bits = family_bits(subnet->base.family) - subnet->prefix;

	return UINT32_C(1) << (bits < SPAN_BITS_MAX ? bits : SPAN_BITS_MAX);
}

void address_pool_init(struct address_pool *pool, const struct subnet *subnet,
		       const struct subnet *range)
{
	uint32_t first = 0, whole = span(subnet), end;

	*pool = (struct address_pool){.subnet = *subnet};
	subnet_offset(subnet, &range->base, &first);
	end = first + (span(range) < whole - first ? span(range) : whole - first);
	if (whole > 2) { /* a subnet of two addresses, /31, has no others to spare */
		first = first > 1 ? first : 1;
		end = end < whole - 1 ? end : whole - 1;
	}
	pool->first = first;
	pool->end = end;
}

void address_pool_fini(struct address_pool *pool)
{
	free(pool->words);
	vector_fini(&pool->outside);
	*pool = (struct address_pool){0};
}

/* The bitmap covers [first, end) but words beyond the last one ever used are not there. */
static void grow(struct address_pool *pool, size_t words)
{
	if (words <= pool->word_count)
		return;
	pool->words = mem_resize(pool->words, words, sizeof(*pool->words));
	memset(pool->words + pool->word_count, 0,
	       (words - pool->word_count) * sizeof(*pool->words));
	pool->word_count = words;
}

bool address_pool_take(struct address_pool *pool, struct address *out)
{
	uint64_t bit;

	while (pool->hint < pool->word_count && pool->words[pool->hint] == UINT64_MAX)
		pool->hint++;
	grow(pool, pool->hint + 1);
	bit = pool->hint * WORD_BITS + (uint64_t)__builtin_ctzll(~pool->words[pool->hint]);
	if (bit >= pool->end - pool->first)
		return false;
	pool->words[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
	*out = subnet_at(&pool->subnet, pool->first + (uint32_t)bit);
	return true;
}

/* Where the bitmap keeps an address; what is outside of the range has no bit. */
static bool find_bit(const struct address_pool *pool, const struct address *address, uint32_t *bit)
{
	uint32_t offset;

	if (!subnet_offset(&pool->subnet, address, &offset) || offset < pool->first ||
	    offset >= pool->end)
		return false;
	*bit = offset - pool->first;
	return true;
}

bool address_pool_claim(struct address_pool *pool, const struct address *address)
{
	uint32_t bit;
	uint64_t mask;

	if (!find_bit(pool, address, &bit))
		return false;
	mask = UINT64_C(1) << bit % WORD_BITS;
	grow(pool, bit / WORD_BITS + 1);
	if (pool->words[bit / WORD_BITS] & mask)
		return false;
	pool->words[bit / WORD_BITS] |= mask;
	return true;
}

/* Containers that name an address outside of the range are few. */
static bool find_outside(const struct address_pool *pool, uint32_t offset, size_t *index)
{
	for (size_t i = 0; i < pool->outside.count; i++) {
		if (pool->outside.items[i] != offset)
			continue;
		*index = i;
		return true;
	}
	return false;
}

bool address_pool_claim_any(struct address_pool *pool, const struct address *address)
{
	uint32_t offset, size = span(&pool->subnet);
	size_t index;

	if (!subnet_offset(&pool->subnet, address, &offset) ||
	    (size > 2 && (offset == 0 || offset == size - 1)))
		return false;
	if (offset >= pool->first && offset < pool->end)
		return address_pool_claim(pool, address);
	if (find_outside(pool, offset, &index))
		return false;
	vector_add(&pool->outside, offset);
	return true;
}

static void give_back_outside(struct address_pool *pool, const struct address *address)
{
	uint32_t offset;
	size_t index;

	if (subnet_offset(&pool->subnet, address, &offset) && find_outside(pool, offset, &index))
		vector_remove(&pool->outside, index);
}

void address_pool_give_back(struct address_pool *pool, const struct address *address)
{
	uint32_t bit;

	if (!find_bit(pool, address, &bit)) {
		give_back_outside(pool, address);
		return;
	}
	if (bit / WORD_BITS >= pool->word_count)
		return;
	pool->words[bit / WORD_BITS] &= ~(UINT64_C(1) << bit % WORD_BITS);
	if (bit / WORD_BITS < pool->hint)
		pool->hint = bit / WORD_BITS;
}
