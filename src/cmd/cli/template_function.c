/* The functions of templates: Go's own and Docker's. */
#include "cmd/cli/template_tree.h"
#include "format/percent.h"

#include <ctype.h>

static bool give(struct value *result, json_t *json)
{
	*result = (struct value){json, SHAPE_PLAIN};
	return true;
}

static bool give_value(struct value *result, const struct value *value)
{
	*result = (struct value){json_incref(value->json), value->shape};
	return true;
}

/* Bytes that are no UTF-8 cannot stand in a JSON string; they come only from slicing a character.
 */
static bool give_text(struct value *result, const char *text, size_t size)
{
	json_t *json = json_stringn(text, size);

	return give(result, json ? json : json_string(""));
}

static bool give_buffer(struct value *result, struct buffer *text)
{
	bool given = give_text(result, text->data ? text->data : "", text->size);

	buffer_fini(text);
	return given;
}

static bool want_text(const struct value *value, struct error *err)
{
	if (json_is_string(value->json))
		return true;
	return error_set(err, ERROR_INVALID, "wrong type for value; expected string");
}

static bool want_number(const struct value *value, struct error *err)
{
	if (json_is_integer(value->json))
		return true;
	return error_set(err, ERROR_INVALID, "wrong type for value; expected int");
}

/* ---- comparing ---- */

/* -1, 0, 1; false when the two are of kinds that cannot be compared. */
static bool compare(const struct value *a, const struct value *b, int *order)
{
	if (json_is_string(a->json) && json_is_string(b->json)) {
		*order = strcmp(json_string_value(a->json), json_string_value(b->json));
	} else if (json_is_integer(a->json) && json_is_integer(b->json)) {
		json_int_t x = json_integer_value(a->json), y = json_integer_value(b->json);
		*order = (x > y) - (x < y);
	} else if (json_is_number(a->json) && json_is_number(b->json)) {
		double x = json_number_value(a->json), y = json_number_value(b->json);
		*order = (x > y) - (x < y);
	} else {
		return false;
	}
	return true;
}

static bool equal(const struct value *a, const struct value *b, bool *result, struct error *err)
{
	bool a_nil = !a->json || json_is_null(a->json), b_nil = !b->json || json_is_null(b->json);
	int order;

	if (compare(a, b, &order)) {
		*result = order == 0;
	} else if (json_is_boolean(a->json) && json_is_boolean(b->json)) {
		*result = json_typeof(a->json) == json_typeof(b->json);
	} else if (a_nil || b_nil) {
		*result = a_nil && b_nil;
	} else {
		return error_set(err, ERROR_INVALID, "incompatible types for comparison");
	}
	return true;
}

static bool run_eq(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	bool same = false;

	if (count < 2)
		return error_set(err, ERROR_INVALID, "missing argument for comparison");
	for (size_t i = 1; i < count && !same; i++)
		if (!equal(&arguments[0], &arguments[i], &same, err))
			return false;
	return give(result, json_boolean(same));
}

static bool run_ne(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	bool same;

	if (!equal(&arguments[0], &arguments[1], &same, err))
		return false;
	return give(result, json_boolean(!same));
}

static bool order_of(const struct value *arguments, int *order, struct error *err)
{
	if (compare(&arguments[0], &arguments[1], order))
		return true;
	return error_set(err, ERROR_INVALID, "invalid type for comparison");
}

static bool run_lt(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	int order;

	return order_of(arguments, &order, err) && give(result, json_boolean(order < 0));
}

static bool run_le(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	int order;

	return order_of(arguments, &order, err) && give(result, json_boolean(order <= 0));
}

static bool run_gt(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	int order;

	return order_of(arguments, &order, err) && give(result, json_boolean(order > 0));
}

static bool run_ge(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	int order;

	return order_of(arguments, &order, err) && give(result, json_boolean(order >= 0));
}

static bool run_and(const struct value *arguments, size_t count, struct value *result,
		    struct error *err)
{
	size_t i = 0;

	while (i + 1 < count && value_is_true(&arguments[i]))
		i++;
	return give_value(result, &arguments[i]);
}

static bool run_or(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	size_t i = 0;

	while (i + 1 < count && !value_is_true(&arguments[i]))
		i++;
	return give_value(result, &arguments[i]);
}

static bool run_not(const struct value *arguments, size_t count, struct value *result,
		    struct error *err)
{
	return give(result, json_boolean(!value_is_true(&arguments[0])));
}

