/* Entries for the systemd journal, in the form that its socket takes: one datagram of fields. */
#pragma once

#include "base/text.h"

/* Append `NAME=data`, or NAME, a length and the data where that holds a newline. */
void journal_field(struct buffer *out, const char *name, const char *data, size_t size);

/* What a field may be called that comes from a label or a variable: upper case, digits and _, and no _ at
 * its front; "" when nothing is left. */
char *journal_field_name(const char *text);
