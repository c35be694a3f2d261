/* A record that is kept for long and seldom looked at: its binary form, of which most is zeros, without them, in one
 * piece of memory. */
#pragma once

#include "format/record.h"

struct packed_record {
	unsigned char *bytes; /* owned; NULL: nothing was packed */
};

void record_pack(const struct record_type *type, const void *record, struct packed_record *out);
/* `record` is zeroed.  False: nothing was packed. */
bool record_unpack(const struct record_type *type, const struct packed_record *packed,
		   void *record);
/* Of one type: the records are. */
bool packed_record_is_equal(const struct packed_record *a, const struct packed_record *b);
void packed_record_fini(struct packed_record *packed);
