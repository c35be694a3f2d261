#include "unit/install.h"

#include "unit/unit_scratch.h"

#define RUN    "[Service]\nExecStart=/bin/true\n"
#define WANTED "[Install]\nWantedBy=multi-user.target\n"

static struct unit_scratch scratch;
static struct install_result result;
static struct error err;

static int begin(void **state)
{
	scratch_begin(&scratch);
	return 0;
}

static int end(void **state)
{
	install_result_fini(&result);
	result = (struct install_result){0};
	scratch_end(&scratch);
	return 0;
}

static bool run_with(enum install_verb verb, const char *name, struct install_options options)
{
	scoped_strings struct strings names = {0};

	install_result_fini(&result);
	result = (struct install_result){0};
	strings_add(&names, name);
	err = (struct error){0};
	return unit_install(&scratch.context, verb, &names, &options, &result, &err);
}

static bool run(enum install_verb verb, const char *name)
{
	return run_with(verb, name, (struct install_options){0});
}

/* Paths below the scratch folder. */
static void assert_created(const char *link, const char *target)
{
	scoped_free char *path = str_format("%s/%s", scratch.root, link);
	scoped_free char *full =
		*target == '/' ? str_dup(target) : str_format("%s/%s", scratch.root, target);
	char text[256];
	ssize_t size = readlink(path, text, sizeof(text) - 1);

	if (!str_equal(pairs_get(&result.created, path), full))
		fail_msg("%s is not told", link);
	if (size < 0 || strncmp(text, full, (size_t)size) || full[size])
		fail_msg("%s does not point to %s", link, target);
}

static void assert_removed(const char *link)
{
	scoped_free char *path = str_format("%s/%s", scratch.root, link);

	if (!strings_contain(&result.removed, path) || access(path, F_OK) == 0)
		fail_msg("%s is not removed", link);
}

static void assert_state(const char *name, enum unit_file_state state)
{
	enum unit_file_state found = unit_file_state(&scratch.context, name);

	if (found != state)
		fail_msg("%s is %s, not %s", name, unit_file_state_name(found),
			 unit_file_state_name(state));
}

static void a_wanted_unit_is_linked_once_and_unlinked(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN WANTED);
	assert_state("a.service", FILE_DISABLED);
	assert_true(run(INSTALL_ENABLE, "a"));
	assert_created("etc/multi-user.target.wants/a.service", "etc/a.service");
	assert_int_equal(result.created.count, 1);
	assert_int_equal(result.hints.count, 0);
	assert_state("a.service", FILE_ENABLED);

	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_int_equal(result.created.count, 0);

	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_removed("etc/multi-user.target.wants/a.service");
	assert_int_equal(result.removed.count, 1);
	assert_state("a.service", FILE_DISABLED);
	scoped_free char *folder = str_format("%s/etc/multi-user.target.wants", scratch.root);
	assert_int_not_equal(access(folder, F_OK), 0);

	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_int_equal(result.removed.count, 0);
}

static void all_that_install_names_is_linked(void **state)
{
	scratch_write(&scratch, "etc/a.service",
		      RUN "[Install]\nAlias=b.service\nRequiredBy=c.target\nAlso=d.service\n");
	scratch_write(&scratch, "etc/d.service", RUN "[Install]\nAlias=e.service\n");
	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_created("etc/b.service", "etc/a.service");
	assert_created("etc/c.target.requires/a.service", "etc/a.service");
	assert_created("etc/e.service", "etc/d.service");
	assert_int_equal(result.created.count, 3);
	assert_state("a.service", FILE_ENABLED);
	assert_state("b.service", FILE_ALIAS);
	assert_state("d.service", FILE_ENABLED);

	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_removed("etc/b.service");
	assert_removed("etc/c.target.requires/a.service");
	assert_removed("etc/e.service");
}

static void units_that_name_each_other_end(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN WANTED "Also=b.service\n");
	scratch_write(&scratch, "etc/b.service", RUN WANTED "Also=a.service\n");
	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_int_equal(result.created.count, 2);
	assert_true(run(INSTALL_DISABLE, "b.service"));
	assert_int_equal(result.removed.count, 2);
}

