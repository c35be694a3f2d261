/* Rows for people and scripts: `ps`, `images`, `stats`, ...  A row is an object of texts; --format says
 * which of them are shown and how. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "cmd/cli/template.h"

struct listing_column {
	const char *name;  /* of the member: "ID" */
	const char *title; /* in the table's head: "CONTAINER ID" */
};

struct listing {
	const char *row_type; /* Go's name of a row, for errors: "*formatter.ContainerContext" */
	const struct listing_column *columns;
	size_t column_count;
	const char *identity; /* what --quiet shows; NULL: there is no --quiet */
	const char *raw;      /* the template of --format raw; NULL: there is none */
	json_t *(*call)(const json_t *row, const char *name, const json_t *arguments);
	const char *failure; /* before a template's errors; NULL: the usual words */
	bool tried_first;    /* a format that no row could be shown by fails without any row, too */
};

#define LISTING_COLUMNS(table) .columns = table, .column_count = array_length(table)

/* How rows are to be shown. */
struct view {
	const struct listing *listing;
	struct template *template; /* owned */
	bool is_table;
};

/* `format` is --format's value or NULL; `table` the template of the default table. */
bool view_open(struct view *view, const struct listing *listing, const char *format,
	       const char *table, bool quiet, struct error *err);
void view_close(struct view *view);

/* Whether a member is shown, such as one that costs the daemon work. */
bool view_uses(const struct view *view, const char *member);
bool view_is_whole(const struct view *view); /* {{json .}} */

/* All rows (an array), with the head of the table. */
bool view_write(const struct view *view, const json_t *rows, struct buffer *out, struct error *err);

/* For listing.call of rows with labels: {{.Label "name"}}. */
json_t *row_call_label(const json_t *row, const char *name, const json_t *arguments);

/* The row with its members by name, as {{json .}} shows them; a new reference. */
json_t *row_sorted(const json_t *row);

#define scoped_view scoped_with(view_close)

/* The members of an array sorted by the text of `member`, numbers in it by their value ("a9" before
 * "a10"). */
json_t *rows_sort(const json_t *rows, const char *member);

/* What a format that is not of rows stands for; "json" is one line of JSON. */
struct template *document_template(const char *format, struct error *err);

/* A document shown by a template or as one line of JSON ("json"), without rows. */
bool document_write(const char *format, const json_t *document, struct buffer *out,
		    struct error *err);
