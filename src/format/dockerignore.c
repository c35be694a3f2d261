#include "format/dockerignore.h"

#include "base/text.h"
#include "format/path.h"

#include <ctype.h>

static char *trimmed(const char *text, size_t size)
{
	while (size > 0 && isspace((unsigned char)*text)) {
		text++;
		size--;
	}
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	return str_dup_n(text, size);
}

static bool add_pattern(struct dockerignore *ignore, const char *text, struct error *err)
{
	struct ignore_pattern item = {.again = *text == '!'};
	scoped_free char *inner = trimmed(text + item.again, strlen(text + item.again));
	scoped_free char *clean = path_clean(inner);

	if (*inner == '\0')
		return error_set(err, ERROR_INVALID, "illegal exclusion pattern: \"!\"");
	if (ignore->count == DOCKERIGNORE_PATTERNS_LIMIT)
		return error_set(err, ERROR_INVALID, "more than %d patterns of files to ignore",
				 DOCKERIGNORE_PATTERNS_LIMIT);
	item.pattern = file_pattern_new(*clean == '/' ? clean + 1 : clean, FILE_PATTERN_DEEP, err);
	if (!item.pattern)
		return error_prefix(err, "illegal exclusion pattern \"%.100s\"", text);
	vector_add(ignore, item);
	ignore->any_again |= item.again;
	return true;
}

bool dockerignore_add(struct dockerignore *ignore, const char *pattern, struct error *err)
{
	scoped_free char *text = trimmed(pattern, strlen(pattern));

	return *text == '\0' || add_pattern(ignore, text, err);
}

static bool add_lines(struct dockerignore *ignore, const char *text, size_t size, struct error *err)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);
		scoped_free char *line = str_dup_n(text, length);

		if (*line != '#' && !dockerignore_add(ignore, line, err))
			return false;
		text += length + 1;
	}
	return true;
}

bool dockerignore_parse(const char *text, size_t size, struct dockerignore *out, struct error *err)
{
	struct dockerignore ignore = {0};

	if (size > DOCKERIGNORE_SIZE_LIMIT)
		return error_set(err, ERROR_INVALID, ".dockerignore is larger than %u bytes",
				 DOCKERIGNORE_SIZE_LIMIT);
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		size -= 3;
	}
	if (!add_lines(&ignore, text, size, err)) {
		dockerignore_fini(&ignore);
		return false;
	}
	*out = ignore;
	return true;
}

bool dockerignore_match(const struct dockerignore *ignore, const char *path)
{
	for (size_t i = ignore->count; i-- > 0;)
		if (file_pattern_match_above(ignore->items[i].pattern, path))
			return !ignore->items[i].again;
	return false;
}

bool dockerignore_prunes(const struct dockerignore *ignore, const char *folder)
{
	return !ignore->any_again && dockerignore_match(ignore, folder);
}

void dockerignore_fini(struct dockerignore *ignore)
{
	for (size_t i = 0; i < ignore->count; i++)
		file_pattern_free(ignore->items[i].pattern);
	free(ignore->items);
	*ignore = (struct dockerignore){0};
}