static void what_cannot_be_enabled_along_is_said(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN WANTED "Also=nope.service\n");
	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_int_equal(result.created.count, 1);
	assert_int_equal(result.hints.count, 1);
	assert_non_null(strstr(result.hints.items[0], "nope.service"));
	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_int_equal(result.removed.count, 1);
}

static void a_template_needs_an_instance(void **state)
{
	scratch_write(&scratch, "etc/t@.service", RUN WANTED);
	assert_false(run(INSTALL_ENABLE, "t@.service"));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_true(run(INSTALL_ENABLE, "t@x.service"));
	assert_created("etc/multi-user.target.wants/t@x.service", "etc/t@.service");
	assert_state("t@x.service", FILE_ENABLED);
	assert_state("t@y.service", FILE_DISABLED);
	assert_state("t@.service", FILE_INDIRECT);

	scratch_write(&scratch, "etc/t@.service",
		      RUN "[Install]\nWantedBy=%i.target\nDefaultInstance=main\n");
	assert_true(run(INSTALL_ENABLE, "t@.service"));
	assert_created("etc/main.target.wants/t@main.service", "etc/t@.service");
	assert_state("t@.service", FILE_ENABLED);
	assert_true(run(INSTALL_DISABLE, "t@.service"));
	assert_int_equal(result.removed.count, 2);
}

static void without_install_there_is_a_hint(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN);
	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_int_equal(result.created.count, 0);
	assert_int_equal(result.hints.count, 1);
	assert_state("a.service", FILE_STATIC);
	scratch_write(&scratch, "etc/b.service", RUN "[Install]\nAlso=c.service\n");
	assert_state("b.service", FILE_INDIRECT);
}

static void what_is_not_there_cannot_be_enabled(void **state)
{
	static const enum install_verb verbs[] = {INSTALL_ENABLE, INSTALL_DISABLE,
						  INSTALL_REENABLE};

	for (size_t i = 0; i < array_length(verbs); i++) {
		assert_false(run(verbs[i], "nope.service"));
		assert_int_equal(err.kind, ERROR_NOT_FOUND);
		assert_string_equal(err.text, "Unit file nope.service does not exist.");
	}
	assert_false(run(INSTALL_ENABLE, "/no/such/nope.service"));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_state("nope.service", FILE_NOT_FOUND);

	assert_false(run(INSTALL_ENABLE, "/somewhere/else/what?.service"));
	assert_int_equal(err.kind, ERROR_INVALID);
}

static void a_masked_unit_is_null_until_it_is_unmasked(void **state)
{
	scratch_write(&scratch, "lib/a.service", RUN WANTED);
	assert_true(run(INSTALL_MASK, "a.service"));
	assert_created("etc/a.service", "/dev/null");
	assert_state("a.service", FILE_MASKED);
	assert_true(run(INSTALL_MASK, "a.service"));
	assert_int_equal(result.created.count, 0);
	assert_false(run(INSTALL_ENABLE, "a.service"));
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_true(run(INSTALL_UNMASK, "a.service"));
	assert_removed("etc/a.service");
	assert_true(run(INSTALL_UNMASK, "a.service"));
	assert_int_equal(result.removed.count, 0);

	scratch_write(&scratch, "etc/b.service", RUN);
	assert_false(run(INSTALL_MASK, "b.service")); /* it would be lost */
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_true(run_with(INSTALL_MASK, "c.service", (struct install_options){.runtime = true}));
	assert_created("run/c.service", "/dev/null");
	assert_state("c.service", FILE_MASKED_RUNTIME);
}

static void a_file_elsewhere_is_linked_first(void **state)
{
	scoped_free char *path = str_format("%s/home/a.service", scratch.root);

	scratch_write(&scratch, "home/a.service", RUN WANTED);
	assert_true(run(INSTALL_ENABLE, path));
	assert_created("etc/multi-user.target.wants/a.service", "home/a.service");
	assert_created("etc/a.service", "home/a.service");
	assert_state("a.service", FILE_ENABLED);
	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_removed("etc/a.service");
	assert_state("a.service", FILE_NOT_FOUND);

	assert_true(run(INSTALL_LINK, path));
	assert_created("etc/a.service", "home/a.service");
	assert_state("a.service", FILE_LINKED);
	assert_false(run(INSTALL_LINK, "a.service"));
}

