#include "format/path.h"

#include "base/text.h"

/* Take the last name off, unless there is none to take or it is itself a "..". */
static bool drop_last(struct buffer *out, bool absolute)
{
	size_t root = absolute ? 1 : 0, size = out->size;
	const char *name;

	if (size <= root)
		return absolute; /* "/.." is "/" */
	const char *slash = memrchr(out->data + root, '/', size - root);
	name = slash ? slash + 1 : out->data + root;
	if (strcmp(name, "..") == 0)
		return false;
	out->size = slash ? (size_t)(slash - out->data) : root;
	out->data[out->size] = '\0';
	return true;
}

static void add_name(struct buffer *out, const char *name, size_t length, bool absolute)
{
	if (length == 0 || (length == 1 && *name == '.'))
		return;
	if (length == 2 && memcmp(name, "..", 2) == 0 && drop_last(out, absolute))
		return;
	if (out->size > (absolute ? 1 : 0))
		buffer_add_char(out, '/');
	buffer_add(out, name, length);
}

char *path_clean(const char *path)
{
	struct buffer out = {0};
	bool absolute = *path == '/';

	if (absolute)
		buffer_add_char(&out, '/');
	while (*path) {
		size_t length = strcspn(path, "/");

		add_name(&out, path, length, absolute);
		path += length + (path[length] == '/');
	}
	if (out.size == 0)
		buffer_add_char(&out, '.');
	return buffer_take(&out);
}
