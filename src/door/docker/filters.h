/* The `filters` query parameter: {"name": ["value"]}, or the older {"name": {"value": true}}.
 * Values of a name are alternatives (of label: all must hold), and all names must hold. */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct filter {
	char *name;
	struct strings values;
};

struct filters {
	struct filter *items;
	size_t count, capacity;
};

/* NULL and "" are no filters.  ERROR_INVALID "invalid filter". */
bool filters_parse(const char *text, struct filters *out, struct error *err);
void filters_fini(struct filters *filters);

#define scoped_filters scoped_with(filters_fini)

/* Only these names, separated by blanks, are known here: ERROR_INVALID "invalid filter 'bogus'". */
bool filters_check(const struct filters *filters, const char *known, struct error *err);

/* NULL: not asked for. */
const struct strings *filters_values(const struct filters *filters, const char *name);

/* ERROR_INVALID "invalid filter 'status=x'". */
bool filters_invalid(const char *name, const char *value, struct error *err);

/* One of true, 1, false, 0; `*value` stays as it is when the name is absent. */
bool filters_bool(const struct filters *filters, const char *name, bool *value, struct error *err);

/* ---- does a thing pass?  Yes when the name is not asked for. ---- */

bool filters_exact(const struct filters *filters, const char *name, const char *text);
bool filters_prefix(const struct filters *filters, const char *name, const char *text);

/* A value is an extended regular expression, found anywhere. */
bool filters_pattern(const struct filters *filters, const char *name, const char *text);

/* "key" or "key=value", each of them there. */
bool filters_labels(const struct filters *filters, const char *name, const struct pairs *labels);

/* A moment as since, until and the `until` filter take it: Unix seconds with a fraction, RFC 3339, also
 * without its end ("2006-01-02T15:04", in UTC), or a duration before `now`.  ERROR_INVALID. */
bool moment_parse(const char *text, int64_t now_ns, int64_t *ns, struct error *err);