static void for_this_boot_alone_it_is_in_the_second_folder(void **state)
{
	struct install_options options = {.runtime = true};

	scratch_write(&scratch, "etc/a.service", RUN WANTED);
	assert_true(run_with(INSTALL_ENABLE, "a.service", options));
	assert_created("run/multi-user.target.wants/a.service", "etc/a.service");
	assert_state("a.service", FILE_ENABLED_RUNTIME);
	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_int_equal(result.removed.count, 0);
	assert_true(run_with(INSTALL_DISABLE, "a.service", options));
	assert_removed("run/multi-user.target.wants/a.service");
}

/* lib is the first folder of somebody else: where systemd would put links. */
static void units_of_systemd_get_their_links_where_it_would_put_them(void **state)
{
	scoped_free char *path = str_format("%s/lib/a.service", scratch.root);

	scratch_write(&scratch, "lib/a.service", RUN WANTED);
	assert_true(run(INSTALL_ENABLE, path));
	assert_created("lib/multi-user.target.wants/a.service", "lib/a.service");
	assert_int_equal(result.created.count, 1);
	assert_state("a.service", FILE_ENABLED);
	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_removed("lib/multi-user.target.wants/a.service");
	assert_state("a.service", FILE_DISABLED);

	/* what a package has enabled for systemd is not enabled by us */
	scratch_link(&scratch, "lib/multi-user.target.wants/a.service", "../a.service");
	assert_state("a.service", FILE_DISABLED);
	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_created("etc/multi-user.target.wants/a.service", "lib/a.service");
	assert_state("a.service", FILE_ENABLED);
}

static void what_stands_in_the_way_is_replaced_only_by_force(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN "[Install]\nAlias=b.service\n");
	scratch_write(&scratch, "etc/c.service", RUN);
	scratch_link(&scratch, "etc/b.service", "c.service");
	assert_false(run(INSTALL_ENABLE, "a.service"));
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_true(run_with(INSTALL_ENABLE, "a.service", (struct install_options){.force = true}));
	assert_created("etc/b.service", "etc/a.service");
}

static void one_link_in_the_way_does_not_stop_the_others(void **state)
{
	scratch_write(&scratch, "etc/a.service",
		      RUN "[Install]\nAlias=b.service\nWantedBy=x.target\n");
	scratch_link(&scratch, "etc/b.service", "/dev/null");
	assert_false(run(INSTALL_ENABLE, "a.service"));
	assert_non_null(strstr(err.text, "b.service' already exists"));
	assert_created("etc/x.target.wants/a.service", "etc/a.service");
}

static void an_alias_is_not_enabled_itself(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN "[Install]\nAlias=b.service\n");
	assert_true(run(INSTALL_ENABLE, "a.service"));
	assert_false(run(INSTALL_ENABLE, "b.service"));
	assert_int_equal(err.kind, ERROR_INVALID);
}

static void a_bare_template_has_aliases_that_are_templates(void **state)
{
	scratch_write(&scratch, "etc/t@.service",
		      RUN "[Install]\nAlias=q@.service\nWantedBy=x.target\nDefaultInstance=main\n");
	assert_true(run(INSTALL_ENABLE, "t@.service"));
	assert_created("etc/q@.service", "etc/t@.service");
	assert_created("etc/x.target.wants/t@main.service", "etc/t@.service");
	assert_true(run(INSTALL_ENABLE, "t@a.service"));
	assert_created("etc/q@a.service", "etc/t@.service");
}

static bool is_docker(const char *name)
{
	return str_equal(name, "docker.service");
}

static void what_is_built_in_is_left_alone(void **state)
{
	static const enum install_verb verbs[] = {INSTALL_ENABLE, INSTALL_DISABLE,
						  INSTALL_REENABLE};

	scratch_write(&scratch, "lib/docker.service", RUN WANTED);
	scratch.context.is_builtin = is_docker;
	for (size_t i = 0; i < array_length(verbs); i++) {
		assert_true(run(verbs[i], "docker"));
		assert_int_equal(result.created.count + result.removed.count, 0);
		assert_int_equal(result.hints.count, 1);
	}
	assert_false(run(INSTALL_MASK, "docker.service"));
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_state("docker.service", FILE_ENABLED);
}

