#include "format/zone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC	    "wh-zone1"
#define MAGIC_SIZE  8
#define NAMES_LIMIT (1u << 24)

struct zone_header {
	char magic[MAGIC_SIZE];
	uint64_t generation;
	uint32_t size; /* of all */
	uint32_t names, addresses, reverses;
	uint32_t network; /* offset of its text */
	uint32_t unused;
};

struct name_row {
	uint32_t text, first, count;
};

struct reverse_row {
	struct zone_address address;
	uint32_t text;
};

/* ---- writing ---- */

static void entries_free(struct zone_entry *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(items[i].name);
}

void zone_builder_fini(struct zone_builder *builder)
{
	entries_free(builder->names.items, builder->names.count);
	entries_free(builder->reverses.items, builder->reverses.count);
	vector_fini(&builder->names);
	vector_fini(&builder->reverses);
}

static struct zone_entry new_entry(const char *name, const struct zone_address *address)
{
	struct zone_entry entry = {.name = str_dup(name), .address = {.size = address->size}};

	memcpy(entry.address.bytes, address->bytes, address->size);
	for (char *c = entry.name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return entry;
}

void zone_add(struct zone_builder *builder, const char *name, const struct zone_address *address)
{
	vector_add(&builder->names, new_entry(name, address));
}

static bool has_name(const struct zone_builder *builder, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(builder->names.items[i].name, name))
			return true;
	return false;
}

void zone_add_missing(struct zone_builder *builder, struct zone_builder *spare)
{
	size_t count = builder->names.count;

	for (size_t i = 0; i < spare->names.count; i++) {
		struct zone_entry *entry = &spare->names.items[i];

		if (has_name(builder, count, entry->name))
			continue;
		vector_add(&builder->names, *entry);
		entry->name = NULL;
	}
	zone_builder_fini(spare);
}

void zone_add_reverse(struct zone_builder *builder, const struct zone_address *address,
		      const char *name)
{
	vector_add(&builder->reverses, new_entry(name, address));
}

