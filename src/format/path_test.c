#include "format/path.h"

#include "base/test.h"
#include "base/text.h"

static void paths_are_cleaned_as_go_does(void **state)
{
	static const struct {
		const char *path, *clean;
	} cases[] = {
		{"", "."},
		{".", "."},
		{"./", "."},
		{"/", "/"},
		{"//", "/"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"a/..", "."},
		{"a/../..", ".."},
		{"../a", "../a"},
		{"../../a", "../../a"},
		{"/a/b/../c", "/a/c"},
		{"/a//b/./c/", "/a/b/c"},
		{"a/b/../../c", "c"},
		{"/a/..", "/"},
		{"..a/.b", "..a/.b"},
		{"/a/../../b", "/b"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *clean = path_clean(cases[i].path);

		assert_string_equal(clean, cases[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_cleaned_as_go_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
