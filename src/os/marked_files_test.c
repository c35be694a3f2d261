#include "os/marked_files.h"

#include "base/test.h"
#include "os/fd.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

#define MARK "# Ours"

struct place {
	char path[32];
	int folder;
};

static struct place make_place(void)
{
	struct place place = {.path = "/tmp/marked.XXXXXX"};

	assert_non_null(mkdtemp(place.path));
	place.folder = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(place.folder >= 0);
	return place;
}

static void remove_place(struct place *place)
{
	struct error err;

	close_fd(&place->folder);
	assert_true(tree_remove(AT_FDCWD, place->path, &err));
}

/* A file of somebody else's. */
static void put(const struct place *place, const char *path)
{
	scoped_pairs struct pairs files = {0};
	struct error err;

	pairs_set(&files, path, "[Service]\n");
	assert_true(marked_files_write(place->folder, "[", &files, NULL, &err));
}

static bool is_there(const struct place *place, const char *path)
{
	return faccessat(place->folder, path, F_OK, 0) == 0;
}

static void files_are_written_and_equal_ones_are_left_alone(void **state)
{
	struct place place = make_place();
	scoped_pairs struct pairs files = {0};
	struct error err;
	bool changed = false;

	pairs_set(&files, "a.service", MARK "\n[Service]\n");
	pairs_set(&files, "a.service.d/x.conf", MARK "\n");
	assert_true(marked_files_check(place.folder, MARK, &files, &err));
	assert_true(marked_files_write(place.folder, MARK, &files, &changed, &err));
	assert_true(changed);
	assert_true(is_there(&place, "a.service.d/x.conf"));
	changed = false;
	assert_true(marked_files_write(place.folder, MARK, &files, &changed, &err));
	assert_false(changed);
	pairs_set(&files, "a.service", MARK "\n[Service]\nNice=1\n");
	assert_true(marked_files_write(place.folder, MARK, &files, &changed, &err));
	assert_true(changed);
	remove_place(&place);
}

static void somebody_elses_file_is_a_conflict(void **state)
{
	struct place place = make_place();
	scoped_pairs struct pairs files = {0};
	struct error err;

	put(&place, "a.service");
	pairs_set(&files, "a.service", MARK "\n");
	assert_false(marked_files_check(place.folder, MARK, &files, &err));
	assert_int_equal(err.kind, ERROR_CONFLICT);
	assert_non_null(strstr(err.text, "'a.service'"));
	remove_place(&place);
}

static void removing_takes_what_is_marked_and_leaves_the_rest(void **state)
{
	struct place place = make_place();
	scoped_pairs struct pairs files = {0};
	struct error err;
	bool changed = false;

	pairs_set(&files, "a.service", MARK "\n");
	pairs_set(&files, "a.service.d/x.conf", MARK "\n");
	pairs_set(&files, "b.service", MARK "\n");
	pairs_set(&files, "b.service.d/x.conf", MARK "\n");
	assert_true(marked_files_write(place.folder, MARK, &files, NULL, &err));
	put(&place, "b.service.d/theirs.conf");
	marked_files_remove(place.folder, MARK, "a.service", &changed);
	marked_files_remove(place.folder, MARK, "b.service", &changed);
	assert_true(changed);
	assert_false(is_there(&place, "a.service"));
	assert_false(is_there(&place, "a.service.d"));
	assert_false(is_there(&place, "b.service"));
	assert_false(is_there(&place, "b.service.d/x.conf"));
	assert_true(is_there(&place, "b.service.d/theirs.conf"));
	changed = false;
	marked_files_remove(place.folder, MARK, "none.service", &changed);
	assert_false(changed);
	remove_place(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_written_and_equal_ones_are_left_alone),
		cmocka_unit_test(somebody_elses_file_is_a_conflict),
		cmocka_unit_test(removing_takes_what_is_marked_and_leaves_the_rest),
	};

	return cmocka_run_group_tests_name("marked_files", tests, NULL, NULL);
}
