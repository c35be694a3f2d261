/* What a record owns: copying, freeing, lists and maps.  JSON is in record_json.c, bytes in
 * record_wire.c.
 *
 * Lists and maps keep no capacity: they grow whenever the count reaches a power of two, so that
 * their structs stay as small as what they mean. */
#include "format/record.h"

#include "format/record_field.h"

const struct record_type record_list_of = {NULL, 0, sizeof(struct record_list)};

static void fini_each(const struct record_type *type, void *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_fini(type, (char *)items + i * type->size);
}

static void copy_each(const struct record_type *type, const void *from, void *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_copy(type, (const char *)from + i * type->size, (char *)to + i * type->size);
}

/* The least power of two that holds `count`, as growing one by one would have left it. */
static size_t capacity_for(size_t count)
{
	size_t capacity = 1;

	while (capacity < count)
		capacity *= 2;
	return capacity;
}

/* `items`, of which `count` are used, with room for one more. */
static void *grown(void *items, size_t count, size_t size)
{
	if (items && (count == 0 || (count & (count - 1)) != 0))
		return items;
	return mem_resize(items, count ? 2 * count : 1, size);
}

/* ---- lists ---- */

void *record_list_add(const struct record_type *type, struct record_list *list)
{
	list->items = grown(list->items, list->count, type->size);
	return memset((char *)list->items + list->count++ * type->size, 0, type->size);
}

void record_list_remove(const struct record_type *type, struct record_list *list, size_t index)
{
	char *item = (char *)list->items + index * type->size;

	record_fini(type, item);
	list->count--;
	memmove(item, item + type->size, (list->count - index) * type->size);
}

void record_list_set_empty(const struct record_type *type, struct record_list *list)
{
	record_list_fini(type, list);
	list->items = mem_zeroed(1, type->size);
}

void record_list_fini(const struct record_type *type, struct record_list *list)
{
	fini_each(type, list->items, list->count);
	free(list->items);
	*list = (struct record_list){0};
}

void record_list_copy(const struct record_type *type, const struct record_list *from,
		      struct record_list *to)
{
	if (!from->items)
		return;
	to->items = mem_zeroed(capacity_for(from->count), type->size);
	to->count = from->count;
	copy_each(type, from->items, to->items, from->count);
}

/* ---- maps ---- */

static void *map_item(const struct record_type *type, const struct record_map *map, size_t index)
{
	return (char *)map->items + index * type->size;
}

void *record_map_append(const struct record_type *type, struct record_map *map, const char *name)
{
	size_t index = map->count;

	map->names = grown(map->names, index, sizeof(*map->names));
	map->items = grown(map->items, index, type->size);
	map->names[index] = str_dup(name);
	map->count++;
	return memset(map_item(type, map, index), 0, type->size);
}

/* map->count: not there */
static size_t find_name(const struct record_map *map, const char *name)
{
	size_t index = 0;

	while (index < map->count && strcmp(map->names[index], name) != 0)
		index++;
	return index;
}

void *record_map_get(const struct record_type *type, const struct record_map *map, const char *name)
{
	size_t index = find_name(map, name);

	return index < map->count ? map_item(type, map, index) : NULL;
}

void *record_map_add(const struct record_type *type, struct record_map *map, const char *name)
{
	void *found = record_map_get(type, map, name);

	return found ? found : record_map_append(type, map, name);
}

/* Forget name and item, whose content is freed already. */
static void close_gap(const struct record_type *type, struct record_map *map, size_t index)
{
	char *item = map_item(type, map, index);
	size_t behind = map->count - index - 1;

	free(map->names[index]);
	memmove(map->names + index, map->names + index + 1, behind * sizeof(*map->names));
	memmove(item, item + type->size, behind * type->size);
	map->count--;
}

bool record_map_remove(const struct record_type *type, struct record_map *map, const char *name)
{
	size_t index = find_name(map, name);

	if (index == map->count)
		return false;
	record_fini(type, map_item(type, map, index));
	close_gap(type, map, index);
	return true;
}

bool record_map_of_lists_remove(const struct record_type *item, struct record_map *map,
				const char *name)
{
	struct record_list *list = record_map_get(&record_list_of, map, name);

	if (!list)
		return false;
	record_list_fini(item, list);
	return record_map_remove(&record_list_of, map, name);
}

