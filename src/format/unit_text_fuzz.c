/* Any bytes as a unit file: what is read, written plainly, reads as the same. */
#include "format/unit_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_back(const struct unit_text *text)
{
	struct buffer out = {0};

	for (size_t i = 0; i < text->count; i++)
		buffer_format(&out, "[%s]\n%s=%s\n", text->lines[i].section, text->lines[i].key,
			      text->lines[i].value);
	return buffer_take(&out);
}

/* A backslash at the end, kept because a blank stood behind it, would continue the line; a blank or a
 * mark of comments in a section's name is no matter of the grammar. */
static bool is_writable(const struct unit_text *text)
{
	for (size_t i = 0; i < text->count; i++)
		if (str_ends_with(text->lines[i].value, "\\"))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unit_text text = {0}, again = {0};
	struct error err;

	if (!unit_text_parse((const char *)data, size, "file", &text, &err))
		return 0;
	scoped_free char *written = write_back(&text);
	if (is_writable(&text) && strlen(written) <= UNIT_TEXT_LIMIT) {
		if (!unit_text_parse(written, strlen(written), "file", &again, &err) ||
		    again.count != text.count || again.warnings.count)
			abort();
		for (size_t i = 0; i < text.count; i++)
			if (strcmp(text.lines[i].key, again.lines[i].key) != 0 ||
			    strcmp(text.lines[i].value, again.lines[i].value) != 0)
				abort();
		unit_text_fini(&again);
	}
	unit_text_fini(&text);
	return 0;
}
