#include "cmd/compose/folder_watch.h"

#include "base/test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static char *at(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(at(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int begin(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/folder-watch.XXXXXX");
	assert_non_null(mkdtemp(folder));
	mkdir(at("sub"), 0755);
	put("sub/old", "x");
	return 0;
}

static int end(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static bool ignores_tmp(void *data, const char *path, bool is_folder)
{
	return str_ends_with(path, ".tmp") || strcmp(path, "skipped") == 0;
}

static struct folder_watch *watch_it(const char *name)
{
	static const struct folder_watch_rules rules = {.ignores = ignores_tmp};
	struct error err;
	struct folder_watch *watch = folder_watch_new(at(name), &rules, &err);

	assert_non_null(watch);
	return watch;
}

/* What happened was done before: it is there. */
static void check(struct folder_watch *watch, const char *expected)
{
	scoped_strings struct strings changed = {0};
	struct error err;

	assert_true(folder_watch_read(watch, &changed, &err));
	scoped_free char *text = strings_join(&changed, " ");
	assert_string_equal(text, expected);
}

static void changes_at_every_depth_are_told(void **state)
{
	scoped(folder_watch) struct folder_watch *watch = watch_it(".");

	check(watch, "");
	put("new", "x");
	put("sub/old", "y");
	put("a.tmp", "x");
	check(watch, "new sub/old");
	chmod(at("sub/old"), 0700);
	unlink(at("new"));
	rename(at("sub/old"), at("sub/renamed"));
	check(watch, "sub/old new sub/renamed");
	assert_int_equal(symlink("nowhere", at("link")), 0);
	check(watch, "link");
}

static void a_new_folder_is_told_with_what_is_in_it(void **state)
{
	scoped(folder_watch) struct folder_watch *watch = watch_it(".");

	mkdir(at("tree"), 0755);
	mkdir(at("tree/inner"), 0755);
	put("tree/inner/file", "x");
	check(watch, "tree tree/inner tree/inner/file");
	put("tree/inner/file", "y");
	check(watch, "tree/inner/file");
	mkdir(at("skipped"), 0755);
	put("skipped/file", "x");
	check(watch, "");
}

static void a_folder_that_moved_is_known_by_its_new_name(void **state)
{
	scoped(folder_watch) struct folder_watch *watch = watch_it(".");

	rename(at("sub"), at("moved"));
	check(watch, "sub moved moved/old");
	put("moved/old", "z");
	check(watch, "moved/old");
	rename(at("moved"), at("skipped"));
	check(watch, "moved");
	put("skipped/old", "z");
	check(watch, "");
}

static void a_file_is_watched_through_its_replacements(void **state)
{
	scoped(folder_watch) struct folder_watch *watch = watch_it("sub/old");

	put("sub/other", "x");
	check(watch, "");
	put("sub/next", "x");
	rename(at("sub/next"), at("sub/old"));
	check(watch, "old");
	unlink(at("sub/old"));
	check(watch, "old");
	put("sub/old", "back");
	check(watch, "old");
}

static void its_descriptor_is_readable_when_something_happened(void **state)
{
	scoped(folder_watch) struct folder_watch *watch = watch_it(".");
	struct pollfd wait = {folder_watch_fd(watch), POLLIN, 0};

	assert_int_equal(poll(&wait, 1, 0), 0);
	put("x", "x");
	assert_int_equal(poll(&wait, 1, 5000), 1);
}

static void what_is_not_there_is_an_error(void **state)
{
	static const struct folder_watch_rules rules;
	struct error err;

	assert_null(folder_watch_new(at("none"), &rules, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_at_every_depth_are_told, begin, end),
		cmocka_unit_test_setup_teardown(a_new_folder_is_told_with_what_is_in_it, begin, end),
		cmocka_unit_test_setup_teardown(a_folder_that_moved_is_known_by_its_new_name, begin,
						end),
		cmocka_unit_test_setup_teardown(a_file_is_watched_through_its_replacements, begin,
						end),
		cmocka_unit_test_setup_teardown(its_descriptor_is_readable_when_something_happened,
						begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_an_error, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
