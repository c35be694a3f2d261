/* One field of one record: what the files of `record` share.  For this folder only. */
#pragma once

#include "format/record.h"

static inline void *record_field_value(const struct record_field *field, void *record)
{
	return (char *)record + field->offset;
}

static inline const void *record_field_peek(const struct record_field *field, const void *record)
{
	return (const char *)record + field->offset;
}

/* The value was never given: JSON null.  Plain numbers and structs are always there. */
bool record_field_is_absent(const struct record_field *field, const void *value);

/* Absent, zero, false, "" or without items. */
bool record_field_is_empty(const struct record_field *field, const void *value);

void record_field_fini(const struct record_field *field, void *value);

/* As record_map_add for a name that is known not to be there: no search. */
void *record_map_append(const struct record_type *type, struct record_map *map, const char *name);
