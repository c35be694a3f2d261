#include "base/test.h"

#include "os/file.h"
#include "volume/volume_work.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_file(const char *folder, const char *name, size_t size)
{
	scoped_free char *path = str_format("%s/%s", folder, name);
	scoped_free char *data = mem_zeroed(1, size + 1);
	scoped_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	memset(data, 'x', size);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
}

static void trees_are_removed_and_their_bytes_counted(void **state)
{
	char folder[] = "/tmp/volume_work_test.XXXXXX";
	char *names[] = {"one", "two", "absent"};
	struct removal_plan plan = {.folder = folder, .names = {names, array_length(names)}};
	struct removal_report report = {0};

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < 2; i++) {
		scoped_free char *deep = str_format("%s/%s", folder, names[i]);

		assert_int_equal(mkdir(deep, 0700), 0);
		make_file(deep, "file", 8192);
	}
	removal_work(&plan, &report);
	assert_null(report.error);
	assert_true(report.bytes >= 2 * 8192);
	assert_int_equal(rmdir(folder), 0); /* nothing is in it any more */
}

static void a_missing_folder_is_told(void **state)
{
	struct removal_plan plan = {.folder = "/no/such/folder"};
	struct removal_report report = {0};

	removal_work(&plan, &report);
	assert_non_null(report.error);
	record_fini(&removal_report_type, &report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_are_removed_and_their_bytes_counted),
		cmocka_unit_test(a_missing_folder_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
