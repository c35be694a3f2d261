/* Any text for systemd: what was rewritten is not rewritten again, and what can be read can be read afterwards. */
#include "format/unit_export.h"
#include "format/unit_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_read(const char *text, size_t *lines)
{
	struct unit_text out = {0};
	struct error err;

	if (!unit_text_parse(text, strlen(text), "f", &out, &err))
		return false;
	*lines = out.count;
	unit_text_fini(&out);
	return true;
}

static void rewrite(const char *text, struct buffer *out)
{
	static const struct unit_export_source source = {.name = (char *)"x.service",
							 .command = (char *)"/usr/bin/wherry",
							 .docker_is_missing = true};
	scoped_strings struct strings notes = {0};

	buffer_add_text(out, "");
	unit_export_rewrite(&source, text, out, &notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_buffer struct buffer once = {0}, twice = {0};
	size_t before, after;

	if (str_starts_with(text, "\xef\xbb\xbf") || !is_read(text, &before))
		return 0;
	rewrite(text, &once);
	const char *rewritten = once.size ? once.data : "";
	if (once.size <= UNIT_TEXT_LIMIT && (!is_read(rewritten, &after) || before != after))
		abort();
	rewrite(rewritten, &twice);
	if (once.size != twice.size || (once.size && memcmp(once.data, twice.data, once.size) != 0))
		abort();
	return 0;
}
