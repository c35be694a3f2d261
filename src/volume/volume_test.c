#include "base/test.h"

#include "base/memory.h"
#include "store/store_fixture.h"
#include "volume/volume_inside.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* /bin/true is the worker: it removes nothing and its empty answer is a report of nothing. */
#define WORKER "/bin/true"

struct fixture {
	struct store_fixture kept;
	struct volumes *volumes;
	struct error err; /* of the last callback */
	int calls;
	char *pruned;
};

static void open_with(struct fixture *f, const char *worker)
{
	store_fixture_open(&f->kept);
	f->volumes = volumes_open(&f->kept.loop, f->kept.store, f->kept.folder, worker, &f->err);
	assert_non_null(f->volumes);
}

static void open_all(struct fixture *f)
{
	open_with(f, WORKER);
}

static void close_all(struct fixture *f)
{
	volumes_close(f->volumes);
	store_fixture_close(&f->kept);
}

static int set_up(void **state)
{
	struct fixture *f = mem_new(struct fixture);

	store_fixture_begin(&f->kept);
	open_all(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close_all(f);
	store_fixture_end(&f->kept);
	free(f->pruned);
	free(f);
	return 0;
}

static void note(struct fixture *f, const struct error *err)
{
	f->calls++;
	f->err = err ? *err : (struct error){0};
}

static void on_created(void *data, struct volume *volume, const struct error *err)
{
	note(data, err);
}

static void on_removed(void *data, const struct error *err)
{
	note(data, err);
}

static void on_pruned(void *data, const struct volume_pruned *pruned, const struct error *err)
{
	struct fixture *f = data;

	f->pruned = strings_join(&pruned->names, " ");
	note(f, err);
}

static void on_mounted(void *data, const struct error *err)
{
	note(data, err);
}

static void wait_for_call(struct fixture *f, int calls)
{
	while (f->calls < calls)
		uv_run(&f->kept.loop, UV_RUN_ONCE);
}

static struct volume *create_and_wait(struct fixture *f, const char *name)
{
	struct volume_request request = {.name = name};
	int calls = f->calls;
	struct volume *volume = volume_create(f->volumes, &request, on_created, f);

	wait_for_call(f, calls + 1);
	assert_int_equal(f->err.kind, ERROR_NONE);
	return volume;
}

static void a_volume_is_a_folder_and_a_record(void **state)
{
	struct fixture *f = *state;
	struct volume *volume = create_and_wait(f, "data");
	struct stat info;

	assert_true(str_ends_with(volume_path(volume), "/volumes/data/_data"));
	assert_int_equal(stat(volume_path(volume), &info), 0);
	volume_mount(volume, "one", on_mounted, f);
	assert_int_equal(f->calls, 2);
	assert_int_equal(f->err.kind, ERROR_NONE);
	close_all(f);
	open_all(f);
	assert_int_equal(volumes_count(f->volumes), 1);
	assert_string_equal(volume_get_spec(volumes_at(f->volumes, 0))->name, "data");
	assert_string_equal(volume_get_spec(volumes_at(f->volumes, 0))->driver, "local");
}

static void an_existing_volume_is_given_back(void **state)
{
	struct fixture *f = *state;
	struct volume *first = create_and_wait(f, "data");
	struct volume_request request = {.name = "data", .driver = "nfs"};

	assert_ptr_equal(create_and_wait(f, "data"), first);
	assert_null(volume_create(f->volumes, &request, on_created, f));
	assert_int_equal(f->err.kind, ERROR_CONFLICT);
}

static void an_anonymous_volume_has_an_id_and_a_label(void **state)
{
	struct fixture *f = *state;
	const struct volume_spec *spec = volume_get_spec(create_and_wait(f, NULL));

	assert_int_equal(strlen(spec->name), 64);
	assert_true(spec->anonymous);
	assert_string_equal(pairs_get(&spec->labels, "com.docker.volume.anonymous"), "");
}

static void bad_requests_are_refused_in_dockers_words(void **state)
{
	static const struct {
		const char *name, *driver, *option, *error;
		enum error_kind kind;
	} cases[] = {
		{"x", NULL, NULL,
		 "create x: volume name is too short, names should be at least two alphanumeric "
		 "characters",
		 ERROR_INVALID},
		{"a b", NULL, NULL,
		 "create a b: \"a b\" includes invalid characters for a local volume name, only "
		 "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host "
		 "directory, use "
		 "absolute path",
		 ERROR_INVALID},
		{"../../etc", NULL, NULL, NULL, ERROR_INVALID},
		{".hidden", NULL, NULL, NULL, ERROR_INVALID},
		{"v2", "nfs", NULL, NULL, ERROR_NOT_FOUND},
		{"v2", NULL, "x", "create v2: invalid option: \"x\"", ERROR_INVALID},
		{"v2", NULL, "type", "create v2: missing required option: \"device\"",
		 ERROR_INVALID},
		{"v2", NULL, "size", "create v2: quota size requested but no quota support",
		 ERROR_INVALID},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_pairs struct pairs options = {0};
		struct volume_request request = {
			.name = cases[i].name, .driver = cases[i].driver, .options = &options};

		if (cases[i].option)
			pairs_set(&options, cases[i].option, "1");
		assert_null(volume_create(f->volumes, &request, on_created, f));
		assert_int_equal(f->calls, i + 1);
		assert_int_equal(f->err.kind, cases[i].kind);
		if (cases[i].error)
			assert_string_equal(f->err.text, cases[i].error);
	}
	assert_int_equal(volumes_count(f->volumes), 0);
}

static void volumes_stand_in_the_order_of_their_names(void **state)
{
	static const char *const names[] = {"mm", "aa", "zz", "bb"}, *const sorted[] = {"aa", "bb",
											"mm", "zz"};
	struct fixture *f = *state;

	for (size_t i = 0; i < array_length(names); i++)
		create_and_wait(f, names[i]);
	for (size_t i = 0; i < array_length(sorted); i++)
		assert_string_equal(volume_get_spec(volumes_at(f->volumes, i))->name, sorted[i]);
	assert_null(volumes_find(f->volumes, "cc", &f->err));
	assert_string_equal(f->err.text, "get cc: no such volume");
}

static void a_volume_in_use_stays(void **state)
{
	struct fixture *f = *state;
	struct volume *volume = create_and_wait(f, "data");

	volume_use(volume, "one");
	volume_use(volume, "two");
	volume_use(volume, "one");
	assert_int_equal(volume_use_count(volume), 2);
	volume_remove(f->volumes, "data", true, on_removed, f);
	assert_int_equal(f->err.kind, ERROR_CONFLICT);
	assert_string_equal(f->err.text, "remove data: volume is in use - [one, two]");
	volume_unuse(volume, "one");
	volume_unuse(volume, "two");
	volume_unuse(volume, "two");
	volume_remove(f->volumes, "data", false, on_removed, f);
	wait_for_call(f, 3);
	assert_int_equal(f->err.kind, ERROR_NONE);
	assert_int_equal(volumes_count(f->volumes), 0);
}

static void removing_moves_the_folder_away(void **state)
{
	struct fixture *f = *state;
	scoped_free char *path = str_dup(volume_path(create_and_wait(f, "data")));

	volume_remove(f->volumes, "data", false, on_removed, f);
	wait_for_call(f, 2);
	assert_int_equal(access(path, F_OK), -1);
	assert_non_null(create_and_wait(f, "data"));
	assert_int_equal(access(path, F_OK), 0);
}

static void who_asks_for_one_that_is_being_removed_waits_and_gets_a_new_one(void **state)
{
	struct fixture *f = *state;
	struct volume_request request = {.name = "data"};
	scoped_free char *path = str_dup(volume_path(create_and_wait(f, "data")));
	scoped_free char *file = str_format("%s/old", path);

	fclose(fopen(file, "w"));
	volume_remove(f->volumes, "data", false, on_removed, f);
	assert_null(volume_create(f->volumes, &request, on_created, f)); /* still on its way out */
	assert_null(volume_create(f->volumes, &request, on_created, f));
	assert_int_equal(f->calls, 1);
	wait_for_call(f, 4);
	assert_int_equal(f->err.kind, ERROR_NONE);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(volumes_count(f->volumes), 1);
}

static void who_asks_for_one_that_is_being_recorded_is_told_when_it_is(void **state)
{
	struct fixture *f = *state;
	struct volume_request request = {.name = "data"};

	assert_non_null(volume_create(f->volumes, &request, on_created, f));
	assert_null(volume_create(f->volumes, &request, on_created, f));
	assert_int_equal(f->calls, 0);
	wait_for_call(f, 2);
	assert_int_equal(f->err.kind, ERROR_NONE);
	assert_int_equal(volumes_count(f->volumes), 1);
}

static void who_waits_when_all_is_closed_is_not_told(void **state)
{
	struct fixture *f = *state;
	struct volume_request request = {.name = "data"};

	volume_create(f->volumes, &request, on_created, f);
	volume_create(f->volumes, &request, on_created, f);
	close_all(f);
	open_all(f);
	assert_int_equal(f->calls, 0);
}

static void an_absent_name_is_an_error_unless_forced(void **state)
{
	struct fixture *f = *state;

	volume_remove(f->volumes, "none", false, on_removed, f);
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	volume_remove(f->volumes, "none", true, on_removed, f);
	assert_int_equal(f->err.kind, ERROR_NONE);
}

static bool is_anonymous(void *data, const struct volume *volume)
{
	return volume_get_spec(volume)->anonymous;
}

static void pruning_takes_what_matches_and_is_not_in_use(void **state)
{
	struct fixture *f = *state;
	struct volume *used;

	create_and_wait(f, "named");
	used = create_and_wait(f, NULL);
	volume_use(used, "one");
	scoped_free char *free_one = str_dup(volume_get_spec(create_and_wait(f, NULL))->name);
	volumes_prune(f->volumes, is_anonymous, on_pruned, f);
	wait_for_call(f, 4);
	assert_string_equal(f->pruned, free_one);
	assert_int_equal(volumes_count(f->volumes), 2);
}

static void pruning_nothing_is_answered_too(void **state)
{
	struct fixture *f = *state;

	volumes_prune(f->volumes, NULL, on_pruned, f);
	wait_for_call(f, 1);
	assert_string_equal(f->pruned, "");
}

static void a_folder_without_a_record_is_thrown_away(void **state)
{
	struct fixture *f = *state;
	scoped_free char *path = str_format("%s/volumes/leftover", f->kept.folder);

	assert_int_equal(mkdir(path, 0700), 0);
	create_and_wait(f, "kept");
	close_all(f);
	open_all(f);
	assert_int_equal(access(path, F_OK), -1);
	volume_mount(volumes_find(f->volumes, "kept", &f->err), "one", on_mounted, f);
	assert_int_equal(f->err.kind, ERROR_NONE);
}

static void closing_with_records_on_their_way_is_fine(void **state)
{
	struct fixture *f = *state;
	struct volume_request request = {.name = "data"};

	assert_non_null(volume_create(f->volumes, &request, on_created, f));
	close_all(f);
	assert_int_equal(f->calls, 0);
	open_all(f);
	assert_int_equal(volumes_count(f->volumes), 1);
	volume_remove(f->volumes, "data", false, on_removed, f);
	close_all(f);
	open_all(f);
	assert_int_equal(volumes_count(f->volumes), 0);
}

/* /bin/true says nothing, and nothing is a report of success. */
static void what_a_volume_is_made_of_is_mounted_once_for_all_who_hold_it(void **state)
{
	struct fixture *f = *state;
	scoped_pairs struct pairs options = {0};
	struct volume_request request = {.name = "disk", .options = &options};
	struct volume *volume;

	pairs_set(&options, "type", "tmpfs");
	pairs_set(&options, "device", "tmpfs");
	volume = volume_create(f->volumes, &request, on_created, f);
	wait_for_call(f, 1);
	assert_true(volume_needs_mount(volume));
	volume_mount(volume, "one", on_mounted, f);
	volume_mount(volume, "two", on_mounted, f);
	volume_mount(volume, "three", on_mounted, f);
	volume_unmount(volume, "three"); /* before it is done: never told */
	assert_int_equal(f->calls, 1);
	wait_for_call(f, 3);
	assert_int_equal(f->err.kind, ERROR_NONE);
	volume_mount(volume, "four", on_mounted, f);
	assert_int_equal(f->calls, 4); /* at once */
	volume_unmount(volume, "one");
	volume_unmount(volume, "two");
	volume_unmount(volume, "four");
	volume_mount(volume, "one", on_mounted, f); /* while it is being unmounted */
	assert_int_equal(f->calls, 4);
	wait_for_call(f, 5);
	assert_int_equal(f->err.kind, ERROR_NONE);
}

/* Ended by its time limit, or by the kernel for want of memory. */
static void what_a_worker_may_have_mounted_before_it_ended_is_unmounted(void **state)
{
	struct fixture *f = *state;
	scoped_pairs struct pairs options = {0};
	struct volume_request request = {.name = "disk", .options = &options};
	struct volume *volume;

	close_all(f);
	open_with(f, "/bin/false");
	pairs_set(&options, "type", "tmpfs");
	pairs_set(&options, "device", "tmpfs");
	volume = volume_create(f->volumes, &request, on_created, f);
	wait_for_call(f, 1);
	volume_mount(volume, "one", on_mounted, f);
	wait_for_call(f, 2);
	assert_int_not_equal(f->err.kind, ERROR_NONE);
	assert_non_null(volume->mounting); /* to unmount it */
	while (volume->mounting)
		uv_run(&f->kept.loop, UV_RUN_ONCE);
	assert_false(volume->unsure);
}

static void listeners_hear_of_every_volume(void *data, const char *action,
					   const struct volume *volume)
{
	struct buffer *heard = data;

	buffer_format(heard, "%s %s; ", action, volume_get_spec(volume)->name);
}

static void making_and_removing_is_told(void **state)
{
	struct fixture *f = *state;
	scoped_buffer struct buffer heard = {0};

	volumes_listen(f->volumes, listeners_hear_of_every_volume, &heard);
	create_and_wait(f, "one");
	create_and_wait(f, "one"); /* there already */
	create_and_wait(f, "two");
	volume_remove(f->volumes, "one", false, on_removed, f);
	wait_for_call(f, 4);
	volumes_prune(f->volumes, NULL, on_pruned, f);
	wait_for_call(f, 5);
	assert_string_equal(heard.data, "create one; create two; destroy one; destroy two; ");
	volumes_listen(f->volumes, NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_volume_is_a_folder_and_a_record),
		TEST(an_existing_volume_is_given_back),
		TEST(an_anonymous_volume_has_an_id_and_a_label),
		TEST(bad_requests_are_refused_in_dockers_words),
		TEST(volumes_stand_in_the_order_of_their_names),
		TEST(a_volume_in_use_stays),
		TEST(removing_moves_the_folder_away),
		TEST(who_asks_for_one_that_is_being_removed_waits_and_gets_a_new_one),
		TEST(who_asks_for_one_that_is_being_recorded_is_told_when_it_is),
		TEST(who_waits_when_all_is_closed_is_not_told),
		TEST(an_absent_name_is_an_error_unless_forced),
		TEST(pruning_takes_what_matches_and_is_not_in_use),
		TEST(pruning_nothing_is_answered_too),
		TEST(a_folder_without_a_record_is_thrown_away),
		TEST(closing_with_records_on_their_way_is_fine),
		TEST(what_a_volume_is_made_of_is_mounted_once_for_all_who_hold_it),
		TEST(what_a_worker_may_have_mounted_before_it_ended_is_unmounted),
		TEST(making_and_removing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