static void enabling_again_follows_a_changed_file(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN WANTED);
	assert_true(run(INSTALL_ENABLE, "a.service"));
	scratch_write(&scratch, "etc/a.service", RUN "[Install]\nWantedBy=other.target\n");
	assert_true(run(INSTALL_REENABLE, "a.service"));
	assert_removed("etc/multi-user.target.wants/a.service");
	assert_created("etc/other.target.wants/a.service", "etc/a.service");
}

static void a_target_wants_what_has_no_install_section(void **state)
{
	const struct install_options target = {.target = "x.target"}, none = {0},
				     nonsense = {.target = "x/y"};

	scratch_write(&scratch, "etc/a.service", RUN);
	assert_true(run_with(INSTALL_ADD_WANTS, "a.service", target));
	assert_created("etc/x.target.wants/a.service", "etc/a.service");
	assert_true(run_with(INSTALL_ADD_REQUIRES, "a.service", target));
	assert_created("etc/x.target.requires/a.service", "etc/a.service");
	assert_false(run_with(INSTALL_ADD_WANTS, "a.service", none));
	assert_false(run_with(INSTALL_ADD_WANTS, "a.service", nonsense));
	assert_false(run_with(INSTALL_ADD_WANTS, "nope.service", target));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_true(run(INSTALL_DISABLE, "a.service"));
	assert_int_equal(result.removed.count, 2);
}

static void a_reverted_unit_is_its_packages(void **state)
{
	scratch_write(&scratch, "lib/a.service", RUN);
	scratch_write(&scratch, "etc/a.service", RUN "Nice=1\n");
	scratch_write(&scratch, "etc/a.service.d/x.conf", "[Service]\nNice=2\n");
	scratch_write(&scratch, "run/a.service.d/y.conf", "[Service]\nNice=3\n");
	scratch_write(&scratch, "etc/own.service", RUN);
	assert_true(run(INSTALL_REVERT, "a.service"));
	assert_removed("etc/a.service");
	assert_removed("etc/a.service.d");
	assert_removed("run/a.service.d");
	assert_int_equal(result.removed.count, 3);
	assert_true(run(INSTALL_REVERT, "own.service")); /* there is nothing behind it */
	assert_int_equal(result.removed.count, 0);
	assert_true(run(INSTALL_MASK, "gone.service"));
	assert_true(run(INSTALL_REVERT, "gone.service"));
	assert_removed("etc/gone.service");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_wanted_unit_is_linked_once_and_unlinked, begin,
						end),
		cmocka_unit_test_setup_teardown(all_that_install_names_is_linked, begin, end),
		cmocka_unit_test_setup_teardown(units_that_name_each_other_end, begin, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_enabled_along_is_said, begin, end),
		cmocka_unit_test_setup_teardown(a_template_needs_an_instance, begin, end),
		cmocka_unit_test_setup_teardown(without_install_there_is_a_hint, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_cannot_be_enabled, begin, end),
		cmocka_unit_test_setup_teardown(a_masked_unit_is_null_until_it_is_unmasked, begin,
						end),
		cmocka_unit_test_setup_teardown(a_file_elsewhere_is_linked_first, begin, end),
		cmocka_unit_test_setup_teardown(for_this_boot_alone_it_is_in_the_second_folder,
						begin, end),
		cmocka_unit_test_setup_teardown(
			units_of_systemd_get_their_links_where_it_would_put_them, begin, end),
		cmocka_unit_test_setup_teardown(what_stands_in_the_way_is_replaced_only_by_force,
						begin, end),
		cmocka_unit_test_setup_teardown(one_link_in_the_way_does_not_stop_the_others, begin,
						end),
		cmocka_unit_test_setup_teardown(an_alias_is_not_enabled_itself, begin, end),
		cmocka_unit_test_setup_teardown(a_bare_template_has_aliases_that_are_templates,
						begin, end),
		cmocka_unit_test_setup_teardown(what_is_built_in_is_left_alone, begin, end),
		cmocka_unit_test_setup_teardown(enabling_again_follows_a_changed_file, begin, end),
		cmocka_unit_test_setup_teardown(a_target_wants_what_has_no_install_section, begin,
						end),
		cmocka_unit_test_setup_teardown(a_reverted_unit_is_its_packages, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
