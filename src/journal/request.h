/* What somebody wants to read, as he says it and as it is sent to the process that reads. */
#pragma once

#include "format/record.h"
#include "journal/journal.h"

struct journal_request {
	struct journal_query query;
	int32_t output; /* enum journal_output */
	bool utc, no_hostname, no_markers;
	int8_t grep_case; /* 1: upper and lower case differ, -1: they do not, 0: only if the pattern has both */
};
extern const struct record_type journal_request_type;

/* Everything, as `short`. */
void journal_request_init(struct journal_request *request);
void journal_request_fini(struct journal_request *request);

/* One parameter of the API: unit, identifier, match (FIELD=value; these may come again; + between
 * two groups), lines (N, +N: the first, all), follow, reverse, since, until (microseconds since
 * 1970, or as journalctl takes them), priority (err, 3, 3..4), boot (id, +-N), grep,
 * case_sensitive, output, output_fields (A,B), utc, no_hostname, bare (no markers), cursor (behind
 * it), from_cursor (it is the first), show_cursor, values (of a field) and names (of all fields),
 * once each, instead of entries.  INVALID: says what is wrong; UNSUPPORTED: there is no such
 * parameter. */
bool journal_request_set(struct journal_request *request, const char *name, const char *value,
			 int64_t now_ns, struct error *err);

/* The parameters as a table, for who asks for each by its name. */
extern const char *const journal_request_names[]; /* NULL behind the last */
