/* Records as JSON: written straight to text, read from jansson's document. */
#include "format/base64.h"
#include "format/json.h"
#include "format/record_field.h"

/* ---- writing ---- */

static void write_record(const struct record_type *type, const void *record,
			 enum record_audience audience, struct buffer *out);

static void write_literal(struct buffer *out, const char *text)
{
	buffer_add(out, text, strlen(text));
}

static void write_bool(const struct record_field *field, const void *value,
		       enum record_audience audience, struct buffer *out)
{
	write_literal(out, *(const bool *)value ? "true" : "false");
}

static void write_tristate(const struct record_field *field, const void *value,
			   enum record_audience audience, struct buffer *out)
{
	write_literal(out, *(const int8_t *)value > 0 ? "true" : "false");
}

static void write_i64(const struct record_field *field, const void *value,
		      enum record_audience audience, struct buffer *out)
{
	json_write_i64(out, *(const int64_t *)value);
}

static void write_i32(const struct record_field *field, const void *value,
		      enum record_audience audience, struct buffer *out)
{
	json_write_i64(out, *(const int32_t *)value);
}

static void write_optional(const struct record_field *field, const void *value,
			   enum record_audience audience, struct buffer *out)
{
	json_write_i64(out, ((const struct optional_i64 *)value)->value);
}

static void write_f64(const struct record_field *field, const void *value,
		      enum record_audience audience, struct buffer *out)
{
	json_write_f64(out, *(const double *)value);
}

static void write_string(const struct record_field *field, const void *value,
			 enum record_audience audience, struct buffer *out)
{
	json_write_string(out, *(char *const *)value);
}

static void write_json_text(const struct record_field *field, const void *value,
			    enum record_audience audience, struct buffer *out)
{
	write_literal(out, *(char *const *)value);
}

static void write_strings(const struct record_field *field, const void *value,
			  enum record_audience audience, struct buffer *out)
{
	json_write_strings(out, value);
}

static void write_set(const struct record_field *field, const void *value,
		      enum record_audience audience, struct buffer *out)
{
	const struct strings *strings = value;

	buffer_add_char(out, '{');
	for (size_t i = 0; i < strings->count; i++) {
		json_write_name(out, strings->items[i]);
		write_literal(out, "{}");
	}
	buffer_add_char(out, '}');
}

static void write_pairs(const struct record_field *field, const void *value,
			enum record_audience audience, struct buffer *out)
{
	const struct pairs *pairs = value;

	buffer_add_char(out, '{');
	for (size_t i = 0; i < pairs->count; i++) {
		json_write_name(out, pairs->items[i].name);
		if (pairs->items[i].value)
			json_write_string(out, pairs->items[i].value);
		else
			write_literal(out, "null");
	}
	buffer_add_char(out, '}');
}

static void write_bytes(const struct record_field *field, const void *value,
			enum record_audience audience, struct buffer *out)
{
	const struct buffer *bytes = value;

	buffer_add_char(out, '"');
	base64_encode(bytes->data, bytes->size, out);
	buffer_add_char(out, '"');
}

static void write_struct(const struct record_field *field, const void *value,
			 enum record_audience audience, struct buffer *out)
{
	write_record(field->nested, value, audience, out);
}

static void write_pointer(const struct record_field *field, const void *value,
			  enum record_audience audience, struct buffer *out)
{
	write_record(field->nested, *(void *const *)value, audience, out);
}

static void write_list(const struct record_field *field, const void *value,
		       enum record_audience audience, struct buffer *out)
{
	const struct record_list *list = value;
	const char *item = list->items;

	buffer_add_char(out, '[');
	for (size_t i = 0; i < list->count; i++, item += field->nested->size) {
		if (i)
			buffer_add_char(out, ',');
		write_record(field->nested, item, audience, out);
	}
	buffer_add_char(out, ']');
}

static void write_map(const struct record_field *field, const void *value,
		      enum record_audience audience, struct buffer *out)
{
	const struct record_map *map = value;
	const char *item = map->items;

	buffer_add_char(out, '{');
	for (size_t i = 0; i < map->count; i++, item += field->nested->size) {
		json_write_name(out, map->names[i]);
		write_record(field->nested, item, audience, out);
	}
	buffer_add_char(out, '}');
}

static void write_map_of_lists(const struct record_field *field, const void *value,
			       enum record_audience audience, struct buffer *out)
{
	const struct record_map *map = value;

	buffer_add_char(out, '{');
	for (size_t i = 0; i < map->count; i++) {
		const struct record_list *list = RECORD_AT(*map, struct record_list, i);

		json_write_name(out, map->names[i]);
		if (list->items)
			write_list(field, list, audience, out);
		else
			write_literal(out, "null");
	}
	buffer_add_char(out, '}');
}

