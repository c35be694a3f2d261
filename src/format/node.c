#include "format/node.h"

#include "format/json_write.h"

#include <stdio.h>

/* ---- making ---- */

static struct node *new_node(struct arena *arena, enum node_kind kind, struct place place)
{
	struct node *node = arena_new(arena, struct node);

	node->kind = kind;
	node->place = place;
	node->text = "";
	return node;
}

struct node *node_new_text(struct arena *arena, const char *text, struct place place)
{
	struct node *node = new_node(arena, NODE_TEXT, place);

	node->text = arena_text(arena, text);
	return node;
}

struct node *node_new_int(struct arena *arena, int64_t number, struct place place)
{
	struct node *node = new_node(arena, NODE_INT, place);

	node->number = number;
	node->text = arena_format(arena, "%lld", (long long)number);
	return node;
}

struct node *node_new_bool(struct arena *arena, bool truth, struct place place)
{
	struct node *node = new_node(arena, NODE_BOOL, place);

	node->truth = truth;
	node->text = truth ? "true" : "false";
	return node;
}

struct node *node_new_null(struct arena *arena, struct place place)
{
	return new_node(arena, NODE_NULL, place);
}

struct node *node_new_list(struct arena *arena, struct place place)
{
	return new_node(arena, NODE_LIST, place);
}

struct node *node_new_map(struct arena *arena, struct place place)
{
	return new_node(arena, NODE_MAP, place);
}

/* ---- what a map knows of its keys ---- */

_Static_assert(sizeof(struct node) == 64, "a node is one line of the processor's cache");

/* One of 32, by the first letters. */
static uint32_t key_bit(const char *key)
{
	unsigned char first = (unsigned char)key[0], second = first ? (unsigned char)key[1] : 0;

	return 1u << ((first * 9u + second) % 32);
}

enum { INDEX_FROM = 16, INDEX_BITS_LEAST = 6 }; /* members, and slots for four times as many */

static uint32_t hash(const char *key)
{
	uint32_t value = 2166136261u; /* FNV-1a */

	for (; *key; key++)
		value = (value ^ (unsigned char)*key) * 16777619u;
	return value;
}

static uint32_t *find_slot(const struct node *map, const char *key)
{
	size_t mask = ((size_t)1 << map->index_bits) - 1, at = hash(key) & mask;

	while (map->index[at] && strcmp(map->members[map->index[at] - 1].key, key) != 0)
		at = (at + 1) & mask;
	return &map->index[at];
}

/* The first of two members of one key is the one that is found. */
static void fill_index(struct node *map)
{
	memset(map->index, 0, sizeof(*map->index) << map->index_bits);
	for (size_t i = 0; i < map->count; i++) {
		uint32_t *slot = find_slot(map, map->members[i].key);

		if (!*slot)
			*slot = (uint32_t)i + 1;
	}
}

/* After a member was appended. */
static void extend_index(struct arena *arena, struct node *map)
{
	if (map->count < INDEX_FROM)
		return;
	if (map->index && 2 * (size_t)map->count <= (size_t)1 << map->index_bits) {
		uint32_t *slot = find_slot(map, map->members[map->count - 1].key);

		if (!*slot)
			*slot = (uint32_t)map->count;
		return;
	}
	map->index_bits = INDEX_BITS_LEAST;
	while ((size_t)1 << map->index_bits < 4 * (size_t)map->count)
		map->index_bits++;
	map->index = arena_alloc(arena, sizeof(*map->index) << map->index_bits);
	fill_index(map);
}

/* ---- reading ---- */

struct node_member *node_find(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	if (map->index) {
		uint32_t slot = *find_slot(map, key);

		return slot ? &map->members[slot - 1] : NULL;
	}
	for (size_t i = 0; (map->seen & key_bit(key)) && i < map->count; i++)
		if (strcmp(map->members[i].key, key) == 0)
			return &map->members[i];
	return NULL;
}

struct node *node_get(const struct node *map, const char *key)
{
	struct node_member *member = node_find(map, key);

	return member ? member->value : NULL;
}

static bool is_scalar(const struct node *node)
{
	return node->kind != NODE_NULL && node->kind != NODE_LIST && node->kind != NODE_MAP;
}

const char *node_get_text(const struct node *map, const char *key, const char *otherwise)
{
	const struct node *node = node_get(map, key);

	return node && is_scalar(node) ? node->text : otherwise;
}

bool node_get_bool(const struct node *map, const char *key, bool otherwise)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_BOOL ? node->truth : otherwise;
}

