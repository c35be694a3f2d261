#include "os/file.h"

#include "base/test.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static int scratch = -1;
static char scratch_path[] = "/tmp/wherry-file-test-XXXXXX";

static int open_scratch(void **state)
{
	if (!mkdtemp(scratch_path))
		return -1;
	scratch = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch < 0 ? -1 : 0;
}

static int close_scratch(void **state)
{
	struct error err;

	close(scratch);
	return tree_remove(AT_FDCWD, scratch_path, &err) ? 0 : -1;
}

static void replace(const char *name, const char *text)
{
	struct file_content content = {.data = text, .size = strlen(text), .mode = 0640};
	struct error err;

	assert_true(file_replace(scratch, name, &content, &err));
}

static void a_file_is_replaced_as_a_whole(void **state)
{
	scoped_buffer struct buffer read = {0};
	struct stat st;
	struct error err;

	replace("f", "one, and longer");
	replace("f", "two");
	assert_true(file_read(scratch, "f", 100, &read, &err));
	assert_string_equal(read.data, "two");
	assert_int_equal(fstatat(scratch, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void reading_stops_at_the_limit(void **state)
{
	scoped_buffer struct buffer read = {0};
	struct error err;

	replace("g", "12345");
	assert_false(file_read(scratch, "g", 4, &read, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_false(file_read(scratch, "absent", 4, &read, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

static void a_failed_replacement_leaves_nothing(void **state)
{
	struct file_content content = {.data = "x", .size = 1, .mode = 0600};
	struct error err;

	assert_true(folder_make(scratch, "only/a/folder", 0700, &err));
	assert_false(file_replace(scratch, "only", &content, &err));
	assert_true(tree_remove(scratch, "only", &err));
	assert_int_equal(faccessat(scratch, "only", F_OK, 0), -1);
}

static void a_tree_is_removed_to_its_depth_and_links_are_not_followed(void **state)
{
	struct error err;
	int at = scratch, next;

	replace("outside", "kept");
	for (int depth = 0; depth < 3000; depth++) {
		assert_int_equal(mkdirat(at, "d", 0700), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (at != scratch)
			close(at);
		at = next;
	}
	assert_int_equal(symlinkat(scratch_path, at, "link"), 0);
	close(at);
	assert_true(tree_remove(scratch, "d", &err));
	assert_int_equal(faccessat(scratch, "d", F_OK, 0), -1);
	assert_int_equal(faccessat(scratch, "outside", F_OK, 0), 0);
	assert_true(tree_remove(scratch, "d", &err)); /* again is no error */
}

#define MANY 3000
#define LATE 200

/* Files that come when others are being removed already. */
static void *make_late_files(void *data)
{
	const int *folders = data; /* where; what tells that it begins */
	char event[4096], name[16];

	if (read(folders[1], event, sizeof(event)) > 0)
		for (int i = 0; i < LATE; i++) {
			snprintf(name, sizeof(name), "late%d", i);
			close(openat(folders[0], name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		}
	return NULL;
}

static void a_tree_is_removed_while_somebody_ends_writing_into_it(void **state)
{
	struct error err;
	scoped_free char *path = str_format("%s/busy", scratch_path);
	scoped_fd int folder = -1, events = inotify_init1(IN_CLOEXEC);
	char name[16];
	pthread_t writer;

	folder = folder_make(scratch, "busy", 0700, &err) ? folder_open(scratch, "busy", &err) : -1;
	assert_true(folder >= 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		close(openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	assert_true(inotify_add_watch(events, path, IN_DELETE) >= 0);
	pthread_create(&writer, NULL, make_late_files, (int[]){folder, events});
	assert_true(tree_remove(scratch, "busy", &err));
	pthread_join(writer, NULL);
	assert_int_equal(faccessat(scratch, "busy", F_OK, 0), -1);
}

static void a_sealed_copy_cannot_be_changed(void **state)
{
	struct error err;
	scoped_fd int fd = memfd_sealed("test", "abc", 3, &err);
	char read_back[4] = "";

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(pread(fd, read_back, 3, 0), 3);
	assert_string_equal(read_back, "abc");
	{
		scoped_fd int copy = memfd_sealed_copy("copy", fd, 3, &err);

		assert_true(copy >= 0);
		assert_int_equal(pwrite(copy, "x", 1, 0), -1);
	}
	assert_int_equal(memfd_sealed_copy("copy", fd, 2, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced_as_a_whole),
		cmocka_unit_test(reading_stops_at_the_limit),
		cmocka_unit_test(a_failed_replacement_leaves_nothing),
		cmocka_unit_test(a_tree_is_removed_to_its_depth_and_links_are_not_followed),
		cmocka_unit_test(a_tree_is_removed_while_somebody_ends_writing_into_it),
		cmocka_unit_test(a_sealed_copy_cannot_be_changed),
	};

	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