typedef void (*write_value)(const struct record_field *field, const void *value,
			    enum record_audience audience, struct buffer *out);

static const write_value writers[] = {
	[RECORD_BOOL] = write_bool,
	[RECORD_TRISTATE] = write_tristate,
	[RECORD_I64] = write_i64,
	[RECORD_I32] = write_i32,
	[RECORD_OPTIONAL_I64] = write_optional,
	[RECORD_F64] = write_f64,
	[RECORD_STRING] = write_string,
	[RECORD_STRINGS] = write_strings,
	[RECORD_PAIRS] = write_pairs,
	[RECORD_SET] = write_set,
	[RECORD_STRUCT] = write_struct,
	[RECORD_POINTER] = write_pointer,
	[RECORD_LIST] = write_list,
	[RECORD_MAP] = write_map,
	[RECORD_MAP_OF_LISTS] = write_map_of_lists,
	[RECORD_JSON] = write_json_text,
	[RECORD_BYTES] = write_bytes,
};

/* How a value that was never given is written. */
static const char *absent_text(const struct record_field *field)
{
	bool is_array = field->kind == RECORD_STRINGS || field->kind == RECORD_LIST;

	if (field->flags & RECORD_EMPTY_LIST)
		return is_array ? "[]" : "{}";
	return field->flags & RECORD_EMPTY_STRING ? "\"\"" : "null";
}

static bool is_left_out(const struct record_field *field, const void *value,
			enum record_audience audience)
{
	if (audience == RECORD_FOR_API && field->flags & (RECORD_STORED_ONLY | RECORD_SECRET))
		return true;
	if (field->flags & RECORD_OMIT_EMPTY)
		return record_field_is_empty(field, value);
	return field->flags & RECORD_OMIT_ABSENT && record_field_is_absent(field, value);
}

/* Names in tables need no escaping. */
static void write_field_name(const char *name, bool is_first, struct buffer *out)
{
	size_t length = strlen(name);
	char *room = buffer_reserve(out, length + 4), *start = room;

	if (!is_first)
		*room++ = ',';
	*room++ = '"';
	memcpy(room, name, length);
	memcpy(room + length, "\":", 2);
	buffer_wrote(out, (size_t)(room - start) + length + 2);
}

static void write_record(const struct record_type *type, const void *record,
			 enum record_audience audience, struct buffer *out)
{
	bool is_first = true;

	buffer_add_char(out, '{');
	for (size_t i = 0; i < type->count; i++) {
		const struct record_field *field = &type->fields[i];
		const void *value = record_field_peek(field, record);

		if (is_left_out(field, value, audience))
			continue;
		write_field_name(field->name, is_first, out);
		is_first = false;
		if (record_field_is_absent(field, value))
			write_literal(out, absent_text(field));
		else
			writers[field->kind](field, value, audience, out);
	}
	buffer_add_char(out, '}');
}

void record_write_json(const struct record_type *type, const void *record,
		       enum record_audience audience, struct buffer *out)
{
	write_record(type, record, audience, out);
}

json_t *record_to_json(const struct record_type *type, const void *record,
		       enum record_audience audience)
{
	scoped_buffer struct buffer text = {0};

	record_write_json(type, record, audience, &text);
	json_t *json = json_loadb(text.data, text.size, JSON_DECODE_ANY, NULL);
	return json ? json : json_object(); /* only a RECORD_JSON that is none can bring us here */
}

/* ---- reading ---- */

/* Where in the document we are: a field, and the record it stands in. */
struct place {
	const struct place *outer;
	const char *name;
	enum record_audience audience;
	struct error *err;
};

static bool read_record(const struct record_type *type, const json_t *json,
			const struct place *place, void *record);

static void write_path(const struct place *place, struct buffer *out)
{
	if (!place->name)
		return;
	write_path(place->outer, out);
	if (out->size)
		buffer_add_char(out, '.');
	buffer_add_text(out, place->name);
}

/* What Go calls the value that stands there. */
static void describe(const json_t *json, struct buffer *out)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object",  [JSON_ARRAY] = "array",  [JSON_STRING] = "string",
		[JSON_INTEGER] = "number", [JSON_REAL] = "number ", [JSON_TRUE] = "bool",
		[JSON_FALSE] = "bool",	   [JSON_NULL] = "null",
	};

	buffer_add_text(out, names[json_typeof(json)]);
	if (json_is_real(json))
		json_write_f64(out, json_real_value(json));
}

