#include "cmd/compose/files.h"

#include "base/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/wherry-files-XXXXXX";

static int begin(void **state)
{
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state)
{
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void regular_files_are_read_below_the_limit(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	write_file("a", "12345");
	assert_true(host_files.exists(NULL, "a"));
	assert_true(host_files.read(NULL, "a", 5, &text, &err));
	assert_string_equal(text.data, "12345");
	assert_false(host_files.read(NULL, "a", 4, &text, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	unlink("a");
	assert_false(host_files.exists(NULL, "a"));
	assert_false(host_files.read(NULL, "a", 5, &text, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

static void folders_and_devices_are_refused(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	assert_false(host_files.exists(NULL, "/tmp"));
	assert_false(host_files.read(NULL, "/tmp", 5, &text, &err));
	assert_string_equal(err.text, "'/tmp' is a folder, not a file");
	assert_false(host_files.read(NULL, "/dev/zero", 5, &text, &err));
	assert_string_equal(err.text, "'/dev/zero' is a device, not a file");
	assert_true(host_files.read(NULL, "/dev/null", 5, &text, &err));
	assert_int_equal(text.size, 0);
}

static void a_silent_pipe_is_given_up(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_false(host_file_read("pipe", 5, 20, &text, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	scoped_fd int writer = open("pipe", O_RDWR | O_CLOEXEC);
	assert_int_equal(write(writer, "1234567", 7), 7);
	assert_false(host_file_read("pipe", 5, 20, &text, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	unlink("pipe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regular_files_are_read_below_the_limit),
		cmocka_unit_test(folders_and_devices_are_refused),
		cmocka_unit_test(a_silent_pipe_is_given_up),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
