/* Any bytes as a file of variables: what is read, written in single quotes, reads as the same. */
#include "format/environment_file.h"

#include "format/unit_variable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A single quote stands in double ones. */
static void write_value(struct buffer *out, const char *value)
{
	buffer_add_char(out, '\'');
	for (; *value; value++)
		if (*value == '\'')
			buffer_add_text(out, "'\"'\"'");
		else
			buffer_add_char(out, *value);
	buffer_add_text(out, "'\n");
}

static void check(const struct pairs *read)
{
	scoped_buffer struct buffer written = {0};
	scoped_pairs struct pairs again = {0};

	for (size_t i = 0; i < read->count; i++) {
		const char *name = read->items[i].name;

		if (!unit_variable_is_valid_name(name, strlen(name)))
			abort();
		buffer_format(&written, "%s=", name);
		write_value(&written, read->items[i].value);
	}
	environment_file_parse(written.data, written.size, &again, NULL);
	if (again.count != read->count)
		abort();
	for (size_t i = 0; i < again.count; i++)
		if (strcmp(again.items[i].name, read->items[i].name) != 0 ||
		    strcmp(again.items[i].value, read->items[i].value) != 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_pairs struct pairs read = {0};
	scoped_strings struct strings warnings = {0};

	environment_file_parse((const char *)data, size, &read, &warnings);
	if (read.count)
		check(&read);
	return 0;
}