static bool mismatch(const struct place *place, const json_t *json, const char *go_type)
{
	scoped_buffer struct buffer what = {0};
	scoped_buffer struct buffer path = {0};

	describe(json, &what);
	write_path(place, &path);
	return error_set(place->err, ERROR_INVALID,
			 "json: cannot unmarshal %s into Go %s%s of type %s", what.data,
			 path.size ? "struct field " : "value", path.size ? path.data : "",
			 go_type);
}

static bool read_bool(const struct record_field *field, const json_t *json,
		      const struct place *place, void *value)
{
	if (!json_is_boolean(json))
		return mismatch(place, json, "bool");
	*(bool *)value = json_is_true(json);
	return true;
}

static bool read_tristate(const struct record_field *field, const json_t *json,
			  const struct place *place, void *value)
{
	if (!json_is_boolean(json))
		return mismatch(place, json, "bool");
	*(int8_t *)value = json_is_true(json) ? 1 : -1;
	return true;
}

static bool read_i64(const struct record_field *field, const json_t *json,
		     const struct place *place, void *value)
{
	if (!json_is_integer(json))
		return mismatch(place, json, "int64");
	*(int64_t *)value = json_integer_value(json);
	return true;
}

static bool read_i32(const struct record_field *field, const json_t *json,
		     const struct place *place, void *value)
{
	json_int_t number = json_integer_value(json);

	if (!json_is_integer(json) || number != (int32_t)number)
		return mismatch(place, json, "int32");
	*(int32_t *)value = (int32_t)number;
	return true;
}

static bool read_optional(const struct record_field *field, const json_t *json,
			  const struct place *place, void *value)
{
	struct optional_i64 *optional = value;

	optional->given = read_i64(field, json, place, &optional->value);
	return optional->given;
}

static bool read_f64(const struct record_field *field, const json_t *json,
		     const struct place *place, void *value)
{
	if (!json_is_number(json))
		return mismatch(place, json, "float64");
	*(double *)value = json_number_value(json);
	return true;
}

static bool read_string(const struct record_field *field, const json_t *json,
			const struct place *place, void *value)
{
	if (!json_is_string(json))
		return mismatch(place, json, "string");
	str_replace(value, json_string_value(json));
	return true;
}

static bool read_json_text(const struct record_field *field, const json_t *json,
			   const struct place *place, void *value)
{
	free(*(char **)value);
	*(char **)value = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	return true;
}

/* Go reads a null among strings as "". */
static bool read_each_string(const json_t *array, const struct place *place,
			     struct strings *strings)
{
	size_t i;
	json_t *item;

	json_array_foreach ((json_t *)(uintptr_t)array, i, item) {
		if (!json_is_string(item) && !json_is_null(item))
			return mismatch(place, item, "string");
		strings_add(strings, json_is_null(item) ? "" : json_string_value(item));
	}
	return true;
}

static bool read_strings(const struct record_field *field, const json_t *json,
			 const struct place *place, void *value)
{
	bool is_one = field->flags & RECORD_ONE_OR_MANY && json_is_string(json);

	if (!is_one && !json_is_array(json))
		return mismatch(place, json, "[]string");
	strings_set_empty(value);
	if (!is_one)
		return read_each_string(json, place, value);
	strings_add(value, json_string_value(json));
	return true;
}

/* jansson iterates objects by pointers that are not const; it changes nothing. */
static json_t *iterated(const json_t *json)
{
	return (json_t *)(uintptr_t)json;
}

static bool read_set(const struct record_field *field, const json_t *json,
		     const struct place *place, void *value)
{
	const char *name;
	json_t *item;

	if (!json_is_object(json))
		return mismatch(place, json, "map[string]struct {}");
	strings_set_empty(value);
	json_object_foreach (iterated(json), name, item) {
		if (!json_is_object(item) && !json_is_null(item))
			return mismatch(place, item, "struct {}");
		strings_add(value, name);
	}
	return true;
}

static bool read_pairs(const struct record_field *field, const json_t *json,
		       const struct place *place, void *value)
{
	const char *name;
	json_t *item;

	if (!json_is_object(json))
		return mismatch(place, json, "map[string]string");
	pairs_set_empty(value);
	json_object_foreach (iterated(json), name, item) {
		if (!json_is_string(item) && !json_is_null(item))
			return mismatch(place, item, "string");
		pairs_append(value, name, json_string_value(item));
	}
	return true;
}

static bool read_bytes(const struct record_field *field, const json_t *json,
		       const struct place *place, void *value)
{
	struct buffer *bytes = value;

	if (!json_is_string(json))
		return mismatch(place, json, "[]uint8");
	buffer_clear(bytes);
	buffer_reserve(bytes, 0); /* given, be it empty */
	if (base64_decode(json_string_value(json), json_string_length(json), bytes))
		return true;
	return error_set(place->err, ERROR_INVALID, "illegal base64 data in %s", place->name);
}

