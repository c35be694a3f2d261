/* Structs as tables: one description of a struct gives its JSON form (API bodies, the store's
 * records), its binary form (messages between our own programs) and its freeing.
 *
 *	struct port_binding { char *host_ip; char *host_port; };
 *	static const struct record_field port_binding_fields[] = {
 *		RECORD_FIELD(struct port_binding, 1, "HostIp", RECORD_STRING, host_ip),
 *		RECORD_FIELD(struct port_binding, 2, "HostPort", RECORD_STRING, host_port),
 *	};
 *	const struct record_type port_binding_type =
 *		RECORD_TYPE(struct port_binding, port_binding_fields);
 *
 * A zeroed struct is an empty record.  Names match in any case when read, null means absent,
 * unknown names are skipped, and so are unknown tags: an older program reads a newer one's
 * messages.  Tags are never reused for something else. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* jansson's document, named here so that programs without jansson can use the rest: what needs it
 * is in record_json.c alone, and the static shim links only record.c and record_wire.c. */
typedef struct json_t json_t;

enum record_kind {
	RECORD_BOOL,	     /* bool */
	RECORD_TRISTATE,     /* int8_t: 0 absent (null), 1 true, -1 false */
	RECORD_I64,	     /* int64_t */
	RECORD_OPTIONAL_I64, /* struct optional_i64 */
	RECORD_F64,	     /* double */
	RECORD_STRING,	     /* char *, owned; NULL is absent */
	RECORD_STRINGS,	     /* struct strings: ["a", "b"] */
	RECORD_PAIRS,	     /* struct pairs: {"a": "b"}; a null value is kept as NULL */
	RECORD_SET,	     /* struct strings: {"80/tcp": {}} */
	RECORD_STRUCT,	     /* the struct itself, inside this one */
	RECORD_POINTER,	     /* struct *, owned; NULL is absent */
	RECORD_LIST,	     /* struct record_list: [{...}, ...] */
	RECORD_MAP,	     /* struct record_map: {"name": {...}} */
	RECORD_MAP_OF_LISTS, /* struct record_map of struct record_list (null is kept) */
	RECORD_JSON,	     /* char *, owned: any JSON as compact text, for what is only echoed */
	RECORD_BYTES,	     /* struct buffer; base64 in JSON */
	RECORD_I32,	     /* int32_t; also fits an enum or a pid */
};

struct optional_i64 {
	bool given;
	int64_t value;
};

/* Records of one type, in the caller's order.  Index with RECORD_AT(list, type, i). */
struct record_list {
	void *items; /* owned; NULL: never given (null) */
	size_t count;
};

struct record_map {
	char **names; /* owned; NULL: never given (null) */
	void *items;  /* the values, in the order of names */
	size_t count;
};

#define RECORD_AT(list, type, index) (&((type *)(list).items)[index])

/* All but STORED_ONLY and SECRET are about JSON alone. */
enum record_flags {
	RECORD_OMIT_EMPTY = 1,	 /* leave out when record_is_empty() would say so of this field */
	RECORD_OMIT_ABSENT = 2,	 /* leave out when absent; what was given empty is written */
	RECORD_EMPTY_LIST = 4,	 /* an absent list or map is written [] or {} instead of null */
	RECORD_EMPTY_STRING = 8, /* an absent string is written "" instead of null */
	RECORD_ONE_OR_MANY = 16, /* STRINGS: "x" reads as ["x"] */
	RECORD_STORED_ONLY = 32, /* neither read from nor written to the API: store and wire only */
	RECORD_SECRET = 64,	 /* read from the API, but never written to it */
};

struct record_type;

struct record_field {
	const char *name; /* in JSON */
	uint16_t tag;	  /* in the binary form, unique within the type, never 0 */
	uint8_t kind;
	uint8_t flags;
	uint32_t offset;
	const struct record_type *nested; /* STRUCT, POINTER, LIST, MAP, MAP_OF_LISTS */
};

struct record_type {
	const struct record_field *fields;
	size_t count;
	size_t size; /* of the struct */
};

