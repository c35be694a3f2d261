#include "engine/event_file.h"

#include "base/memory.h"
#include "base/test.h"
#include "engine/engine.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/wherry-event-file.XXXXXX";

struct seen {
	size_t count;
	int64_t first_ns, last_ns;
	char *last_name;
};

static void note(void *data, const struct engine_event *event)
{
	struct seen *seen = data;

	if (seen->count++ == 0)
		seen->first_ns = event->time_ns;
	seen->last_ns = event->time_ns;
	str_replace(&seen->last_name, pairs_get(&event->attributes, "name"));
}

static struct seen open_it(struct event_file *file)
{
	struct seen seen = {0};
	struct error err;

	assert_true(event_file_open(file, folder, note, &seen, &err));
	return seen;
}

static void add(struct event_file *file, int64_t from, int64_t to)
{
	for (int64_t i = from; i <= to; i++) {
		scoped_free char *name = str_format("c%lld", (long long)i);
		struct engine_event event = {.type = EVENT_CONTAINER,
					     .action = (char[]){"start"},
					     .actor = (char[]){"0123"},
					     .time_ns = i};

		pairs_set(&event.attributes, "name", name);
		event_file_add(file, &event);
		pairs_fini(&event.attributes);
	}
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	return tree_remove(AT_FDCWD, folder, &(struct error){0}) ? 0 : -1;
}

static void events_are_there_after_a_restart(void **state)
{
	struct event_file file;
	struct seen seen = open_it(&file);

	assert_int_equal(seen.count, 0);
	add(&file, 1, 3);
	event_file_close(&file);
	seen = open_it(&file);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.last_name, "c3");
	free(seen.last_name);
	event_file_close(&file);
}

static void half_an_event_is_cut_off(void **state)
{
	scoped_free char *path = str_format("%s/events", folder);
	struct event_file file;
	struct seen seen;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 5), 0);
	seen = open_it(&file);
	assert_int_equal(seen.count, 2);
	free(seen.last_name);
	add(&file, 3, 3);
	event_file_close(&file);
	seen = open_it(&file);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.last_ns, 3);
	free(seen.last_name);
	event_file_close(&file);
}

static void the_newest_256_are_kept_and_the_files_do_not_grow(void **state)
{
	struct event_file file;
	struct seen seen = open_it(&file);
	struct stat st;

	free(seen.last_name);
	add(&file, 4, 2000);
	event_file_close(&file);
	seen = open_it(&file);
	assert_in_range(seen.count, EVENT_FILE_MOST, 2 * EVENT_FILE_MOST);
	assert_int_equal(seen.last_ns, 2000);
	assert_int_equal(seen.last_ns - seen.first_ns + 1, seen.count);
	assert_int_equal(fstat(file.fd, &st), 0);
	assert_true(st.st_size < 64 << 10);
	free(seen.last_name);
	event_file_close(&file);
}

static void large_events_are_kept_in_little_room(void **state)
{
	scoped_free char *path = str_format("%s/events", folder), *name = mem_zeroed(3 << 20, 1);
	struct event_file file;
	struct seen seen = open_it(&file);
	struct stat st;

	free(seen.last_name);
	memset(name, 'x', (3 << 20) - 1);
	for (int i = 1; i <= 40; i++)
		event_file_add(&file,
			       &(struct engine_event){.action = name, .actor = "c", .time_ns = i});
	assert_int_equal(stat(path, &st), 0);
	assert_true((size_t)st.st_size < 2 * EVENT_FILE_BYTES);
	event_file_close(&file);
	seen = open_it(&file);
	assert_int_equal(seen.last_ns, 40);
	free(seen.last_name);
	event_file_close(&file);
}

/* By an older daemon. */
static void a_file_that_is_too_large_is_begun_anew(void **state)
{
	scoped_free char *path = str_format("%s/events", folder);
	struct event_file file;
	struct seen seen;
	struct stat st;

	assert_int_equal(truncate(path, 100 << 20), 0);
	seen = open_it(&file);
	add(&file, 41, 41);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 1 << 20);
	event_file_close(&file);
	free(seen.last_name);
	seen = open_it(&file);
	assert_int_equal(seen.last_ns, 41);
	free(seen.last_name);
	event_file_close(&file);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
	struct event_file file;
	struct error err;

	assert_false(event_file_open(&file, "/nonexistent", note, NULL, &err));
	add(&file, 1, 1);
	event_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_there_after_a_restart),
		cmocka_unit_test(half_an_event_is_cut_off),
		cmocka_unit_test(the_newest_256_are_kept_and_the_files_do_not_grow),
		cmocka_unit_test(large_events_are_kept_in_little_room),
		cmocka_unit_test(a_file_that_is_too_large_is_begun_anew),
		cmocka_unit_test(a_folder_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
