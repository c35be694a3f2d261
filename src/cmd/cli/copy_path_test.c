#include "cmd/cli/copy_path.h"

#include "base/test.h"

static void what_is_in_a_container_has_a_colon(void **state)
{
	static const struct {
		const char *argument, *container, *path;
	} rows[] = {
		{"web:/etc", "web", "/etc"},
		{"/a:b", NULL, "/a:b"},
		{"./a:b", NULL, "./a:b"},
		{"a", NULL, "a"},
		{"-", NULL, "-"},
		{"web:", "web", ""},
		{":x", NULL, ":x"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_free char *container = NULL, *path = NULL;

		copy_split(rows[i].argument, &container, &path);
		assert_true(str_equal(container, rows[i].container));
		assert_string_equal(path, rows[i].path);
	}
}

static void a_path_keeps_its_ending(void **state)
{
	static const struct {
		const char *path, *absolute;
	} rows[] = {
		{"a", "/w/a"},	  {"a/", "/w/a/"}, {"a/.", "/w/a/."}, {".", "/w/."},
		{"..", "/"},	  {"/", "/"},	   {"/x/../y", "/y"}, {"./a//b/", "/w/a/b/"},
		{"/x/.", "/x/."},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_free char *absolute = copy_absolute(rows[i].path, "/w");

		assert_string_equal(absolute, rows[i].absolute);
	}
}

static void a_path_is_a_folder_and_a_name(void **state)
{
	static const struct {
		const char *path, *folder, *name;
	} rows[] = {
		{"/a/b", "/a", "b"}, {"/a/b/", "/a", "b"}, {"/a/b/.", "/a/b", "."},
		{"/a", "/", "a"},    {"/", "/", "/"},	   {"a", ".", "a"},
		{"/.", "/", "."},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_free char *folder = NULL, *name = NULL;

		copy_split_entry(rows[i].path, &folder, &name);
		assert_string_equal(folder, rows[i].folder);
		assert_string_equal(name, rows[i].name);
	}
}

static void what_a_link_leads_to_has_the_links_name(void **state)
{
	scoped_free char *name = NULL, *same = NULL, *content = NULL;
	scoped_free char *target = copy_rebase("/a/link", "/b/file", &name);
	scoped_free char *in_place = copy_rebase("/a/f", "/a/f", &same);
	scoped_free char *inside = copy_rebase("/a/link/.", "/b/dir", &content);
	scoped_free char *relative = copy_link_target("/a/link", "../c");
	scoped_free char *absolute = copy_link_target("/a/link", "/c");

	assert_string_equal(target, "/b/file");
	assert_string_equal(name, "link");
	assert_string_equal(in_place, "/a/f");
	assert_null(same);
	assert_string_equal(inside, "/b/dir/.");
	assert_null(content);
	assert_string_equal(relative, "/c");
	assert_string_equal(absolute, "/c");
}

/* Where a source goes: "folder from>to", or the error. */
static void the_plan_follows_what_is_there(void **state)
{
	static const struct {
		const char *source;
		bool folder;
		const char *target;
		bool exists, target_folder;
		const char *plan;
	} rows[] = {
		{"/s/f", false, "/d", true, true, "/d"},
		{"/s/f", false, "/d/g", true, false, "/d f>g"},
		{"/s/f", false, "/d/g", false, false, "/d f>g"},
		{"/s/f", false, "/d/g/", false, false, "no such directory"},
		{"/s/f", false, "/d/g/.", false, false, "no such directory"},
		{"/s/x", true, "/d", true, true, "/d"},
		{"/s/x/.", true, "/d", true, true, "/d"},
		{"/s/x", true, "/d/f", true, false, "cannot copy directory"},
		{"/s/x", true, "/d/y", false, false, "/d x>y"},
		{"/s/x/.", true, "/d/y", false, false, "/d .>y"},
		{"/", true, "/d/y", false, false, "/d >y"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		struct copy_end source = {(char *)rows[i].source, true, rows[i].folder, NULL};
		struct copy_end target = {(char *)rows[i].target, rows[i].exists,
					  rows[i].target_folder, NULL};
		scoped_copy_plan struct copy_plan plan = {0};
		struct error err;
		bool good = copy_plan(&source, &target, &plan, &err);
		scoped_free char *text =
			!good	    ? str_dup(err.text)
			: plan.from ? str_format("%s %s>%s", plan.folder, plan.from, plan.to)
				    : str_dup(plan.folder);

		assert_string_equal(text, rows[i].plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_a_container_has_a_colon),
		cmocka_unit_test(a_path_keeps_its_ending),
		cmocka_unit_test(a_path_is_a_folder_and_a_name),
		cmocka_unit_test(what_a_link_leads_to_has_the_links_name),
		cmocka_unit_test(the_plan_follows_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
