/* Records as bytes, between our own programs.
 *
 *	record  {u16 tag, u16 kind, u32 length, length bytes}...   fields that are empty are not sent
 *	piece   {u32 length, length bytes}                         one string or record inside a field
 *	ABSENT  as a length: NULL
 *
 * STRINGS and SET are pieces; PAIRS are pieces two by two; LIST is a piece for each record; MAP a
 * name and a record, MAP_OF_LISTS a name and a piece that holds a LIST.  All little endian. */
#include "format/record_field.h"

#include <endian.h>

#define ABSENT UINT32_MAX

/* ---- writing ---- */

static void encode_record(const struct record_type *type, const void *record, struct buffer *out);

static void put_u16(struct buffer *out, uint16_t value)
{
	value = htole16(value);
	buffer_add(out, &value, sizeof(value));
}

static void put_u32(struct buffer *out, uint32_t value)
{
	value = htole32(value);
	buffer_add(out, &value, sizeof(value));
}

static void put_u64(struct buffer *out, uint64_t value)
{
	value = htole64(value);
	buffer_add(out, &value, sizeof(value));
}

static void put_text(struct buffer *out, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	put_u32(out, text ? (uint32_t)length : ABSENT);
	buffer_add(out, text, length);
}

/* Room for a length that is known only when what follows has been written. */
static size_t begin_piece(struct buffer *out)
{
	put_u32(out, 0);
	return out->size;
}

static void end_piece(struct buffer *out, size_t start)
{
	uint32_t length = htole32((uint32_t)(out->size - start));

	memcpy(out->data + start - sizeof(length), &length, sizeof(length));
}

static void put_record(struct buffer *out, const struct record_type *type, const void *record)
{
	size_t start = begin_piece(out);

	encode_record(type, record, out);
	end_piece(out, start);
}

static void put_records(struct buffer *out, const struct record_type *type,
			const struct record_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		put_record(out, type, (const char *)list->items + i * type->size);
}

static void encode_byte(const struct record_field *field, const void *value, struct buffer *out)
{
	buffer_add(out, value, 1);
}

static void encode_i32(const struct record_field *field, const void *value, struct buffer *out)
{
	const int32_t *number = value;

	put_u32(out, (uint32_t)*number);
}

static void encode_i64(const struct record_field *field, const void *value, struct buffer *out)
{
	const int64_t *number = value;

	put_u64(out, (uint64_t)*number);
}

static void encode_optional(const struct record_field *field, const void *value, struct buffer *out)
{
	const struct optional_i64 *optional = value;

	put_u64(out, (uint64_t)optional->value);
}

static void encode_f64(const struct record_field *field, const void *value, struct buffer *out)
{
	uint64_t bits;

	memcpy(&bits, value, sizeof(bits));
	put_u64(out, bits);
}

static void encode_text(const struct record_field *field, const void *value, struct buffer *out)
{
	buffer_add_text(out, *(char *const *)value);
}

static void encode_strings(const struct record_field *field, const void *value, struct buffer *out)
{
	const struct strings *strings = value;

	for (size_t i = 0; i < strings->count; i++)
		put_text(out, strings->items[i]);
}

static void encode_pairs(const struct record_field *field, const void *value, struct buffer *out)
{
	const struct pairs *pairs = value;

	for (size_t i = 0; i < pairs->count; i++) {
		put_text(out, pairs->items[i].name);
		put_text(out, pairs->items[i].value);
	}
}

static void encode_struct(const struct record_field *field, const void *value, struct buffer *out)
{
	encode_record(field->nested, value, out);
}

static void encode_pointer(const struct record_field *field, const void *value, struct buffer *out)
{
	encode_record(field->nested, *(void *const *)value, out);
}

static void encode_list(const struct record_field *field, const void *value, struct buffer *out)
{
	put_records(out, field->nested, value);
}

static void encode_map(const struct record_field *field, const void *value, struct buffer *out)
{
	const struct record_map *map = value;

	for (size_t i = 0; i < map->count; i++) {
		put_text(out, map->names[i]);
		put_record(out, field->nested, (const char *)map->items + i * field->nested->size);
	}
}

static void encode_map_of_lists(const struct record_field *field, const void *value,
				struct buffer *out)
{
	const struct record_map *map = value;

	for (size_t i = 0; i < map->count; i++) {
		const struct record_list *list = RECORD_AT(*map, struct record_list, i);

		put_text(out, map->names[i]);
		if (!list->items) {
			put_u32(out, ABSENT);
			continue;
		}
		size_t start = begin_piece(out);
		put_records(out, field->nested, list);
		end_piece(out, start);
	}
}

static void encode_bytes(const struct record_field *field, const void *value, struct buffer *out)
{
	const struct buffer *bytes = value;

	buffer_add(out, bytes->data, bytes->size);
}

/* ---- reading ---- */

/* What is left to read; `depth` records are open around it. */
struct input {
	const uint8_t *at;
	size_t left;
	unsigned depth;
	struct error *err;
};

static bool decode_record(const struct record_type *type, struct input in, void *record);

