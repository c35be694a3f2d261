#include "image/layer_path.h"

#include "base/memory.h"
#include "base/test.h"

static void names_lead_below_the_root(void **state)
{
	static const struct {
		const char *name, *path, *base;
		enum layer_name kind;
	} cases[] = {
		{"a", "a", "a", LAYER_ENTRY},
		{"./a/b/", "a/b", "b", LAYER_ENTRY},
		{"/etc//passwd", "etc/passwd", "passwd", LAYER_ENTRY},
		{"a/../b", "b", "b", LAYER_ENTRY},
		{"a/./b/..", "a", "a", LAYER_ENTRY},
		{"./", "", "", LAYER_ROOT},
		{"/", "", "", LAYER_ROOT},
		{"", "", "", LAYER_ROOT},
		{"a/..", "", "", LAYER_ROOT},
		{"..a/...", "..a/...", "...", LAYER_ENTRY},
		{"a/.wh.b", "a/b", "b", LAYER_WHITEOUT},
		{".wh.b", "b", "b", LAYER_WHITEOUT},
		{"a/.wh..b", "a/.b", ".b", LAYER_WHITEOUT},
		{"a/b/.wh..wh..opq", "a/b", "b", LAYER_OPAQUE},
		{".wh..wh..opq", "", "", LAYER_OPAQUE},
		{".wh..wh.plnk/12.3", ".wh..wh.plnk/12.3", "12.3", LAYER_MARK},
		{"a/.wh..wh.aufs", "a/.wh..wh.aufs", ".wh..wh.aufs", LAYER_MARK},
	};
	struct layer_path path;
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_true(layer_path_parse(cases[i].name, &path, &err));
		assert_string_equal(path.text, cases[i].path);
		assert_string_equal(path.text + path.base, cases[i].base);
		assert_int_equal(path.kind, cases[i].kind);
	}
}

static void names_that_lead_out_or_nowhere_are_refused(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{"..", "'..' leads out of the layer"},
		{"../etc/passwd", "'../etc/passwd' leads out of the layer"},
		{"/../x", "'/../x' leads out of the layer"},
		{"a/../../x", "'a/../../x' leads out of the layer"},
		{"a/.wh.", "the whiteout 'a/.wh.' names nothing"},
		{".wh..", "the whiteout '.wh..' names nothing"},
		{".wh...", "the whiteout '.wh...' names nothing"},
	};
	struct layer_path path;
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_false(layer_path_parse(cases[i].name, &path, &err));
		assert_string_equal(err.text, cases[i].text);
	}
}

static void a_name_longer_than_the_kernel_takes_is_refused(void **state)
{
	char *name = mem_zeroed(PATH_MAX + 10, 1);
	struct layer_path path;
	struct error err;

	memset(name, 'x', PATH_MAX - 1);
	assert_true(layer_path_parse(name, &path, &err));
	memset(name, 'x', PATH_MAX);
	assert_false(layer_path_parse(name, &path, &err));
	free(name);
}

static void the_parent_is_what_stands_before_the_last_part(void **state)
{
	char parent[PATH_MAX];
	struct layer_path path;
	struct error err;

	assert_true(layer_path_parse("a/b/c", &path, &err));
	layer_path_parent(&path, parent);
	assert_string_equal(parent, "a/b");
	assert_true(layer_path_parse("a", &path, &err));
	layer_path_parent(&path, parent);
	assert_string_equal(parent, "");
}

static void a_path_moves_below_another(void **state)
{
	static const struct {
		const char *name, *folder, *text, *base;
	} cases[] = {
		{"a", "", "a", "a"},
		{"a/b", "d", "d/a/b", "b"},
		{"/a", "d/e", "d/e/a", "a"},
		{"./", "d/e", "d/e", "e"},
		{".wh.a", "d", "d/.wh.a", ".wh.a"},
	};
	static char long_name[PATH_MAX];
	struct layer_path path;
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_true(layer_path_parse_plain(cases[i].name, &path, &err));
		assert_true(layer_path_move(&path, cases[i].folder, &err));
		assert_string_equal(path.text, cases[i].text);
		assert_string_equal(path.text + path.base, cases[i].base);
		assert_int_equal(path.kind, LAYER_ENTRY);
	}
	memset(long_name, 'x', PATH_MAX - 2);
	assert_true(layer_path_parse_plain("a", &path, &err));
	assert_false(layer_path_move(&path, long_name, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_below_the_root),
		cmocka_unit_test(names_that_lead_out_or_nowhere_are_refused),
		cmocka_unit_test(a_name_longer_than_the_kernel_takes_is_refused),
		cmocka_unit_test(the_parent_is_what_stands_before_the_last_part),
		cmocka_unit_test(a_path_moves_below_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
