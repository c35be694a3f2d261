#include "door/docker/filters.h"

#include "base/time.h"
#include "format/expression.h"
#include "format/json.h"
#include "format/units.h"

/* ---- reading ---- */

static bool read_list(const json_t *list, struct strings *values)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);

		if (!json_is_string(item))
			return false;
		strings_add(values, json_string_value(item));
	}
	return true;
}

static bool read_set(json_t *set, struct strings *values)
{
	const char *value;
	json_t *item;

	json_object_foreach (set, value, item) {
		if (!json_is_boolean(item))
			return false;
		strings_add(values, value);
	}
	return true;
}

static bool read_filters(json_t *json, struct filters *out)
{
	const char *name;
	json_t *item;

	if (!json_is_object(json))
		return json_is_null(json);
	json_object_foreach (json, name, item) {
		struct filter filter = {str_dup(name), {0}};
		bool good = json_is_array(item)	   ? read_list(item, &filter.values)
			    : json_is_object(item) ? read_set(item, &filter.values)
						   : false;

		vector_add(out, filter);
		if (!good)
			return false;
	}
	return true;
}

bool filters_parse(const char *text, struct filters *out, struct error *err)
{
	struct filters read = {0};
	struct error cause;

	*out = read;
	if (str_is_empty(text))
		return true;
	scoped_json json_t *json = json_parse(text, strlen(text), &cause);
	if (json && read_filters(json, &read)) {
		*out = read;
		return true;
	}
	filters_fini(&read);
	return error_set(err, ERROR_INVALID, "invalid filter");
}

void filters_fini(struct filters *filters)
{
	for (size_t i = 0; i < filters->count; i++) {
		free(filters->items[i].name);
		strings_fini(&filters->items[i].values);
	}
	vector_fini(filters);
}

static bool is_known(const char *known, const char *name)
{
	scoped_strings struct strings names = strings_split(known, ' ');

	return strings_contain(&names, name);
}

bool filters_check(const struct filters *filters, const char *known, struct error *err)
{
	for (size_t i = 0; i < filters->count; i++)
		if (!is_known(known, filters->items[i].name))
			return error_set(err, ERROR_INVALID, "invalid filter '%s'",
					 filters->items[i].name);
	return true;
}

const struct strings *filters_values(const struct filters *filters, const char *name)
{
	for (size_t i = 0; i < filters->count; i++)
		if (strcmp(filters->items[i].name, name) == 0)
			return &filters->items[i].values;
	return NULL;
}

bool filters_invalid(const char *name, const char *value, struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid filter '%s=%s'", name, value);
}

bool filters_bool(const struct filters *filters, const char *name, bool *value, struct error *err)
{
	const struct strings *values = filters_values(filters, name);

	if (!values)
		return true;
	scoped_free char *all = strings_join(values, " ");
	bool yes = str_equal(all, "true") || str_equal(all, "1");
	if (!yes && !str_equal(all, "false") && !str_equal(all, "0")) {
		scoped_free char *shown = str_format("[%s]", all);
		return filters_invalid(name, shown, err);
	}
	*value = yes;
	return true;
}

/* ---- passing ---- */

static bool any(const struct strings *values, const char *text,
		bool (*passes)(const char *value, const char *text))
{
	for (size_t i = 0; values && i < values->count; i++)
		if (passes(values->items[i], text))
			return true;
	return !values || values->count == 0;
}

static bool is_equal(const char *value, const char *text)
{
	return strcmp(value, text) == 0;
}

static bool is_prefix(const char *value, const char *text)
{
	return str_starts_with(text, value);
}

/* What is no expression matches nothing, as in Docker. */
static bool is_found(const char *value, const char *text)
{
	regex_t pattern;

	if (expression_compile(value, REG_NOSUB, &pattern) != 0)
		return false;
	bool found = regexec(&pattern, text, 0, NULL, 0) == 0;
	regfree(&pattern);
	return found;
}

bool filters_exact(const struct filters *filters, const char *name, const char *text)
{
	return any(filters_values(filters, name), text, is_equal);
}

bool filters_prefix(const struct filters *filters, const char *name, const char *text)
{
	return any(filters_values(filters, name), text, is_prefix);
}

bool filters_pattern(const struct filters *filters, const char *name, const char *text)
{
	return any(filters_values(filters, name), text, is_found);
}

static bool has_label(const struct pairs *labels, const char *wanted)
{
	const char *equals = strchrnul(wanted, '=');
	scoped_free char *name = str_dup_n(wanted, (size_t)(equals - wanted));
	const char *value = pairs_get(labels, name);

	if (!*equals)
		return pairs_have(labels, name);
	return value && strcmp(value, equals + 1) == 0;
}

bool filters_labels(const struct filters *filters, const char *name, const struct pairs *labels)
{
	const struct strings *values = filters_values(filters, name);

	for (size_t i = 0; values && i < values->count; i++)
		if (!has_label(labels, values->items[i]))
			return false;
	return true;
}

/* ---- moments ---- */

/* RFC 3339 that ends early gets the rest of the first moment that it can mean. */
static bool parse_short_time(const char *text, int64_t *ns)
{
	static const char rest[] = "0000-01-01T00:00:00Z";
	size_t length = strlen(text);

	if (length != 10 && length != 13 && length != 16 && length != 19)
		return false;
	scoped_free char *whole = str_format("%s%s", text, rest + length);
	return time_from_text(whole, ns);
}

bool moment_parse(const char *text, int64_t now_ns, int64_t *ns, struct error *err)
{
	struct error ignored;
	int64_t before;

	if (time_from_unix_text(text, ns) || time_from_text(text, ns) || parse_short_time(text, ns))
		return true;
	if (duration_from_text(text, &before, &ignored) &&
	    !__builtin_sub_overflow(now_ns, before, ns))
		return true;
	return error_set(err, ERROR_INVALID, "failed to parse value as time or duration: \"%s\"",
			 text);
}
