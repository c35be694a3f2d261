#include "journal/filter.h"

#include "format/expression.h"
#include "journal/fields.h"

#include <fnmatch.h>

/* ---- what is asked for ---- */

static bool is_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL; /* a backslash is a part of escaped names */
}

/* Blocks can be passed by only when each unit is named in full. */
static void note_units(struct journal_filter *f)
{
	const struct strings *units = &f->query->units;

	for (size_t i = 0; i < units->count; i++)
		if (is_glob(units->items[i]))
			return;
	if (!units->count)
		return;
	f->units = mem_zeroed(units->count, sizeof(*f->units));
	for (size_t i = 0; i < units->count; i++)
		f->units[i] = journal_unit_bits(units->items[i], strlen(units->items[i]));
	f->need.units = f->units;
	f->need.unit_count = units->count;
}

static uint32_t priorities_of(const struct journal_query *query)
{
	uint32_t mask = 0;

	for (int32_t i = 0; i < 8; i++)
		if (i >= query->priority_low && i <= query->priority_high)
			mask |= 1u << i;
	return mask;
}

static bool compile(struct journal_filter *f, const char *pattern, struct error *err)
{
	int flags = REG_NOSUB | (f->query->grep_insensitive ? REG_ICASE : 0);
	char words[160];
	int code;

	if (strlen(pattern) > JOURNAL_GREP_LIMIT)
		return error_set(err, ERROR_INVALID, "the pattern is too long");
	code = expression_compile(pattern, flags, &f->pattern);
	if (!code)
		return f->has_pattern = true;
	if (code == REG_ESPACE)
		return error_set(err, ERROR_INVALID, "the pattern '%.200s' would grow too large",
				 pattern);
	regerror(code, &f->pattern, words, sizeof(words));
	return error_set(err, ERROR_INVALID, "bad pattern '%.200s': %s", pattern, words);
}

bool journal_filter_init(struct journal_filter *f, const struct journal_query *query,
			 struct error *err)
{
	*f = (struct journal_filter){.query = query};
	f->need.priorities = priorities_of(query);
	note_units(f);
	return !query->grep || compile(f, query->grep, err);
}

void journal_filter_fini(struct journal_filter *f)
{
	if (f->has_pattern)
		regfree(&f->pattern);
	buffer_fini(&f->line);
	free(f->units);
	f->units = NULL;
	f->has_pattern = false;
}

/* ---- asking ---- */

static bool unit_matches(const struct journal_query *query, struct text_part unit)
{
	char name[256];

	if (!unit.text || unit.size >= sizeof(name))
		return false;
	memcpy(name, unit.text, unit.size);
	name[unit.size] = '\0';
	for (size_t i = 0; i < query->units.count; i++)
		if (fnmatch(query->units.items[i], name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

/* Entries of one origin lie together, so this is asked once for many. */
static bool origin_accepted(struct journal_filter *f, const struct journal_view *view)
{
	if (!f->query->units.count)
		return true;
	if (f->file != view->file || f->block != view->file->block ||
	    f->origin_at != view->file->entries.items[view->file->item].origin_at) {
		f->file = view->file;
		f->block = view->file->block;
		f->origin_at = view->file->entries.items[view->file->item].origin_at;
		f->accepted = unit_matches(f->query, journal_origin_field(view, ORIGIN_UNIT));
	}
	return f->accepted;
}

static bool identifier_accepted(const struct journal_query *query, const struct journal_view *view)
{
	for (size_t i = 0; i < query->identifiers.count; i++)
		if (text_part_equal(view->stored.identifier, query->identifiers.items[i]))
			return true;
	return query->identifiers.count == 0;
}

static bool field_is(const struct journal_fields *fields, const struct pair *match)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct journal_field *field = &fields->items[i];

		if (field->name_size == strlen(match->name) &&
		    memcmp(field->name, match->name, field->name_size) == 0 &&
		    text_part_equal(field->value, match->value ? match->value : ""))
			return true;
	}
	return false;
}

/* Matches [from, to): of those for one field one is enough, different fields must all match. */
static bool any_of_field(const struct journal_fields *fields, const struct pair *from,
			 const struct pair *to, const char *name)
{
	for (const struct pair *match = from; match < to; match++)
		if (str_equal(match->name, name) && field_is(fields, match))
			return true;
	return false;
}

static bool group_accepted(const struct journal_fields *fields, const struct pair *from,
			   const struct pair *to)
{
	for (const struct pair *match = from; match < to; match++)
		if (!any_of_field(fields, from, to, match->name))
			return false;
	return from < to;
}

static bool matches_accepted(const struct pairs *matches, const struct journal_view *view)
{
	const struct pair *from = matches->items, *to;
	struct journal_fields fields;

	if (!matches->count)
		return true;
	const struct pair *end = from + matches->count;
	journal_fields_of(view, &fields);
	for (; from < end; from = to + 1) {
		for (to = from; to < end && !str_equal(to->name, JOURNAL_OR); to++)
			;
		if (group_accepted(&fields, from, to))
			return true;
	}
	return false;
}

/* A copy, for not all who look at the arguments of regexec() know that it needs no NUL. */
static bool pattern_accepted(struct journal_filter *f, struct text_part text)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)text.size};

	if (!f->has_pattern)
		return true;
	buffer_clear(&f->line);
	buffer_add(&f->line, text.text, text.size);
	return regexec(&f->pattern, f->line.data, 1, &range, REG_STARTEND) == 0;
}

bool journal_filter_accepts(struct journal_filter *f, const struct journal_view *view)
{
	return (f->need.priorities >> view->stored.head.head.priority & 1) &&
	       origin_accepted(f, view) && identifier_accepted(f->query, view) &&
	       matches_accepted(&f->query->matches, view) && pattern_accepted(f, view->text);
}
