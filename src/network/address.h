/* IP addresses and subnets of both families as values, and pools that give addresses out. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct address {
	int family;	   /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16]; /* in network order; the first four of IPv4 */
};

#define ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

bool address_parse(const char *text, struct address *out); /* NULL and "" are none */
const char *address_text(const struct address *address, char out[static ADDRESS_TEXT_SIZE]);
size_t address_size(const struct address *address); /* 4 or 16 */
bool address_equal(const struct address *a, const struct address *b);
bool address_is_any(const struct address *address); /* 0.0.0.0, :: */
bool address_is_loopback(const struct address *address);
struct address address_any(int family);

/* For connect() and bind(); returns the length. */
socklen_t address_to_socket(const struct address *address, uint16_t port,
			    struct sockaddr_storage *out);

struct subnet {
	struct address base; /* host bits are zero */
	int prefix;
};

/* "10.1.2.3/16"; `written` (may be NULL) gets the address with its host bits. */
bool subnet_parse(const char *text, struct subnet *out, struct address *written);
char *subnet_text(const struct subnet *subnet); /* owned by the caller */
bool subnet_contains(const struct subnet *subnet, const struct address *address);
bool subnet_overlaps(const struct subnet *a, const struct subnet *b);
struct address subnet_last(const struct subnet *subnet);

/* The address at `offset` from the base, and back.  Pools look no further than 2^32. */
struct address subnet_at(const struct subnet *subnet, uint32_t offset);
bool subnet_offset(const struct subnet *subnet, const struct address *address, uint32_t *offset);

/* ---- a pool: gives the lowest address that is free ---- */

struct address_pool {
	struct subnet subnet;
	uint32_t first, end; /* offsets: [first, end) is given out */
	uint64_t *words;     /* owned; a bit set is in use; only as many words as are needed */
	size_t word_count;
	size_t hint; /* no word before this one has a free bit */
	struct {
		uint32_t *items; /* owned: offsets in use that are not of the range */
		size_t count, capacity;
	} outside;
};

/* Addresses of `range`, which lies in `subnet`; the subnet's own and its broadcast address are never
 * given. */
void address_pool_init(struct address_pool *pool, const struct subnet *subnet,
		       const struct subnet *range);
void address_pool_fini(struct address_pool *pool);

bool address_pool_take(struct address_pool *pool, struct address *out); /* false: all in use */

/* A certain one: false when it is in use, or not of the range. */
bool address_pool_claim(struct address_pool *pool, const struct address *address);

/* The same of the whole subnet, but for its own and its broadcast address. */
bool address_pool_claim_any(struct address_pool *pool, const struct address *address);
void address_pool_give_back(struct address_pool *pool, const struct address *address);