/* ---- reaching in ---- */

static bool run_len(const struct value *arguments, size_t count, struct value *result,
		    struct error *err)
{
	const json_t *json = arguments[0].json;
	enum shape shape = arguments[0].shape;

	if (json_is_string(json))
		return give(result, json_integer((json_int_t)json_string_length(json)));
	if (json_is_array(json) || json_is_object(json))
		return give(result, json_integer((json_int_t)(json_is_array(json)
								      ? json_array_size(json)
								      : json_object_size(json))));
	if (json_is_null(json) && (shape == SHAPE_MAP || shape == SHAPE_LIST))
		return give(result, json_integer(0));
	return error_set(err, ERROR_INVALID, "len of %s",
			 !json || json_is_null(json) ? "nil pointer" : "type that has no length");
}

static bool index_once(const struct value *from, const struct value *at, struct value *result,
		       struct error *err)
{
	json_int_t index = json_integer_value(at->json);

	if (json_is_object(from->json) || (json_is_null(from->json) && json_is_string(at->json))) {
		if (!want_text(at, err))
			return false;
		struct value member = value_member(from, json_string_value(at->json));
		return member.json ? give_value(result, &member) : give(result, json_string(""));
	}
	if (!from->json || (json_is_null(from->json) && from->shape != SHAPE_LIST))
		return error_set(err, ERROR_INVALID, "index of untyped nil");
	if (!json_is_array(from->json) && !json_is_string(from->json) && !json_is_null(from->json))
		return error_set(err, ERROR_INVALID, "can't index item of this type");
	if (!json_is_integer(at->json))
		return error_set(err, ERROR_INVALID, "cannot index slice/array with this type");
	size_t size = json_is_array(from->json) ? json_array_size(from->json)
						: json_string_length(from->json);
	if (index < 0 || (size_t)index >= size)
		return error_set(err, ERROR_INVALID, "index out of range: %lld", (long long)index);
	if (json_is_string(from->json))
		return give(result,
			    json_integer((unsigned char)json_string_value(from->json)[index]));
	return give(result, json_incref(json_array_get(from->json, (size_t)index)));
}

static bool run_index(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	scoped_value struct value at = {0};

	give_value(&at, &arguments[0]);
	for (size_t i = 1; i < count; i++) {
		struct value inner;

		if (!index_once(&at, &arguments[i], &inner, err))
			return false;
		value_fini(&at);
		at = inner;
	}
	return give_value(result, &at);
}

static bool slice_bounds(const struct value *arguments, size_t count, size_t size, size_t bounds[2],
			 struct error *err)
{
	bounds[0] = 0;
	bounds[1] = size;
	for (size_t i = 1; i < count; i++) {
		if (!want_number(&arguments[i], err))
			return false;
		json_int_t value = json_integer_value(arguments[i].json);
		if (value < 0 || (size_t)value > size)
			return error_set(err, ERROR_INVALID, "index out of range: %lld",
					 (long long)value);
		bounds[i - 1] = (size_t)value;
	}
	if (bounds[0] > bounds[1])
		return error_set(err, ERROR_INVALID, "invalid slice index: %zu > %zu", bounds[0],
				 bounds[1]);
	return true;
}

static bool run_slice(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	const json_t *json = arguments[0].json;
	size_t bounds[2];

	if (!json_is_array(json) && !json_is_string(json))
		return error_set(err, ERROR_INVALID, "can't slice item of this type");
	if (!slice_bounds(arguments, count,
			  json_is_array(json) ? json_array_size(json) : json_string_length(json),
			  bounds, err))
		return false;
	if (json_is_string(json))
		return give_text(result, json_string_value(json) + bounds[0],
				 bounds[1] - bounds[0]);
	json_t *part = json_array();
	for (size_t i = bounds[0]; i < bounds[1]; i++)
		json_array_append(part, json_array_get(json, i));
	return give(result, part);
}

/* ---- printing ---- */

static bool run_printf(const struct value *arguments, size_t count, struct value *result,
		       struct error *err)
{
	struct buffer text = {0};

	if (!want_text(&arguments[0], err))
		return false;
	value_printf(json_string_value(arguments[0].json), arguments + 1, count - 1, &text);
	return give_buffer(result, &text);
}

/* Go's Print puts blanks only between operands that are no strings. */
static bool run_print(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	struct buffer text = {0};

	for (size_t i = 0; i < count; i++) {
		if (i && !json_is_string(arguments[i - 1].json) &&
		    !json_is_string(arguments[i].json))
			buffer_add_char(&text, ' ');
		value_print(&arguments[i], &text);
	}
	return give_buffer(result, &text);
}

