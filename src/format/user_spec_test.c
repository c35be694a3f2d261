#include "format/user_spec.h"

#include "base/test.h"

static const char passwd[] = "# users\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "\n"
			     "broken line\n"
			     "web:x:33:34:web:/var/www:/bin/false\n"
			     "nohome:x:40:40::\n"
			     "77:x:78:78::/seventy:\n"
			     "late:x:77:77::/late:";
static const char group[] = "root:x:0:\n"
			    "www:x:34:\n"
			    "disk:x:6:root,web\n"
			    "audio:x:29:web,late\n"
			    "short:x\n"
			    "video:x:44:webber";

static const struct user_files files = {passwd, group, sizeof(passwd) - 1, sizeof(group) - 1};

static void names_and_numbers_are_looked_up(void **state)
{
	static const struct {
		const char *spec;
		uid_t uid;
		gid_t gid;
		const char *home;
		gid_t groups[4];
		size_t count;
	} cases[] = {
		{"", 0, 0, "/root", {0, 6}, 2},
		{"root", 0, 0, "/root", {0, 6}, 2},
		{"web", 33, 34, "/var/www", {34, 6, 29}, 3},
		{"33", 33, 34, "/var/www", {34, 6, 29}, 3},
		{"web:", 33, 34, "/var/www", {34, 6, 29}, 3},
		{"web:audio", 33, 29, "/var/www", {29}, 1},
		{"web:1234", 33, 1234, "/var/www", {1234}, 1},
		{":audio", 0, 29, "/root", {29}, 1},
		{"1234", 1234, 0, "/", {0}, 1},
		{"1234:5", 1234, 5, "/", {5}, 1},
		{"nohome", 40, 40, "/", {40}, 1},
		{"77", 78, 78, "/seventy", {78}, 1}, /* a name that looks like a number */
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct user_identity found;
		struct error err;

		assert_true(user_resolve(cases[i].spec, &files, NULL, &found, &err));
		assert_int_equal(found.uid, cases[i].uid);
		assert_int_equal(found.gid, cases[i].gid);
		assert_string_equal(found.home, cases[i].home);
		assert_int_equal(found.count, cases[i].count);
		assert_memory_equal(found.groups, cases[i].groups, found.count * sizeof(gid_t));
		user_identity_fini(&found);
	}
}

static void more_groups_are_added_once(void **state)
{
	char *names[] = {"audio", "44", "9999", "6", NULL};
	const struct strings more = {names, 4};
	const gid_t expected[] = {34, 6, 29, 44, 9999};
	struct user_identity found;
	struct error err;

	assert_true(user_resolve("web", &files, &more, &found, &err));
	assert_int_equal(found.count, array_length(expected));
	assert_memory_equal(found.groups, expected, sizeof(expected));
	user_identity_fini(&found);
}

static void an_image_without_files_runs_by_number(void **state)
{
	const struct user_files none = {0};
	struct user_identity found;
	struct error err;

	assert_true(user_resolve("", &none, NULL, &found, &err));
	assert_int_equal(found.uid, 0);
	assert_string_equal(found.home, "/");
	user_identity_fini(&found);
	assert_true(user_resolve("5:6", &none, NULL, &found, &err));
	assert_int_equal(found.gid, 6);
	user_identity_fini(&found);
}

static void unknown_names_are_refused_in_docker_s_words(void **state)
{
	static const struct {
		const char *spec, *more, *error;
	} cases[] = {
		{"bob", NULL, "unable to find user bob: no matching entries in passwd file"},
		{"-1", NULL, "unable to find user -1: no matching entries in passwd file"},
		{"2147483648", NULL, "uids and gids must be in range 0-2147483647"},
		{"web:bobs", NULL, "unable to find group bobs: no matching entries in group file"},
		{"web", "bobs", "unable to find group bobs: no matching entries in group file"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings more = {0};
		struct user_identity found;
		struct error err;

		if (cases[i].more)
			strings_add(&more, cases[i].more);
		assert_false(user_resolve(cases[i].spec, &files, &more, &found, &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_are_looked_up),
		cmocka_unit_test(more_groups_are_added_once),
		cmocka_unit_test(an_image_without_files_runs_by_number),
		cmocka_unit_test(unknown_names_are_refused_in_docker_s_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
