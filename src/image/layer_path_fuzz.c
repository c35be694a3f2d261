/* Any name: what comes out lies below the root, has no odd parts, and comes out the same again. */
#include "image/layer_path.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct layer_path *path)
{
	scoped_strings struct strings parts = strings_split(path->text, '/');

	if (path->text[0] == '\0')
		return;
	for (size_t i = 0; i < parts.count; i++)
		if (parts.items[i][0] == '\0' || str_equal(parts.items[i], ".") ||
		    str_equal(parts.items[i], ".."))
			abort();
	if (!str_equal(path->text + path->base, parts.items[parts.count - 1]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *name = str_dup_n((const char *)data, size);
	struct layer_path path, again;
	char parent[PATH_MAX];
	struct error err;

	if (!layer_path_parse(name, &path, &err))
		return 0;
	check_parts(&path);
	layer_path_parent(&path, parent);
	again = path;
	if (layer_path_move(&again, "some/folder", &err))
		check_parts(&again);
	if (path.kind == LAYER_ENTRY &&
	    (!layer_path_parse(path.text, &again, &err) || !str_equal(path.text, again.text)))
		abort();
	return 0;
}