static bool read_struct(const struct record_field *field, const json_t *json,
			const struct place *place, void *value)
{
	return read_record(field->nested, json, place, value);
}

static bool read_pointer(const struct record_field *field, const json_t *json,
			 const struct place *place, void *value)
{
	void **pointer = value;

	if (!json_is_object(json))
		return mismatch(place, json, "struct");
	if (!*pointer)
		*pointer = mem_zeroed(1, field->nested->size);
	return read_record(field->nested, json, place, *pointer);
}

static bool read_items(const struct record_type *type, const json_t *json,
		       const struct place *place, struct record_list *list)
{
	size_t i;
	json_t *item;

	if (!json_is_array(json))
		return mismatch(place, json, "[]struct");
	record_list_set_empty(type, list);
	json_array_foreach (iterated(json), i, item) {
		void *record = record_list_add(type, list);

		if (!json_is_null(item) && !read_record(type, item, place, record))
			return false;
	}
	return true;
}

static bool read_list(const struct record_field *field, const json_t *json,
		      const struct place *place, void *value)
{
	return read_items(field->nested, json, place, value);
}

static bool read_map(const struct record_field *field, const json_t *json,
		     const struct place *place, void *value)
{
	const char *name;
	json_t *item;

	if (!json_is_object(json))
		return mismatch(place, json, "map[string]struct");
	record_map_set_empty(field->nested, value);
	json_object_foreach (iterated(json), name, item) {
		void *record = record_map_append(field->nested, value, name);

		if (!json_is_null(item) && !read_record(field->nested, item, place, record))
			return false;
	}
	return true;
}

static bool read_map_of_lists(const struct record_field *field, const json_t *json,
			      const struct place *place, void *value)
{
	const char *name;
	json_t *item;

	if (!json_is_object(json))
		return mismatch(place, json, "map[string][]struct");
	record_map_of_lists_fini(field->nested, value);
	record_map_set_empty(&record_list_of, value);
	json_object_foreach (iterated(json), name, item) {
		struct record_list *list = record_map_append(&record_list_of, value, name);

		if (!json_is_null(item) && !read_items(field->nested, item, place, list))
			return false;
	}
	return true;
}

typedef bool (*read_value)(const struct record_field *field, const json_t *json,
			   const struct place *place, void *value);

static const read_value readers[] = {
	[RECORD_BOOL] = read_bool,
	[RECORD_TRISTATE] = read_tristate,
	[RECORD_I64] = read_i64,
	[RECORD_I32] = read_i32,
	[RECORD_OPTIONAL_I64] = read_optional,
	[RECORD_F64] = read_f64,
	[RECORD_STRING] = read_string,
	[RECORD_STRINGS] = read_strings,
	[RECORD_PAIRS] = read_pairs,
	[RECORD_SET] = read_set,
	[RECORD_STRUCT] = read_struct,
	[RECORD_POINTER] = read_pointer,
	[RECORD_LIST] = read_list,
	[RECORD_MAP] = read_map,
	[RECORD_MAP_OF_LISTS] = read_map_of_lists,
	[RECORD_JSON] = read_json_text,
	[RECORD_BYTES] = read_bytes,
};

/* The field of that name in any case, looked for from `*next` on: documents mostly come in the
 * order of the table, so the first look finds it. */
static const struct record_field *find_field(const struct record_type *type, const char *name,
					     size_t *next)
{
	for (size_t i = 0; i < type->count; i++) {
		size_t at = (*next + i) % type->count;

		if (strcasecmp(type->fields[at].name, name) == 0) {
			*next = at + 1;
			return &type->fields[at];
		}
	}
	return NULL;
}

static bool is_read(const struct record_field *field, enum record_audience audience)
{
	return field && !(audience == RECORD_FOR_API && field->flags & RECORD_STORED_ONLY);
}

static bool read_record(const struct record_type *type, const json_t *json,
			const struct place *place, void *record)
{
	const char *name;
	json_t *item;
	size_t next = 0;

	if (!json_is_object(json))
		return mismatch(place, json, "struct");
	json_object_foreach (iterated(json), name, item) {
		const struct record_field *field = find_field(type, name, &next);
		struct place inner = {place, field ? field->name : NULL, place->audience,
				      place->err};

		if (!is_read(field, place->audience) || json_is_null(item))
			continue;
		if (!readers[field->kind](field, item, &inner, record_field_value(field, record)))
			return false;
	}
	return true;
}

bool record_from_json(const struct record_type *type, const json_t *json,
		      enum record_audience audience, void *record, struct error *err)
{
	struct place outermost = {NULL, NULL, audience, err};

	return read_record(type, json, &outermost, record);
}
