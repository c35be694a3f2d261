#include "base/test.h"

#include "archive/archive_path.h"

#include <sys/stat.h>

static void paths_mean_what_they_mean_to_docker(void **state)
{
	static const struct {
		const char *text, *folder, *last, *name;
	} cases[] = {
		{"/a/b", "/a", "b", "b"},     {"/a", "/", "a", "a"},
		{"a", "/", "a", "a"},	      {"/a/b/", "/a/b", ".", "b"},
		{"/a/b//", "/a/b", ".", "b"}, {"/a/b/.", "/a/b", ".", "."},
		{"/a/./b", "/a", "b", "b"},   {"/a/../../b", "/", "b", "b"},
		{"/a/..", "/", ".", "/"},     {"/", "/", ".", "/"},
		{"//", "/", ".", "/"},	      {"", "/", ".", "/"},
		{".", "/", ".", "."},	      {"/.", "/", ".", "."},
		{"a/.", "/a", ".", "."},      {"/a/b.", "/a", "b.", "b."},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct archive_path path;

		archive_path_parse(cases[i].text, &path);
		assert_string_equal(path.folder, cases[i].folder);
		assert_string_equal(path.last, cases[i].last);
		assert_string_equal(path.name, cases[i].name);
		archive_path_fini(&path);
	}
}

static void modes_are_gos(void **state)
{
	static const struct {
		unsigned mode;
		int64_t go;
	} cases[] = {
		{S_IFREG | 0644, 0644},
		{S_IFDIR | 0755, INT64_C(1) << 31 | 0755},
		{S_IFDIR | S_ISVTX | 0777, INT64_C(1) << 31 | INT64_C(1) << 20 | 0777},
		{S_IFLNK | 0777, INT64_C(1) << 27 | 0777},
		{S_IFREG | S_ISUID | 0755, INT64_C(1) << 23 | 0755},
		{S_IFREG | S_ISGID | 0755, INT64_C(1) << 22 | 0755},
		{S_IFCHR | 0666, INT64_C(1) << 26 | INT64_C(1) << 21 | 0666},
		{S_IFBLK | 0660, INT64_C(1) << 26 | 0660},
		{S_IFIFO | 0600, INT64_C(1) << 25 | 0600},
		{S_IFSOCK | 0600, INT64_C(1) << 24 | 0600},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		assert_int_equal(archive_go_mode(cases[i].mode), cases[i].go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_mean_what_they_mean_to_docker),
		cmocka_unit_test(modes_are_gos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