static bool run_println(const struct value *arguments, size_t count, struct value *result,
			struct error *err)
{
	struct buffer text = {0};

	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_add_char(&text, ' ');
		value_print(&arguments[i], &text);
	}
	buffer_add_char(&text, '\n');
	return give_buffer(result, &text);
}

static bool run_json(const struct value *arguments, size_t count, struct value *result,
		     struct error *err)
{
	struct buffer text = {0};

	value_print_json(&arguments[0], arguments[0].shape == SHAPE_ROW, &text);
	return give_buffer(result, &text);
}

struct escape {
	char character;
	const char *text;
};

static bool escape_all(const struct value *arguments, size_t count, const struct escape *escapes,
		       struct value *result, struct error *err)
{
	scoped_value struct value plain = {0};
	struct buffer text = {0};

	run_print(arguments, count, &plain, err);
	for (const char *at = json_string_value(plain.json); *at; at++) {
		const struct escape *escape = escapes;

		while (escape->text && escape->character != *at)
			escape++;
		if (escape->text)
			buffer_add_text(&text, escape->text);
		else
			buffer_add_char(&text, *at);
	}
	return give_buffer(result, &text);
}

static bool run_html(const struct value *arguments, size_t count, struct value *result,
		     struct error *err)
{
	static const struct escape escapes[] = {
		{'"', "&#34;"}, {'\'', "&#39;"}, {'&', "&amp;"},
		{'<', "&lt;"},	{'>', "&gt;"},	 {'\0', NULL},
	};

	return escape_all(arguments, count, escapes, result, err);
}

static bool run_js(const struct value *arguments, size_t count, struct value *result,
		   struct error *err)
{
	static const struct escape escapes[] = {
		{'\\', "\\\\"},	   {'\'', "\\'"},     {'"', "\\\""},	{'<', "\\u003C"},
		{'>', "\\u003E"},  {'&', "\\u0026"},  {'=', "\\u003D"}, {'\n', "\\u000A"},
		{'\r', "\\u000D"}, {'\t', "\\u0009"}, {'\0', NULL},
	};

	return escape_all(arguments, count, escapes, result, err);
}

static bool run_urlquery(const struct value *arguments, size_t count, struct value *result,
			 struct error *err)
{
	scoped_value struct value plain = {0};
	struct buffer text = {0};

	run_print(arguments, count, &plain, err);
	for (const char *at = json_string_value(plain.json); *at; at++) {
		if (*at == ' ')
			buffer_add_char(&text, '+');
		else
			percent_add(&text, *at);
	}
	return give_buffer(result, &text);
}

/* ---- Docker's ---- */

static bool run_join(const struct value *arguments, size_t count, struct value *result,
		     struct error *err)
{
	struct buffer text = {0};

	if (!want_text(&arguments[1], err))
		return false;
	if (!json_is_array(arguments[0].json) && !json_is_null(arguments[0].json))
		return error_set(err, ERROR_INVALID, "wrong type for value; expected []string");
	for (size_t i = 0; i < json_array_size(arguments[0].json); i++) {
		struct value item = {json_array_get(arguments[0].json, i), SHAPE_PLAIN};

		if (i)
			buffer_add_text(&text, json_string_value(arguments[1].json));
		value_print(&item, &text);
	}
	return give_buffer(result, &text);
}

static bool run_split(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	if (!want_text(&arguments[0], err) || !want_text(&arguments[1], err))
		return false;
	const char *at = json_string_value(arguments[0].json);
	const char *separator = json_string_value(arguments[1].json);
	size_t length = strlen(separator);
	json_t *parts = json_array();
	while (*at || length) {
		const char *end = length ? strstr(at, separator) : at + 1;

		while (!length && ((unsigned char)*end & 0xc0) == 0x80)
			end++; /* without a separator: character by character */
		json_array_append_new(parts,
				      end ? json_stringn(at, (size_t)(end - at)) : json_string(at));
		if (!end)
			break;
		at = end + length;
	}
	return give(result, parts);
}

static bool map_characters(const struct value *arguments, char (*map)(char, char),
			   struct value *result, struct error *err)
{
	char before = ' ';

	if (!want_text(&arguments[0], err))
		return false;
	scoped_free char *text = str_dup(json_string_value(arguments[0].json));
	for (char *at = text; *at; at++) {
		char character = *at;

		*at = map(character, before);
		before = character;
	}
	return give_text(result, text, strlen(text));
}