static bool truncated(const struct input *in)
{
	return error_set(in->err, ERROR_INVALID, "message is truncated");
}

static bool take_u32(struct input *in, uint32_t *value)
{
	if (in->left < sizeof(*value))
		return truncated(in);
	memcpy(value, in->at, sizeof(*value));
	*value = le32toh(*value);
	in->at += sizeof(*value);
	in->left -= sizeof(*value);
	return true;
}

/* The next piece; piece->at is NULL where ABSENT is written. */
static bool take_piece(struct input *in, struct input *piece)
{
	uint32_t length;

	if (!take_u32(in, &length))
		return false;
	*piece = (struct input){NULL, 0, in->depth, in->err};
	if (length == ABSENT)
		return true;
	if (length > in->left)
		return truncated(in);
	piece->at = in->at;
	piece->left = length;
	in->at += length;
	in->left -= length;
	return true;
}

/* The rest as a string of its own; NULL, with the error set, when it holds a NUL. */
static char *text_of(const struct input *in)
{
	if (in->left && memchr(in->at, 0, in->left)) {
		error_set(in->err, ERROR_INVALID, "message has a zero byte in a string");
		return NULL;
	}
	return in->left ? str_dup_n((const char *)in->at, in->left) : str_dup("");
}

static char *take_text(struct input *in)
{
	struct input piece;

	return take_piece(in, &piece) ? text_of(&piece) : NULL;
}

static bool decode_u64(const struct input *in, uint64_t *value)
{
	if (in->left != sizeof(*value))
		return error_set(in->err, ERROR_INVALID, "message has a number of the wrong size");
	memcpy(value, in->at, sizeof(*value));
	*value = le64toh(*value);
	return true;
}

static bool decode_bool(const struct record_field *field, struct input in, void *value)
{
	if (in.left != 1)
		return error_set(in.err, ERROR_INVALID, "message has a bool of the wrong size");
	*(bool *)value = *in.at != 0;
	return true;
}

static bool decode_tristate(const struct record_field *field, struct input in, void *value)
{
	if (in.left != 1)
		return error_set(in.err, ERROR_INVALID, "message has a bool of the wrong size");
	*(int8_t *)value = *in.at == 0 ? 0 : *in.at == 1 ? 1 : -1;
	return true;
}

static bool decode_i32(const struct record_field *field, struct input in, void *value)
{
	uint32_t number;

	if (!take_u32(&in, &number))
		return false;
	*(int32_t *)value = (int32_t)number;
	return true;
}

static bool decode_i64(const struct record_field *field, struct input in, void *value)
{
	return decode_u64(&in, value);
}

static bool decode_optional(const struct record_field *field, struct input in, void *value)
{
	struct optional_i64 *optional = value;
	uint64_t number;

	if (!decode_u64(&in, &number))
		return false;
	*optional = (struct optional_i64){true, (int64_t)number};
	return true;
}

static bool decode_f64(const struct record_field *field, struct input in, void *value)
{
	uint64_t bits;

	if (!decode_u64(&in, &bits))
		return false;
	memcpy(value, &bits, sizeof(bits));
	return true;
}

static bool decode_text(const struct record_field *field, struct input in, void *value)
{
	return (*(char **)value = text_of(&in)) != NULL;
}

static bool decode_strings(const struct record_field *field, struct input in, void *value)
{
	strings_set_empty(value);
	while (in.left) {
		char *text = take_text(&in);

		if (!text)
			return false;
		strings_take(value, text);
	}
	return true;
}

static bool decode_pairs(const struct record_field *field, struct input in, void *value)
{
	pairs_set_empty(value);
	while (in.left) {
		struct input piece;
		scoped_free char *name = take_text(&in);
		scoped_free char *text = NULL;

		if (!name || !take_piece(&in, &piece))
			return false;
		if (piece.at && !(text = text_of(&piece)))
			return false;
		pairs_append(value, name, text);
	}
	return true;
}

static bool decode_struct(const struct record_field *field, struct input in, void *value)
{
	return decode_record(field->nested, in, value);
}

static bool decode_pointer(const struct record_field *field, struct input in, void *value)
{
	*(void **)value = mem_zeroed(1, field->nested->size);
	return decode_record(field->nested, in, *(void **)value);
}

static bool has_room(const struct input *in, size_t count)
{
	return count < RECORD_ITEMS_LIMIT ||
	       error_set(in->err, ERROR_INVALID, "message has a list of more than %d",
			 RECORD_ITEMS_LIMIT);
}

static bool decode_items(const struct record_type *type, struct input in, struct record_list *list)
{
	struct input piece;

	record_list_set_empty(type, list);
	while (in.left)
		if (!take_piece(&in, &piece) || !has_room(&in, list->count) ||
		    !decode_record(type, piece, record_list_add(type, list)))
			return false;
	return true;
}

static bool decode_list(const struct record_field *field, struct input in, void *value)
{
	return decode_items(field->nested, in, value);
}

