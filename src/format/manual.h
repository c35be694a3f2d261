/* Man pages from tables of options: the requests of man(7), added to a text.  Pure; the programs that
 * have a page put their own sections around it. */
#pragma once

#include "format/option.h"

/* What a page begins with: its title, "NAME - SUMMARY", SYNOPSIS and DESCRIPTION. */
struct manual_head {
	const char *page; /* "wherry-run" */
	int section;
	const char *version;
	const char *summary; /* no full stop */
	const char *command; /* as it is typed: "wherry run" */
	const char *usage;   /* what is typed behind it */
	const char *details; /* the description, no full stop; NULL: the summary */
};
void manual_add_head(const struct manual_head *head, struct buffer *out);

/* OPTIONS, all that are not hidden, by name; nothing at all for none. */
void manual_add_options(const struct option *const *sorted, size_t count, struct buffer *out);

/* Words that man(7) is to show as they stand. */
void manual_add_text(const char *text, struct buffer *out);
