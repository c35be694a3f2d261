#include "journal/request.h"

#include "format/time_span.h"
#include "format/unit_name.h"
#include "journal/cursor.h"
#include "journal/filter.h"
#include "journal/output.h"

#include <ctype.h>

/* ---- on the way to the reader ---- */

#define FIELD(tag, kind, member) RECORD_FIELD(struct journal_request, tag, #member, kind, member)

static const struct record_field fields[] = {
	FIELD(1, RECORD_STRINGS, query.units),
	FIELD(2, RECORD_STRINGS, query.identifiers),
	FIELD(3, RECORD_PAIRS, query.matches),
	FIELD(4, RECORD_I64, query.since_ns),
	FIELD(5, RECORD_I64, query.until_ns),
	FIELD(6, RECORD_I32, query.priority_low),
	FIELD(7, RECORD_I32, query.priority_high),
	FIELD(8, RECORD_STRING, query.boot),
	FIELD(9, RECORD_STRING, query.grep),
	FIELD(10, RECORD_BOOL, query.grep_insensitive),
	FIELD(11, RECORD_I64, query.lines),
	FIELD(12, RECORD_BOOL, query.reverse),
	FIELD(13, RECORD_BOOL, query.follow),
	FIELD(14, RECORD_BOOL, query.from_head),
	FIELD(15, RECORD_STRING, query.after_cursor),
	FIELD(16, RECORD_I32, output),
	FIELD(17, RECORD_BOOL, utc),
	FIELD(18, RECORD_BOOL, no_hostname),
	FIELD(19, RECORD_BOOL, no_markers),
	FIELD(20, RECORD_BOOL, query.from_cursor),
	FIELD(21, RECORD_BOOL, query.show_cursor),
	FIELD(22, RECORD_STRINGS, query.output_fields),
	FIELD(23, RECORD_STRING, query.values_of),
	FIELD(24, RECORD_BOOL, query.names),
};
const struct record_type journal_request_type = RECORD_TYPE(struct journal_request, fields);

void journal_request_init(struct journal_request *r)
{
	*r = (struct journal_request){.query = {.priority_high = 7, .lines = -1}};
}

void journal_request_fini(struct journal_request *r)
{
	record_fini(&journal_request_type, r);
}

/* ---- values ---- */

struct setting {
	struct journal_request *request;
	const char *value;
	int64_t now_ns;
};

typedef bool set_value(const struct setting *s, struct error *err);

static bool read_bool(const char *value, bool *out, struct error *err)
{
	static const char *const words[][2] = {{"0", "1"}, {"false", "true"}, {"no", "yes"}};

	*out = *value == '\0';
	for (size_t i = 0; i < array_length(words); i++) {
		*out = *out || str_equal(value, words[i][1]);
		if (*out || str_equal(value, words[i][0]))
			return true;
	}
	return error_set(err, ERROR_INVALID, "'%.100s' is neither yes nor no", value);
}

static bool set_unit(const struct setting *s, struct error *err)
{
	char *name;

	if (!unit_name_from_argument(s->value, true, &name, err))
		return false;
	strings_take(&s->request->query.units, name);
	return true;
}

static bool set_identifier(const struct setting *s, struct error *err)
{
	strings_add(&s->request->query.identifiers, s->value);
	return true;
}

static bool set_match(const struct setting *s, struct error *err)
{
	const char *equals = strchr(s->value, '=');
	scoped_free char *name = NULL;

	if (str_equal(s->value, JOURNAL_OR)) {
		pairs_append(&s->request->query.matches, JOURNAL_OR, "");
		return true;
	}
	if (!equals || equals == s->value)
		return error_set(err, ERROR_INVALID, "'%.100s' is not of the form FIELD=value",
				 s->value);
	name = str_dup_n(s->value, (size_t)(equals - s->value));
	pairs_append(&s->request->query.matches, name, equals + 1);
	return true;
}

static bool set_lines(const struct setting *s, struct error *err)
{
	struct journal_query *query = &s->request->query;
	uint64_t lines;

	query->from_head = *s->value == '+';
	if (str_equal(s->value, "all")) {
		query->lines = -1;
		return true;
	}
	if (!parse_u64(s->value + query->from_head, &lines) || lines > INT64_MAX)
		return error_set(err, ERROR_INVALID, "'%.100s' is no number of lines", s->value);
	query->lines = (int64_t)lines;
	return true;
}

static bool read_time(const struct setting *s, int64_t *out, struct error *err)
{
	uint64_t since_1970;
	int64_t us;

	if (parse_u64(s->value, &since_1970) && since_1970 <= INT64_MAX / 1000) {
		*out = (int64_t)since_1970 * 1000;
		return true;
	}
	if (!time_stamp_parse(s->value, s->now_ns / 1000, &us) || us > INT64_MAX / 1000 ||
	    us < INT64_MIN / 1000)
		return error_set(err, ERROR_INVALID, "failed to parse timestamp: %.100s", s->value);
	*out = us * 1000;
	return true;
}

static bool set_since(const struct setting *s, struct error *err)
{
	return read_time(s, &s->request->query.since_ns, err);
}

static bool set_until(const struct setting *s, struct error *err)
{
	return read_time(s, &s->request->query.until_ns, err);
}

static bool read_priority(const char *text, int32_t *out)
{
	static const char *const names[] = {"emerg",   "alert",	 "crit", "err",
					    "warning", "notice", "info", "debug"};

	for (size_t i = 0; i < array_length(names); i++) {
		if (!str_equal(text, names[i]) && !(text[0] == (char)('0' + i) && !text[1]))
			continue;
		*out = (int32_t)i;
		return true;
	}
	return false;
}

