#include "archive/archive_path.h"

#include "format/path.h"

#include <sys/stat.h>

static bool ends_in_dot(const char *text)
{
	return str_equal(text, ".") || str_ends_with(text, "/.");
}

static void take_folder(const char *clean, const char *name, struct archive_path *out)
{
	*out = (struct archive_path){str_dup(clean), str_dup("."), str_dup(name)};
}

void archive_path_parse(const char *text, struct archive_path *out)
{
	scoped_free char *absolute = str_format("/%s", text);
	scoped_free char *clean = path_clean(absolute);
	const char *base = strrchr(clean, '/') + 1;

	if (ends_in_dot(text))
		take_folder(clean, ".", out);
	else if (str_equal(clean, "/"))
		take_folder(clean, "/", out);
	else if (str_ends_with(text, "/"))
		take_folder(clean, base, out);
	else
		*out = (struct archive_path){
			.folder = base - clean > 1 ? str_dup_n(clean, (size_t)(base - clean) - 1)
						   : str_dup("/"),
			.last = str_dup(base),
			.name = str_dup(base),
		};
}

void archive_path_fini(struct archive_path *path)
{
	free(path->folder);
	free(path->last);
	free(path->name);
	*path = (struct archive_path){0};
}

int64_t archive_go_mode(unsigned mode)
{
	static const struct {
		unsigned type;
		int64_t bits;
	} types[] = {
		{S_IFDIR, INT64_C(1) << 31},  {S_IFLNK, INT64_C(1) << 27},
		{S_IFBLK, INT64_C(1) << 26},  {S_IFIFO, INT64_C(1) << 25},
		{S_IFSOCK, INT64_C(1) << 24}, {S_IFCHR, INT64_C(1) << 26 | INT64_C(1) << 21},
	};
	int64_t out = mode & 0777;

	for (size_t i = 0; i < array_length(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			out |= types[i].bits;
	return out | (mode & S_ISUID ? INT64_C(1) << 23 : 0) |
	       (mode & S_ISGID ? INT64_C(1) << 22 : 0) | (mode & S_ISVTX ? INT64_C(1) << 20 : 0);
}