void record_map_set_empty(const struct record_type *type, struct record_map *map)
{
	record_map_fini(type, map);
	map->names = mem_zeroed(1, sizeof(*map->names));
	map->items = mem_zeroed(1, type->size);
}

void record_map_fini(const struct record_type *type, struct record_map *map)
{
	fini_each(type, map->items, map->count);
	for (size_t i = 0; i < map->count; i++)
		free(map->names[i]);
	free(map->names);
	free(map->items);
	*map = (struct record_map){0};
}

void record_map_of_lists_fini(const struct record_type *item, struct record_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		record_list_fini(item, RECORD_AT(*map, struct record_list, i));
	record_map_fini(&record_list_of, map);
}

/* Names and zeroed items; the caller fills the items. */
static void copy_names(const struct record_type *type, const struct record_map *from,
		       struct record_map *to)
{
	size_t capacity = capacity_for(from->count);

	to->names = mem_zeroed(capacity, sizeof(*to->names));
	to->items = mem_zeroed(capacity, type->size);
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		to->names[i] = str_dup(from->names[i]);
}

/* ---- one field ---- */

static void fini_text(const struct record_field *field, void *value)
{
	free(*(char **)value);
	*(char **)value = NULL;
}

static void copy_text(const struct record_field *field, const void *from, void *to)
{
	*(char **)to = str_dup_or_null(*(char *const *)from);
}

static void fini_strings(const struct record_field *field, void *value)
{
	strings_fini(value);
}

static void copy_strings(const struct record_field *field, const void *from, void *to)
{
	*(struct strings *)to = strings_copy(from);
}

static void fini_pairs(const struct record_field *field, void *value)
{
	pairs_fini(value);
}

static void copy_pairs(const struct record_field *field, const void *from, void *to)
{
	*(struct pairs *)to = pairs_copy(from);
}

static void fini_struct(const struct record_field *field, void *value)
{
	record_fini(field->nested, value);
}

static void copy_struct(const struct record_field *field, const void *from, void *to)
{
	record_copy(field->nested, from, to);
}

static void fini_pointer(const struct record_field *field, void *value)
{
	void **pointer = value;

	if (*pointer)
		record_fini(field->nested, *pointer);
	free(*pointer);
	*pointer = NULL;
}

static void copy_pointer(const struct record_field *field, const void *from, void *to)
{
	const void *record = *(void *const *)from;

	if (!record)
		return;
	*(void **)to = mem_zeroed(1, field->nested->size);
	record_copy(field->nested, record, *(void **)to);
}

static void fini_list(const struct record_field *field, void *value)
{
	record_list_fini(field->nested, value);
}

static void copy_list_field(const struct record_field *field, const void *from, void *to)
{
	record_list_copy(field->nested, from, to);
}

static void fini_map(const struct record_field *field, void *value)
{
	record_map_fini(field->nested, value);
}

static void copy_map(const struct record_field *field, const void *from, void *to)
{
	const struct record_map *source = from;
	struct record_map *copy = to;

	if (!source->names)
		return;
	copy_names(field->nested, source, copy);
	copy_each(field->nested, source->items, copy->items, source->count);
}

static void fini_map_of_lists(const struct record_field *field, void *value)
{
	record_map_of_lists_fini(field->nested, value);
}

static void copy_map_of_lists(const struct record_field *field, const void *from, void *to)
{
	const struct record_map *source = from;
	struct record_map *copy = to;

	if (!source->names)
		return;
	copy_names(&record_list_of, source, copy);
	for (size_t i = 0; i < source->count; i++)
		record_list_copy(field->nested, RECORD_AT(*source, struct record_list, i),
				 RECORD_AT(*copy, struct record_list, i));
}

static void fini_bytes(const struct record_field *field, void *value)
{
	buffer_fini(value);
}

static void copy_bytes(const struct record_field *field, const void *from, void *to)
{
	const struct buffer *source = from;

	if (source->data)
		buffer_add(to, source->data, source->size);
}

/* Where a value says that it is absent: all that own memory begin with a pointer, NULL when never
 * given, and the counted ones have their count at a known place. */
