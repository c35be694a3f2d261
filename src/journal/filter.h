/* Which entries a query asks for. */
#pragma once

#include "journal/journal_file.h"

#include <regex.h>

enum { JOURNAL_GREP_LIMIT = 1024 };

struct journal_filter {
	const struct journal_query *query; /* borrowed */
	regex_t pattern;
	bool has_pattern;
	struct buffer line; /* owned; that is matched */
	struct journal_need need;
	uint64_t *units; /* owned; what need points to */

	/* the last origin that was looked at, and what came out */
	const struct journal_file *file;
	int64_t block;
	uint32_t origin_at;
	bool accepted;
};

/* INVALID: the pattern is none. */
bool journal_filter_init(struct journal_filter *filter, const struct journal_query *query,
			 struct error *err);
void journal_filter_fini(struct journal_filter *filter);

/* All but its time, which the reader stops at. */
bool journal_filter_accepts(struct journal_filter *filter, const struct journal_view *view);
