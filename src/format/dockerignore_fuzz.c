/* The first line is a path, the rest a .dockerignore: a path that is ignored with its folder pruned is
 * ignored itself, and what matches matches from above, too. */
#include "format/dockerignore.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_above(const struct dockerignore *ignore, const char *path)
{
	for (size_t i = 0; i < ignore->count; i++)
		if (file_pattern_match(ignore->items[i].pattern, path) &&
		    !file_pattern_match_above(ignore->items[i].pattern, path))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_dockerignore struct dockerignore ignore = {0};
	char *rest = strchr(text, '\n'), *slash;
	struct error err;

	if (!rest)
		return 0;
	*rest++ = '\0';
	if (!dockerignore_parse(rest, strlen(rest), &ignore, &err))
		return 0;
	check_above(&ignore, text);
	bool ignored = dockerignore_match(&ignore, text);
	while ((slash = strrchr(text, '/'))) {
		*slash = '\0';
		if (*text && dockerignore_prunes(&ignore, text) && !ignored)
			abort();
	}
	return 0;
}
