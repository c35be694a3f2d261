#include "image/layer_path.h"

#include "base/text.h"

#define WHITEOUT ".wh."
#define MARK	 ".wh..wh."
#define OPAQUE	 ".wh..wh..opq"

static size_t part_length(const char *part)
{
	return strcspn(part, "/");
}

static bool part_is(const char *part, size_t length, const char *text)
{
	return length == strlen(text) && memcmp(part, text, length) == 0;
}

/* Cut the last part off; false when there is none. */
static bool drop_part(char *path, size_t *length)
{
	if (*length == 0)
		return false;
	while (*length > 0 && path[--*length] != '/')
		;
	path[*length] = '\0';
	return true;
}

static bool add_part(struct layer_path *out, size_t *length, const char *part, size_t size)
{
	size_t slash = *length > 0;

	if (*length + slash + size >= sizeof(out->text))
		return false;
	if (slash)
		out->text[(*length)++] = '/';
	memcpy(out->text + *length, part, size);
	*length += size;
	out->text[*length] = '\0';
	return true;
}

static bool clean(const char *name, struct layer_path *out, struct error *err)
{
	size_t length = 0;

	out->text[0] = '\0';
	for (const char *part = name;; part++) {
		size_t size = part_length(part);

		if (part_is(part, size, "..")) {
			if (!drop_part(out->text, &length))
				return error_set(err, ERROR_INVALID,
						 "'%.200s' leads out of the layer", name);
		} else if (size > 0 && !part_is(part, size, ".")) {
			if (!add_part(out, &length, part, size))
				return error_set(err, ERROR_INVALID,
						 "the name '%.100s...' is too long", name);
		}
		part += size;
		if (*part == '\0')
			break;
	}
	return true;
}

static size_t find_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The path of what is marked stands where the mark stood. */
static bool read_whiteout(struct layer_path *out, struct error *err)
{
	char *base = out->text + out->base;
	const char *name = base + strlen(WHITEOUT);

	if (str_is_empty(name) || str_equal(name, ".") || str_equal(name, ".."))
		return error_set(err, ERROR_INVALID, "the whiteout '%.200s' names nothing",
				 out->text);
	memmove(base, name, strlen(name) + 1);
	out->kind = LAYER_WHITEOUT;
	return true;
}

static void read_opaque(struct layer_path *out)
{
	out->text[out->base > 0 ? out->base - 1 : 0] = '\0';
	out->base = find_base(out->text);
	out->kind = LAYER_OPAQUE;
}

bool layer_path_parse_plain(const char *name, struct layer_path *out, struct error *err)
{
	if (!clean(name, out, err))
		return false;
	out->base = find_base(out->text);
	out->kind = out->text[0] ? LAYER_ENTRY : LAYER_ROOT;
	return true;
}

bool layer_path_parse(const char *name, struct layer_path *out, struct error *err)
{
	const char *base;

	if (!layer_path_parse_plain(name, out, err))
		return false;
	base = out->text + out->base;
	if (str_equal(base, OPAQUE))
		read_opaque(out);
	else if (str_starts_with(out->text, MARK) || str_starts_with(base, MARK))
		out->kind = LAYER_MARK;
	else if (str_starts_with(base, WHITEOUT))
		return read_whiteout(out, err);
	return true;
}

bool layer_path_move(struct layer_path *path, const char *folder, struct error *err)
{
	size_t before = strlen(folder), size = strlen(path->text);
	size_t gap = before > 0 && size > 0 ? 1 : 0;

	if (before == 0)
		return true;
	if (before + gap + size >= sizeof(path->text))
		return error_set(err, ERROR_INVALID, "the path '%.100s...' is too long", folder);
	memmove(path->text + before + gap, path->text, size + 1);
	memcpy(path->text, folder, before);
	if (gap)
		path->text[before] = '/';
	path->base = find_base(path->text);
	if (path->kind == LAYER_ROOT)
		path->kind = LAYER_ENTRY;
	return true;
}

void layer_path_parent(const struct layer_path *path, char *out)
{
	size_t length = path->base > 0 ? path->base - 1 : 0;

	memcpy(out, path->text, length);
	out[length] = '\0';
}