struct kind {
	size_t size; /* of a value that owns nothing; 0: see fini and copy */
	void (*fini)(const struct record_field *field, void *value);
	void (*copy)(const struct record_field *field, const void *from, void *to);
	size_t count_at; /* 0: not counted */
};

static const struct kind kinds[] = {
	[RECORD_BOOL] = {sizeof(bool)},
	[RECORD_TRISTATE] = {sizeof(int8_t)},
	[RECORD_I64] = {sizeof(int64_t)},
	[RECORD_OPTIONAL_I64] = {sizeof(struct optional_i64)},
	[RECORD_F64] = {sizeof(double)},
	[RECORD_I32] = {sizeof(int32_t)},
	[RECORD_STRING] = {0, fini_text, copy_text},
	[RECORD_JSON] = {0, fini_text, copy_text},
	[RECORD_STRINGS] = {0, fini_strings, copy_strings, offsetof(struct strings, count)},
	[RECORD_SET] = {0, fini_strings, copy_strings, offsetof(struct strings, count)},
	[RECORD_PAIRS] = {0, fini_pairs, copy_pairs, offsetof(struct pairs, count)},
	[RECORD_STRUCT] = {0, fini_struct, copy_struct},
	[RECORD_POINTER] = {0, fini_pointer, copy_pointer},
	[RECORD_LIST] = {0, fini_list, copy_list_field, offsetof(struct record_list, count)},
	[RECORD_MAP] = {0, fini_map, copy_map, offsetof(struct record_map, count)},
	[RECORD_MAP_OF_LISTS] = {0, fini_map_of_lists, copy_map_of_lists,
				 offsetof(struct record_map, count)},
	[RECORD_BYTES] = {0, fini_bytes, copy_bytes, offsetof(struct buffer, size)},
};

void record_field_fini(const struct record_field *field, void *value)
{
	const struct kind *kind = &kinds[field->kind];

	if (kind->fini)
		kind->fini(field, value);
	else
		memset(value, 0, kind->size);
}

static bool is_zero(const void *value, size_t size)
{
	const char *bytes = value;

	while (size && *bytes == 0)
		bytes++, size--;
	return size == 0;
}

bool record_field_is_absent(const struct record_field *field, const void *value)
{
	if (field->kind == RECORD_TRISTATE)
		return *(const int8_t *)value == 0;
	if (field->kind == RECORD_OPTIONAL_I64)
		return !((const struct optional_i64 *)value)->given;
	if (kinds[field->kind].size || field->kind == RECORD_STRUCT)
		return false;
	return *(void *const *)value == NULL;
}

bool record_field_is_empty(const struct record_field *field, const void *value)
{
	const struct kind *kind = &kinds[field->kind];

	if (record_field_is_absent(field, value))
		return true;
	if (kind->count_at)
		return *(const size_t *)(const void *)((const char *)value + kind->count_at) == 0;
	if (field->kind == RECORD_STRUCT)
		return record_is_empty(field->nested, value);
	if (field->kind == RECORD_STRING)
		return **(char *const *)value == '\0';
	return field->kind != RECORD_OPTIONAL_I64 && kind->size && is_zero(value, kind->size);
}

/* ---- the record ---- */

void record_fini(const struct record_type *type, void *record)
{
	for (size_t i = 0; i < type->count; i++)
		record_field_fini(&type->fields[i], record_field_value(&type->fields[i], record));
	memset(record, 0, type->size);
}

void record_copy(const struct record_type *type, const void *from, void *to)
{
	for (size_t i = 0; i < type->count; i++) {
		const struct record_field *field = &type->fields[i];
		const struct kind *kind = &kinds[field->kind];
		const void *source = record_field_peek(field, from);
		void *target = record_field_value(field, to);

		if (kind->copy)
			kind->copy(field, source, target);
		else
			memcpy(target, source, kind->size);
	}
}

bool record_is_empty(const struct record_type *type, const void *record)
{
	for (size_t i = 0; i < type->count; i++)
		if (!record_field_is_empty(&type->fields[i],
					   record_field_peek(&type->fields[i], record)))
			return false;
	return true;
}
