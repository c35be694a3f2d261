/* The journal of one unit: lines of its processes, and what we say about it. */
#pragma once

#include "execution/plan.h"
#include "journal/journal.h"

struct unit_journal {
	struct journal_writer *writer; /* owned; NULL: there is no journal */
	struct journal_origin origin;  /* strings owned by the start */
	char hostname[65];

	/* from the plan */
	int32_t level, level_max; /* of lines without one; nothing above is kept */
	bool prefix;
	int64_t rate_interval_ns, rate_burst; /* 0: no limit */

	int64_t window_ns; /* when the present interval began */
	int64_t lines, suppressed;
	bool dirty; /* something waits to be flushed */
};

/* Who says it. */
struct unit_voice {
	int64_t pid, uid, gid;
	const char *identifier, *comm;
};

/* A new start: `folder` NULL is no journal.  The strings of `start` must live until the next one. */
struct unit_start;
bool unit_journal_begin(struct unit_journal *journal, const struct unit_start *start,
			struct error *err);
void unit_journal_line(struct unit_journal *journal, const struct unit_voice *voice,
		       const char *text, size_t size);
void unit_journal_say(struct unit_journal *journal, int priority, const char *text);
void unit_journal_flush(struct unit_journal *journal);
void unit_journal_rotate(struct unit_journal *journal);
void unit_journal_shrink(struct unit_journal *journal);
void unit_journal_end(struct unit_journal *journal);

/* "<3>text": the level, and where the text begins.  Levels of syslog with a facility count too. */
int32_t unit_line_level(const char *text, size_t size, size_t *begin); /* -1: there is none */
