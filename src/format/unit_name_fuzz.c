/* Any text as a name, as what was typed, and escaped and back. */
#include "format/unit_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_escape(const char *text)
{
	scoped_free char *escaped = unit_name_escape(text), *back = NULL;

	if (!unit_name_unescape(escaped, &back) || strcmp(back, text) != 0)
		abort();
}

static void check_path(const char *text)
{
	scoped_free char *path = NULL, *escaped = NULL;

	if (!unit_name_unescape_path(text, &path))
		return;
	escaped = unit_name_escape_path(path);
	scoped_free char *again = NULL;
	if (!escaped || !unit_name_unescape_path(escaped, &again) || strcmp(again, path) != 0)
		abort();
}

static void check_parts(const char *name)
{
	scoped_free char *prefix = unit_name_prefix(name), *instance = unit_name_instance(name);
	scoped_free char *template = unit_name_template(name);
	scoped_free char *socket = unit_name_with_type(name, "socket");
	scoped_free char *again = instance ? unit_name_with_instance(template, instance) : NULL;

	if (again && strcmp(again, name) != 0)
		abort();
	if (unit_name_is_template(name) != (instance && !*instance) || !unit_name_is_valid(socket))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_free char *name = NULL, *with_globs = NULL;
	struct error err;

	check_escape(text);
	check_path(text);
	if (unit_name_is_valid(text) && strlen(text) < UNIT_NAME_LIMIT - 10)
		check_parts(text);
	if (unit_name_from_argument(text, false, &name, &err) && !unit_name_is_valid(name))
		abort();
	unit_name_from_argument(text, true, &with_globs, &err);
	return 0;
}