#define RECORD_FIELD(type, tag, name, kind, member)                                                \
	{                                                                                          \
		name, tag, kind, 0, (uint32_t)offsetof(type, member), NULL                         \
	}
#define RECORD_FIELD_FLAGS(type, tag, name, kind, member, flags)                                   \
	{                                                                                          \
		name, tag, kind, flags, (uint32_t)offsetof(type, member), NULL                     \
	}
#define RECORD_NESTED(type, tag, name, kind, member, flags, nested)                                \
	{                                                                                          \
		name, tag, kind, flags, (uint32_t)offsetof(type, member), nested                   \
	}
#define RECORD_TYPE(type, fields)                                                                  \
	{                                                                                          \
		fields, array_length(fields), sizeof(type)                                         \
	}

/* Free what the record owns and zero it. */
void record_fini(const struct record_type *type, void *record);

/* A deep copy into zeroed memory. */
void record_copy(const struct record_type *type, const void *from, void *to);

/* Whether every field is absent, zero, false, "" or without items. */
bool record_is_empty(const struct record_type *type, const void *record);

/* ---- lists and maps; set_empty makes them given, with nothing inside ---- */

/* A new empty record behind the last one; returns it, valid until the next add. */
void *record_list_add(const struct record_type *type, struct record_list *list);
void record_list_remove(const struct record_type *type, struct record_list *list, size_t index);
void record_list_set_empty(const struct record_type *type, struct record_list *list);
void record_list_copy(const struct record_type *type, const struct record_list *from,
		      struct record_list *to); /* into a zeroed list */
void record_list_fini(const struct record_type *type, struct record_list *list);

/* The record under `name`: a new empty one behind the last, or the one that stands there. */
void *record_map_add(const struct record_type *type, struct record_map *map, const char *name);
void *record_map_get(const struct record_type *type, const struct record_map *map,
		     const char *name);
bool record_map_remove(const struct record_type *type, struct record_map *map, const char *name);
void record_map_set_empty(const struct record_type *type, struct record_map *map);
void record_map_fini(const struct record_type *type, struct record_map *map);

/* For MAP_OF_LISTS: `type` above is then &record_list_of, whose records are struct record_list, and
 * only these two know what is in the lists. */
extern const struct record_type record_list_of;
void record_map_of_lists_fini(const struct record_type *item, struct record_map *map);
bool record_map_of_lists_remove(const struct record_type *item, struct record_map *map,
				const char *name);

/* ---- JSON ---- */

enum record_audience {
	RECORD_FOR_API,	  /* without STORED_ONLY fields, and without writing SECRET ones */
	RECORD_FOR_STORE, /* all fields */
};

/* Read `json` (borrowed) into `record`, which holds defaults: names that are absent or null leave
 * their field as it is.  A value of the wrong type fails with ERROR_INVALID and the path of the
 * field, in the words of Go's decoder where Docker's clients know them:
 * "json: cannot unmarshal string into Go struct field HostConfig.Memory of type int64".
 * After a failure `record` is still valid to free. */
bool record_from_json(const struct record_type *type, const json_t *json,
		      enum record_audience audience, void *record, struct error *err);

/* The same the other way, as a new reference. */
json_t *record_to_json(const struct record_type *type, const void *record,
		       enum record_audience audience) __attribute__((returns_nonnull));

/* The same as compact text, written straight to the buffer without a tree between: 300 containers
 * of `docker ps` in well under a millisecond. */
void record_write_json(const struct record_type *type, const void *record,
		       enum record_audience audience, struct buffer *out);

/* ---- binary: fields of {u16 tag, u16 kind, u32 length, bytes}, little endian ---- */

void record_encode(const struct record_type *type, const void *record, struct buffer *out);

/* Read into an empty record.  Bounded by the input: an item of a list costs at least its 4 bytes of
 * length, a list has at most RECORD_ITEMS_LIMIT, and records nest to RECORD_DEPTH_LIMIT.  After a
 * failure `record` is still valid to free. */
#define RECORD_DEPTH_LIMIT 16
#define RECORD_ITEMS_LIMIT 65536
bool record_decode(const struct record_type *type, const void *data, size_t size, void *record,
		   struct error *err);
