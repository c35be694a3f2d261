/* Entries as text, as journalctl prints them. */
#pragma once

#include "journal/fields.h"

struct journal_printer {
	enum journal_output output;
	bool utc, no_hostname;

	const struct strings *only; /* borrowed: the fields that are wanted; NULL or none: all */

	/* the last second that was put into words */
	int64_t second;
	char moment[64], zone[16];
	bool has_moment;

	/* of the entry before, for short-delta */
	int64_t before_ns;
	uint8_t boot[16];
	bool has_before;

	struct journal_fields fields;
	struct buffer clean; /* owned */
};

void journal_printer_fini(struct journal_printer *printer);
void journal_print(struct journal_printer *printer, const struct journal_view *view,
		   struct buffer *out);

/* "-- Boot ID --" and "-- No entries --" stand in this output. */
bool journal_output_has_markers(enum journal_output output);
bool journal_output_from_name(const char *name, enum journal_output *output);
