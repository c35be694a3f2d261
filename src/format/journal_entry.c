#include "format/journal_entry.h"

#include "base/memory.h"

#include <ctype.h>
#include <endian.h>

void journal_field(struct buffer *out, const char *name, const char *data, size_t size)
{
	uint64_t length = htole64(size);

	buffer_add_text(out, name);
	if (memchr(data, '\n', size)) {
		buffer_add_char(out, '\n');
		buffer_add(out, &length, sizeof(length));
	} else {
		buffer_add_char(out, '=');
	}
	buffer_add(out, data, size);
	buffer_add_char(out, '\n');
}

char *journal_field_name(const char *text)
{
	scoped_buffer struct buffer name = {0};

	while (*text && !isalpha((unsigned char)*text))
		text++;
	for (; *text; text++)
		buffer_add_char(&name, isalnum((unsigned char)*text)
					       ? (char)toupper((unsigned char)*text)
					       : '_');
	return buffer_take(&name);
}