int64_t node_get_int(const struct node *map, const char *key, int64_t otherwise)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? node->number : otherwise;
}

/* ---- changing ---- */

static void append(struct arena *arena, struct node *parent, struct node_member member)
{
	if (parent->count == parent->capacity) {
		uint32_t capacity = parent->capacity ? 2 * parent->capacity : 4;
		struct node_member *members =
			arena_alloc(arena, capacity * sizeof(*parent->members));

		if (parent->count)
			memcpy(members, parent->members, parent->count * sizeof(*members));
		parent->members = members;
		parent->capacity = capacity;
	}
	parent->members[parent->count++] = member;
	if (parent->kind != NODE_MAP)
		return;
	parent->seen |= key_bit(member.key);
	extend_index(arena, parent);
}

void node_set(struct arena *arena, struct node *map, const char *key, struct place place,
	      struct node *value)
{
	struct node_member *member = node_find(map, key);

	if (member)
		*member = (struct node_member){member->key, place, value};
	else
		append(arena, map, (struct node_member){arena_text(arena, key), place, value});
}

void node_append(struct arena *arena, struct node *map, const char *key, struct place place,
		 struct node *value)
{
	append(arena, map, (struct node_member){key, place, value});
}

bool node_remove(struct node *map, const char *key)
{
	struct node_member *member = node_find(map, key);

	if (!member)
		return false;
	size_t index = (size_t)(member - map->members);
	memmove(member, member + 1, (map->count - index - 1) * sizeof(*member));
	map->count--;
	if (map->index)
		fill_index(map);
	return true;
}

void node_add(struct arena *arena, struct node *list, struct node *value)
{
	append(arena, list, (struct node_member){.place = value->place, .value = value});
}

struct node *node_copy(struct arena *arena, const struct node *node)
{
	struct node *copy = arena_new(arena, struct node);

	*copy = *node;
	copy->members =
		node->count ? arena_alloc(arena, node->count * sizeof(*node->members)) : NULL;
	copy->capacity = node->count;
	copy->index = NULL;
	for (size_t i = 0; i < node->count; i++) {
		copy->members[i] = node->members[i];
		copy->members[i].value = node_copy(arena, node->members[i].value);
	}
	if (node->kind == NODE_MAP)
		extend_index(arena, copy);
	return copy;
}

/* ---- comparing ---- */

static bool members_equal(const struct node *a, const struct node *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct node *other =
			a->kind == NODE_MAP ? node_get(b, a->members[i].key) : b->members[i].value;

		if (!other || !node_equal(a->members[i].value, other))
			return false;
	}
	return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case NODE_NULL:
		return true;
	case NODE_BOOL:
		return a->truth == b->truth;
	case NODE_INT:
		return a->number == b->number;
	case NODE_FLOAT:
		return a->real == b->real;
	case NODE_TEXT:
		return strcmp(a->text, b->text) == 0;
	case NODE_LIST:
	case NODE_MAP:
		return members_equal(a, b);
	}
	return false;
}

/* ---- JSON ---- */

static int by_key(const void *a, const void *b)
{
	const struct node_member *const *left = a, *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

static void write_map(const struct node *map, struct buffer *out)
{
	const struct node_member **sorted = mem_zeroed(map->count, sizeof(struct node_member *));

	for (size_t i = 0; i < map->count; i++)
		sorted[i] = &map->members[i];
	qsort(sorted, map->count, sizeof(*sorted), by_key);
	buffer_add_char(out, '{');
	for (size_t i = 0; i < map->count; i++) {
		json_write_name(out, sorted[i]->key);
		node_write_json(sorted[i]->value, out);
	}
	buffer_add_char(out, '}');
	free(sorted);
}

static void write_list(const struct node *list, struct buffer *out)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			buffer_add_char(out, ',');
		node_write_json(list->members[i].value, out);
	}
	buffer_add_char(out, ']');
}

void node_write_json(const struct node *node, struct buffer *out)
{
	switch (node->kind) {
	case NODE_NULL:
		buffer_add_text(out, "null");
		break;
	case NODE_BOOL:
		buffer_add_text(out, node->truth ? "true" : "false");
		break;
	case NODE_INT:
		json_write_i64(out, node->number);
		break;
	case NODE_FLOAT:
		json_write_f64(out, node->real);
		break;
	case NODE_TEXT:
		json_write_string(out, node->text);
		break;
	case NODE_LIST:
		write_list(node, out);
		break;
	case NODE_MAP:
		write_map(node, out);
		break;
	}
}