/* One is all that are as grave or graver, a range is a range in any order. */
static bool set_priority(const struct setting *s, struct error *err)
{
	const char *dots = strstr(s->value, "..");
	scoped_free char *first =
		str_dup_n(s->value, dots ? (size_t)(dots - s->value) : strlen(s->value));
	int32_t low = 0, high;

	if (!read_priority(dots ? dots + 2 : s->value, &high) ||
	    (dots && !read_priority(first, &low)))
		return error_set(err, ERROR_INVALID, "unknown log level '%.100s'", s->value);
	s->request->query.priority_low = low < high ? low : high;
	s->request->query.priority_high = low < high ? high : low;
	return true;
}

static bool set_boot(const struct setting *s, struct error *err)
{
	const char *number = *s->value == '+' ? s->value + 1 : s->value;
	uint8_t id[16];
	int64_t offset;

	if (*number && !parse_i64(number, &offset) && !journal_id_read(s->value, id))
		return error_set(err, ERROR_INVALID, "'%.100s' names no boot", s->value);
	str_replace(&s->request->query.boot, *number ? s->value : "0");
	return true;
}

static void settle_case(struct journal_request *r)
{
	bool upper = false;

	for (const char *c = r->query.grep ? r->query.grep : ""; *c; c++)
		upper = upper || isupper((unsigned char)*c);
	r->query.grep_insensitive = r->grep_case ? r->grep_case < 0 : !upper;
}

/* Compiled where it is read: what a pattern may cost is not the daemon's. */
static bool set_grep(const struct setting *s, struct error *err)
{
	if (strlen(s->value) > JOURNAL_GREP_LIMIT)
		return error_set(err, ERROR_INVALID, "the pattern is too long");
	str_replace(&s->request->query.grep, s->value);
	settle_case(s->request);
	return true;
}

static bool set_case(const struct setting *s, struct error *err)
{
	bool sensitive;

	if (!read_bool(s->value, &sensitive, err))
		return false;
	s->request->grep_case = sensitive ? 1 : -1;
	settle_case(s->request);
	return true;
}

static bool set_output(const struct setting *s, struct error *err)
{
	enum journal_output output;

	if (!journal_output_from_name(s->value, &output))
		return error_set(err, ERROR_INVALID, "unknown output '%.100s'", s->value);
	s->request->output = (int32_t)output;
	return true;
}

static bool set_cursor(const struct setting *s, struct error *err)
{
	struct journal_cursor cursor;

	if (!journal_cursor_read(s->value, &cursor, err))
		return false;
	str_replace(&s->request->query.after_cursor, s->value);
	return true;
}

static bool set_from_cursor(const struct setting *s, struct error *err)
{
	s->request->query.from_cursor = true;
	return set_cursor(s, err);
}

static bool set_show_cursor(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->query.show_cursor, err);
}

static bool set_fields(const struct setting *s, struct error *err)
{
	scoped_strings struct strings names = strings_split(s->value, ',');

	(void)err;
	for (size_t i = 0; i < names.count; i++)
		strings_add(&s->request->query.output_fields, names.items[i]);
	return true;
}

static bool set_values(const struct setting *s, struct error *err)
{
	(void)err;
	str_replace(&s->request->query.values_of, s->value);
	return true;
}

static bool set_names(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->query.names, err);
}

static bool set_follow(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->query.follow, err);
}

static bool set_reverse(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->query.reverse, err);
}

static bool set_utc(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->utc, err);
}

static bool set_no_hostname(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->no_hostname, err);
}

static bool set_bare(const struct setting *s, struct error *err)
{
	return read_bool(s->value, &s->request->no_markers, err);
}

/* ---- all of them ---- */

#define PARAMETERS(X)                                                                              \
	X("unit", set_unit)                                                                        \
	X("identifier", set_identifier)                                                            \
	X("match", set_match)                                                                      \
	X("lines", set_lines)                                                                      \
	X("follow", set_follow)                                                                    \
	X("reverse", set_reverse)                                                                  \
	X("since", set_since)                                                                      \
	X("until", set_until)                                                                      \
	X("priority", set_priority)                                                                \
	X("boot", set_boot)                                                                        \
	X("grep", set_grep)                                                                        \
	X("case_sensitive", set_case)                                                              \
	X("output", set_output)                                                                    \
	X("utc", set_utc)                                                                          \
	X("no_hostname", set_no_hostname)                                                          \
	X("bare", set_bare)                                                                        \
	X("cursor", set_cursor)                                                                    \
	X("from_cursor", set_from_cursor)                                                          \
	X("show_cursor", set_show_cursor)                                                          \
	X("output_fields", set_fields)                                                             \
	X("values", set_values)                                                                    \
	X("names", set_names)

#define NAME(name, set) name,
#define SET(name, set)	set,

const char *const journal_request_names[] = {PARAMETERS(NAME) NULL};
static set_value *const setters[] = {PARAMETERS(SET)};

bool journal_request_set(struct journal_request *r, const char *name, const char *value,
			 int64_t now_ns, struct error *err)
{
	const struct setting setting = {r, value, now_ns};

	for (size_t i = 0; i < array_length(setters); i++)
		if (str_equal(name, journal_request_names[i]))
			return setters[i](&setting, err);
	return error_set(err, ERROR_UNSUPPORTED, "there is no parameter '%.100s'", name);
}