static char to_lower(char c, char before)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char to_upper(char c, char before)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static char to_title(char c, char before)
{
	bool inside =
		isalnum((unsigned char)before) || before == '_' || before == '\'' || before & 0x80;

	return inside ? c : to_upper(c, before);
}

static bool run_lower(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	return map_characters(arguments, to_lower, result, err);
}

static bool run_upper(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	return map_characters(arguments, to_upper, result, err);
}

static bool run_title(const struct value *arguments, size_t count, struct value *result,
		      struct error *err)
{
	return map_characters(arguments, to_title, result, err);
}

#define PAD_LIMIT 65536

/* pad TEXT BEFORE AFTER: so many blanks around it, none around nothing. */
static bool run_pad(const struct value *arguments, size_t count, struct value *result,
		    struct error *err)
{
	struct buffer text = {0};

	if (!want_text(&arguments[0], err) || !want_number(&arguments[1], err) ||
	    !want_number(&arguments[2], err))
		return false;
	json_int_t before = json_integer_value(arguments[1].json);
	json_int_t after = json_integer_value(arguments[2].json);
	const char *inside = json_string_value(arguments[0].json);
	if (before < 0 || after < 0 || before > PAD_LIMIT || after > PAD_LIMIT)
		return error_set(err, ERROR_INVALID, "padding out of range");
	if (*inside)
		buffer_format(&text, "%*s%s%*s", (int)before, "", inside, (int)after, "");
	return give_buffer(result, &text);
}

static bool run_truncate(const struct value *arguments, size_t count, struct value *result,
			 struct error *err)
{
	if (!want_text(&arguments[0], err) || !want_number(&arguments[1], err))
		return false;
	json_int_t limit = json_integer_value(arguments[1].json);
	size_t length = json_string_length(arguments[0].json);
	if (limit < 0)
		return error_set(err, ERROR_INVALID, "slice bounds out of range");
	return give_text(result, json_string_value(arguments[0].json),
			 length < (size_t)limit ? length : (size_t)limit);
}

static const struct function functions[] = {
	{"and", 1, FUNCTION_ANY, false, STOPS_AT_FALSE, run_and},
	{"eq", 1, FUNCTION_ANY, false, EVALUATES_ALL, run_eq},
	{"ge", 2, 2, false, EVALUATES_ALL, run_ge},
	{"gt", 2, 2, false, EVALUATES_ALL, run_gt},
	{"html", 0, FUNCTION_ANY, false, EVALUATES_ALL, run_html},
	{"index", 1, FUNCTION_ANY, false, EVALUATES_ALL, run_index},
	{"join", 2, 2, true, EVALUATES_ALL, run_join},
	{"js", 0, FUNCTION_ANY, false, EVALUATES_ALL, run_js},
	{"json", 1, 1, true, EVALUATES_ALL, run_json},
	{"le", 2, 2, false, EVALUATES_ALL, run_le},
	{"len", 1, 1, false, EVALUATES_ALL, run_len},
	{"lower", 1, 1, true, EVALUATES_ALL, run_lower},
	{"lt", 2, 2, false, EVALUATES_ALL, run_lt},
	{"ne", 2, 2, false, EVALUATES_ALL, run_ne},
	{"not", 1, 1, false, EVALUATES_ALL, run_not},
	{"or", 1, FUNCTION_ANY, false, STOPS_AT_TRUE, run_or},
	{"pad", 3, 3, true, EVALUATES_ALL, run_pad},
	{"print", 0, FUNCTION_ANY, false, EVALUATES_ALL, run_print},
	{"printf", 1, FUNCTION_ANY, false, EVALUATES_ALL, run_printf},
	{"println", 0, FUNCTION_ANY, false, EVALUATES_ALL, run_println},
	{"slice", 1, 3, false, EVALUATES_ALL, run_slice},
	{"split", 2, 2, true, EVALUATES_ALL, run_split},
	{"title", 1, 1, true, EVALUATES_ALL, run_title},
	{"truncate", 2, 2, true, EVALUATES_ALL, run_truncate},
	{"upper", 1, 1, true, EVALUATES_ALL, run_upper},
	{"urlquery", 0, FUNCTION_ANY, false, EVALUATES_ALL, run_urlquery},
};

const struct function *function_find(const char *name)
{
	for (size_t i = 0; i < array_length(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}