static bool decode_map(const struct record_field *field, struct input in, void *value)
{
	struct record_map *map = value;

	record_map_set_empty(field->nested, map);
	while (in.left) {
		struct input piece;
		scoped_free char *name = take_text(&in);

		if (!name || !take_piece(&in, &piece) || !has_room(&in, map->count))
			return false;
		if (!decode_record(field->nested, piece,
				   record_map_append(field->nested, map, name)))
			return false;
	}
	return true;
}

static bool decode_map_of_lists(const struct record_field *field, struct input in, void *value)
{
	struct record_map *map = value;

	record_map_set_empty(&record_list_of, map);
	while (in.left) {
		struct input piece;
		scoped_free char *name = take_text(&in);

		if (!name || !take_piece(&in, &piece) || !has_room(&in, map->count))
			return false;
		struct record_list *list = record_map_append(&record_list_of, map, name);
		if (piece.at && !decode_items(field->nested, piece, list))
			return false;
	}
	return true;
}

static bool decode_bytes(const struct record_field *field, struct input in, void *value)
{
	buffer_add(value, in.at, in.left);
	return true;
}

/* ---- the table of kinds, and the record ---- */

static const struct codec {
	void (*encode)(const struct record_field *field, const void *value, struct buffer *out);
	bool (*decode)(const struct record_field *field, struct input in, void *value);
} codecs[] = {
	[RECORD_BOOL] = {encode_byte, decode_bool},
	[RECORD_TRISTATE] = {encode_byte, decode_tristate},
	[RECORD_I64] = {encode_i64, decode_i64},
	[RECORD_I32] = {encode_i32, decode_i32},
	[RECORD_OPTIONAL_I64] = {encode_optional, decode_optional},
	[RECORD_F64] = {encode_f64, decode_f64},
	[RECORD_STRING] = {encode_text, decode_text},
	[RECORD_STRINGS] = {encode_strings, decode_strings},
	[RECORD_PAIRS] = {encode_pairs, decode_pairs},
	[RECORD_SET] = {encode_strings, decode_strings},
	[RECORD_STRUCT] = {encode_struct, decode_struct},
	[RECORD_POINTER] = {encode_pointer, decode_pointer},
	[RECORD_LIST] = {encode_list, decode_list},
	[RECORD_MAP] = {encode_map, decode_map},
	[RECORD_MAP_OF_LISTS] = {encode_map_of_lists, decode_map_of_lists},
	[RECORD_JSON] = {encode_text, decode_text},
	[RECORD_BYTES] = {encode_bytes, decode_bytes},
};

static bool is_number(const struct record_field *field)
{
	return field->kind == RECORD_BOOL || field->kind == RECORD_I64 ||
	       field->kind == RECORD_I32 || field->kind == RECORD_F64;
}

/* What an empty record holds anyway.  A list or a string that was given empty is sent. */
static bool is_default(const struct record_field *field, const void *value)
{
	return is_number(field) ? record_field_is_empty(field, value)
				: record_field_is_absent(field, value);
}

static void encode_record(const struct record_type *type, const void *record, struct buffer *out)
{
	for (size_t i = 0; i < type->count; i++) {
		const struct record_field *field = &type->fields[i];
		const void *value = record_field_peek(field, record);

		if (is_default(field, value))
			continue;
		put_u16(out, field->tag);
		put_u16(out, field->kind);
		size_t start = begin_piece(out);
		codecs[field->kind].encode(field, value, out);
		end_piece(out, start);
	}
}

void record_encode(const struct record_type *type, const void *record, struct buffer *out)
{
	encode_record(type, record, out);
}

/* The field of that tag, looked for from *next on, since fields come in the order of the table. */
static const struct record_field *find_tag(const struct record_type *type, uint16_t tag,
					   size_t *next)
{
	for (size_t i = 0; i < type->count; i++) {
		size_t at = (*next + i) % type->count;

		if (type->fields[at].tag == tag) {
			*next = at + 1;
			return &type->fields[at];
		}
	}
	return NULL;
}

static bool decode_field(const struct record_type *type, struct input *in, size_t *next,
			 void *record)
{
	uint32_t head;
	struct input piece;

	if (!take_u32(in, &head) || !take_piece(in, &piece))
		return false;
	const struct record_field *field = find_tag(type, (uint16_t)head, next);
	if (!field)
		return true; /* a newer program's */
	if (head >> 16 != field->kind || !piece.at)
		return error_set(in->err, ERROR_INVALID, "message field '%s' is of another kind",
				 field->name);
	void *value = record_field_value(field, record);
	record_field_fini(field, value);
	return codecs[field->kind].decode(field, piece, value);
}

static bool decode_record(const struct record_type *type, struct input in, void *record)
{
	size_t next = 0;

	if (++in.depth > RECORD_DEPTH_LIMIT)
		return error_set(in.err, ERROR_INVALID, "message nests too deep");
	while (in.left)
		if (!decode_field(type, &in, &next, record))
			return false;
	return true;
}

bool record_decode(const struct record_type *type, const void *data, size_t size, void *record,
		   struct error *err)
{
	return decode_record(type, (struct input){data, size, 0, err}, record);
}
