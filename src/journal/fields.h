/* The fields of an entry, under the names that journalctl's readers know. */
#pragma once

#include "journal/cursor.h"

struct journal_field {
	const char *name;
	size_t name_size;
	struct text_part value;
};

/* All fields of one entry.  Texts are borrowed from the view, or stand in here. */
struct journal_fields {
	struct journal_field items[24 + JOURNAL_FIELDS_LIMIT];
	size_t count;
	char cursor[JOURNAL_CURSOR_TEXT_SIZE], boot[JOURNAL_ID_SIZE];
	char numbers[6][24];
	size_t number_count;
};

/* Those that begin with two underscores, which say where the entry is, come first. */
void journal_fields_of(const struct journal_view *view, struct journal_fields *out);

/* A field of the origin by its name in the file; text NULL: it has none. */
struct text_part journal_origin_field(const struct journal_view *view, const char *name);

bool text_part_equal(struct text_part part, const char *text);
