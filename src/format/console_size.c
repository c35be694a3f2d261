#include "format/console_size.h"

#include "base/text.h"
#include "format/json.h"

#include <limits.h>
#include <string.h>

/* What is not there is NULL to jansson, and 0 to us. */
static bool read_number(const json_t *json, int *out, struct error *err)
{
	json_int_t value = json_integer_value(json);

	if ((json && !json_is_integer(json)) || value < 0 || value > USHRT_MAX)
		return error_set(err, ERROR_INVALID,
				 "invalid ConsoleSize: it is two numbers up to %d", USHRT_MAX);
	*out = (int)value;
	return true;
}

bool console_size_parse(const char *text, int *rows, int *columns, struct error *err)
{
	scoped_json json_t *json = NULL;
	int read_rows, read_columns;

	if (str_is_empty(text))
		return true;
	json = json_parse(text, strlen(text), err);
	if (!json)
		return error_prefix(err, "invalid ConsoleSize");
	if (!json_is_array(json))
		return error_set(err, ERROR_INVALID, "invalid ConsoleSize: it is no array");
	if (!read_number(json_array_get(json, 0), &read_rows, err) ||
	    !read_number(json_array_get(json, 1), &read_columns, err))
		return false;
	*rows = read_rows;
	*columns = read_columns;
	return true;
}
