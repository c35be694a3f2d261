/* Any bytes as an archive: every member that is read is written again and must be read the same. */
#include "cmd/cli/tar.h"
#include "http/http_client.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct tar_entry *entry)
{
	scoped_buffer struct buffer text = {0};
	scoped_tar_entry struct tar_entry again = {0};
	struct error err;

	tar_write_head(&text, entry);
	struct http_bytes bytes = {text.data, text.size};
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(http_bytes_read, &bytes);
	if (tar_reader_next(reader, &again, &err) != 1 || strcmp(again.name, entry->name) != 0 ||
	    again.mode != entry->mode || again.capability.size != entry->capability.size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_bytes bytes = {(const char *)data, size};
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(http_bytes_read, &bytes);
	struct error err;
	int found;

	do {
		scoped_tar_entry struct tar_entry entry = {0};
		char piece[100];

		found = tar_reader_next(reader, &entry, &err);
		if (found > 0 && strchr("01234567", entry.type))
			check_again(&entry);
		if (found > 0 && tar_reader_read(reader, piece, sizeof(piece), &err) < 0)
			break;
	} while (found > 0);
	return 0;
}
