#include "format/json.h"

/* jansson recurses for each level, when it reads, walks and frees.  Only brackets outside of
 * strings open a level; where the text is malformed the count may be wrong, but then jansson
 * refuses it. */
static bool has_too_many_levels(const char *text, size_t size)
{
	size_t levels = 0;
	bool in_string = false;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			levels++;
		else if (!in_string && (c == '}' || c == ']'))
			levels -= levels > 0;
		if (levels > JSON_LEVELS_LIMIT)
			return true;
	}
	return false;
}

json_t *json_parse_first(const char *text, size_t size, size_t *used, struct error *err)
{
	json_error_t cause;

	if (has_too_many_levels(text, size)) {
		error_set(err, ERROR_INVALID, "more than %d levels", JSON_LEVELS_LIMIT);
		return NULL;
	}
	json_t *json = json_loadb(size ? text : "", size,
				  JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK,
				  &cause);
	if (json)
		*used = (size_t)cause.position;
	else
		error_set(err, ERROR_INVALID, "%s at %d:%d", cause.text, cause.line, cause.column);
	return json;
}

static bool is_blank(const char *text, size_t size)
{
	while (size && *text && strchr(" \t\r\n", *text))
		text++, size--;
	return size == 0;
}

json_t *json_parse(const char *text, size_t size, struct error *err)
{
	size_t used = 0;
	json_t *json = json_parse_first(text, size, &used, err);

	if (json && !is_blank(text + used, size - used)) {
		json_decref(json);
		error_set(err, ERROR_INVALID, "unexpected content after JSON");
		return NULL;
	}
	return json;
}

bool json_is_nothing(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return json_object_size(value) == 0;
	case JSON_ARRAY:
		return json_array_size(value) == 0;
	case JSON_STRING:
		return json_string_length(value) == 0;
	case JSON_INTEGER:
		return json_integer_value(value) == 0;
	case JSON_REAL:
		return json_real_value(value) == 0;
	case JSON_TRUE:
		return false;
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return true;
}
