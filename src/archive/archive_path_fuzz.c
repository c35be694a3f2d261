/* Any text as a client's path: what comes out is a clean absolute folder, one name in it, and a name for
 * the archive that is not empty. */
#include "archive/archive_path.h"

#include "format/path.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct archive_path path;

	archive_path_parse(text, &path);
	scoped_free char *clean = path_clean(path.folder);
	if (*path.folder != '/' || !str_equal(clean, path.folder) || strchr(path.last, '/') ||
	    str_equal(path.last, "..") || str_is_empty(path.last) || str_is_empty(path.name))
		abort();
	archive_path_fini(&path);
	return 0;
}
