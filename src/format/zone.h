/* The names of one network in a fixed binary form: the daemon writes it into a file, shims map that
 * file and look names up in it, without allocating and without the daemon.
 *
 *	header		magic, generation, sizes
 *	names		sorted: where its text is, which addresses are its
 *	addresses	of all names, those of one name side by side
 *	reverses	sorted by address: where the text of its name is
 *	texts		lower case, each with its NUL
 *
 * In the byte order of the host: the file lives in a folder that is gone at reboot. */
#pragma once

#include "base/text.h"

struct zone_address {
	uint8_t size; /* 4 or 16 */
	uint8_t bytes[16];
};

/* ---- writing ---- */

struct zone_entry {
	char *name; /* owned */
	struct zone_address address;
};

struct zone_builder {
	struct {
		struct zone_entry *items;
		size_t count, capacity;
	} names, reverses;
};

void zone_builder_fini(struct zone_builder *builder);
#define scoped_zone_builder scoped_with(zone_builder_fini)

/* `name` has this address, among others; in any case of letters. */
void zone_add(struct zone_builder *builder, const char *name, const struct zone_address *address);

/* Those of `spare` whose name nobody has in `builder`; `spare` is left empty. */
void zone_add_missing(struct zone_builder *builder, struct zone_builder *spare);

/* The name that belongs to the address; of several the first by the alphabet. */
void zone_add_reverse(struct zone_builder *builder, const struct zone_address *address,
		      const char *name);

/* Doubles are dropped.  `network` is the name of the network: "web" is also found as "web.network". */
void zone_encode(struct zone_builder *builder, const char *network, uint64_t generation,
		 struct buffer *out);

/* ---- reading ---- */

/* A view of encoded bytes, which must stay where they are; aligned to 8 bytes. */
struct zone {
	const struct zone_header *header;
	size_t size;
};

/* False: this is no zone.  Damage behind the header is found when it is met; what is damaged is not
 * there. */
bool zone_open(struct zone *zone, const void *data, size_t size);

uint64_t zone_generation(const struct zone *zone);
const char *zone_network(const struct zone *zone);

/* The addresses of a name in lower case, with the network's name behind it or without; returns how
 * many, 0: there is no such name.  `first` is for zone_at. */
size_t zone_find(const struct zone *zone, const char *name, size_t *first);
const struct zone_address *zone_at(const struct zone *zone, size_t index);

/* The name of an address, without the network's behind it; NULL: it is nobody's. */
const char *zone_reverse(const struct zone *zone, const uint8_t *bytes, size_t size);