static int compare_addresses(const struct zone_address *a, const struct zone_address *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int compare_entries(const void *a, const void *b)
{
	const struct zone_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : compare_addresses(&x->address, &y->address);
}

static int compare_reverses(const void *a, const void *b)
{
	const struct zone_entry *x = a, *y = b;
	int order = compare_addresses(&x->address, &y->address);

	return order ? order : strcmp(x->name, y->name);
}

static uint32_t add_text(struct buffer *texts, const char *text)
{
	uint32_t offset = (uint32_t)texts->size;

	buffer_add(texts, text, strlen(text) + 1);
	return offset;
}

struct sections {
	struct buffer names, addresses, reverses, texts;
};

static void sections_fini(struct sections *s)
{
	buffer_fini(&s->names);
	buffer_fini(&s->addresses);
	buffer_fini(&s->reverses);
	buffer_fini(&s->texts);
}

static uint32_t count_of(const struct buffer *rows, size_t size)
{
	return (uint32_t)(rows->size / size);
}

/* The entries of one name, from `first` on; returns how many there are. */
static size_t add_name(struct sections *s, const struct zone_entry *first, size_t left)
{
	struct name_row row = {.text = add_text(&s->texts, first->name),
			       .first = count_of(&s->addresses, sizeof(struct zone_address))};
	size_t i = 0;

	for (; i < left && str_equal(first[i].name, first->name); i++) {
		if (i > 0 && compare_addresses(&first[i].address, &first[i - 1].address) == 0)
			continue;
		buffer_add(&s->addresses, &first[i].address, sizeof(first[i].address));
		row.count++;
	}
	buffer_add(&s->names, &row, sizeof(row));
	return i;
}

static void add_reverse(struct sections *s, const struct zone_entry *entry)
{
	struct reverse_row row;

	memset(&row, 0, sizeof(row));
	row.address = entry->address;
	row.text = add_text(&s->texts, entry->name);
	buffer_add(&s->reverses, &row, sizeof(row));
}

static void sort(struct zone_entry *items, size_t count,
		 int (*compare)(const void *a, const void *b))
{
	if (count > 1)
		qsort(items, count, sizeof(*items), compare);
}

static void add_section(struct buffer *out, const struct buffer *section)
{
	static const char zeros[8];

	buffer_add(out, section->data ? section->data : "", section->size);
	buffer_add(out, zeros, -out->size % sizeof(zeros));
}

void zone_encode(struct zone_builder *builder, const char *network, uint64_t generation,
		 struct buffer *out)
{
	scoped_with(sections_fini) struct sections s = {0};
	struct zone_header header = {.magic = MAGIC, .generation = generation};

	header.network = add_text(&s.texts, network);
	sort(builder->names.items, builder->names.count, compare_entries);
	sort(builder->reverses.items, builder->reverses.count, compare_reverses);
	for (size_t done = 0; done < builder->names.count;)
		done += add_name(&s, builder->names.items + done, builder->names.count - done);
	for (size_t i = 0; i < builder->reverses.count; i++)
		if (i == 0 || compare_addresses(&builder->reverses.items[i].address,
						&builder->reverses.items[i - 1].address) != 0)
			add_reverse(&s, &builder->reverses.items[i]);
	header.names = count_of(&s.names, sizeof(struct name_row));
	header.addresses = count_of(&s.addresses, sizeof(struct zone_address));
	header.reverses = count_of(&s.reverses, sizeof(struct reverse_row));
	buffer_clear(out);
	buffer_add(out, &header, sizeof(header));
	add_section(out, &s.names);
	add_section(out, &s.addresses);
	add_section(out, &s.reverses);
	add_section(out, &s.texts);
	buffer_add_char(out, '\0');
	header.size = (uint32_t)out->size;
	memcpy(out->data, &header, sizeof(header));
}

/* ---- reading ---- */

static size_t padded(size_t size)
{
	return (size + 7) / 8 * 8;
}

/* Offsets of the sections. */
struct layout {
	size_t names, addresses, reverses, texts;
};

static struct layout layout_of(const struct zone_header *header)
{
	struct layout l = {.names = sizeof(*header)};

	l.addresses = l.names + padded(header->names * sizeof(struct name_row));
	l.reverses = l.addresses + padded(header->addresses * sizeof(struct zone_address));
	l.texts = l.reverses + padded(header->reverses * sizeof(struct reverse_row));
	return l;
}

bool zone_open(struct zone *zone, const void *data, size_t size)
{
	const struct zone_header *header = data;

	if (size < sizeof(*header) || memcmp(header->magic, MAGIC, MAGIC_SIZE) != 0 ||
	    header->size != size || header->names > NAMES_LIMIT ||
	    header->addresses > NAMES_LIMIT || header->reverses > NAMES_LIMIT ||
	    layout_of(header).texts >= size || ((const char *)data)[size - 1] != '\0')
		return false;
	*zone = (struct zone){header, size};
	return true;
}

uint64_t zone_generation(const struct zone *zone)
{
	return zone->header->generation;
}

static const void *at(const struct zone *zone, size_t offset)
{
	return (const char *)zone->header + offset;
}

/* All bytes end in a NUL, so whatever an offset leads to is a text. */
static const char *text_at(const struct zone *zone, uint32_t offset)
{
	size_t texts = layout_of(zone->header).texts;

	return offset < zone->size - texts ? at(zone, texts + offset) : "";
}

const char *zone_network(const struct zone *zone)
{
	return text_at(zone, zone->header->network);
}

/* ---- finding ---- */

struct key {
	const struct zone *zone;
	const char *name;
	size_t length;
	struct zone_address address;
};

static int compare_name(const void *a, const void *b)
{
	const struct key *key = a;
	const struct name_row *row = b;
	const char *text = text_at(key->zone, row->text);
	int order = strncmp(key->name, text, key->length);

	return order ? order : -(text[key->length] != '\0');
}

static const struct name_row *find(const struct zone *zone, const char *name, size_t length)
{
	struct key key = {.zone = zone, .name = name, .length = length};
	struct layout l = layout_of(zone->header);

	return bsearch(&key, at(zone, l.names), zone->header->names, sizeof(struct name_row),
		       compare_name);
}

/* Where ".network" stands at the end of a name; 0: nowhere. */
static size_t length_without_network(const struct zone *zone, const char *name)
{
	const char *network = zone_network(zone);
	size_t length = strlen(name), suffix = strlen(network);

	if (suffix == 0 || length < suffix + 2 || name[length - suffix - 1] != '.' ||
	    strcasecmp(name + length - suffix, network) != 0)
		return 0;
	return length - suffix - 1;
}

size_t zone_find(const struct zone *zone, const char *name, size_t *first)
{
	const struct name_row *row = find(zone, name, strlen(name));
	size_t length = row ? 0 : length_without_network(zone, name);

	if (length > 0)
		row = find(zone, name, length);
	if (!row || (uint64_t)row->first + row->count > zone->header->addresses)
		return 0;
	*first = row->first;
	return row->count;
}

const struct zone_address *zone_at(const struct zone *zone, size_t index)
{
	const struct zone_address *addresses = at(zone, layout_of(zone->header).addresses);

	return &addresses[index];
}

static int compare_address(const void *a, const void *b)
{
	return compare_addresses(&((const struct key *)a)->address,
				 &((const struct reverse_row *)b)->address);
}

const char *zone_reverse(const struct zone *zone, const uint8_t *bytes, size_t size)
{
	struct key key = {.address = {.size = (uint8_t)size}};
	const struct reverse_row *row;

	if (size > sizeof(key.address.bytes))
		return NULL;
	memcpy(key.address.bytes, bytes, size);
	row = bsearch(&key, at(zone, layout_of(zone->header).reverses), zone->header->reverses,
		      sizeof(*row), compare_address);
	return row ? text_at(zone, row->text) : NULL;
}
