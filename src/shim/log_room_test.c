#include "shim/log_room.h"

#include "base/test.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SIZE = 1 << 20, ROOM = 4 << 20 };

static int64_t blocks(int fd)
{
	struct stat st;

	fsync(fd); /* those of what was written are counted then at the latest */
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	return st.st_blocks * 512;
}

static int open_file_of(const char *folder)
{
	static char bytes[SIZE];
	int fd = open(folder, O_TMPFILE | O_RDWR, 0600);
	struct log_room room = {0};

	assert_true(fd >= 0);
	log_room_take(&room, fd, 0, SIZE, -1);
	assert_int_equal(write(fd, bytes, SIZE), SIZE);
	return fd;
}

static bool is_ext4(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) == 0 && system.f_type == EXT4_SUPER_MAGIC;
}

static void room_is_given_back_and_what_was_written_stays(void **state)
{
	int fd = open_file_of(".");
	struct log_room room = {.end = is_ext4(fd) ? SIZE + ROOM : 0};

	if (is_ext4(fd))
		assert_true(blocks(fd) >= SIZE + ROOM);
	log_room_release(&room, fd);
	assert_true(blocks(fd) < SIZE + ROOM / 2);
	assert_int_equal(room.end, 0);
	close(fd);
}

static void room_of_one_that_was_killed_is_found(void **state)
{
	int fd = open_file_of(".");

	log_room_release_found(fd);
	assert_true(blocks(fd) < SIZE + ROOM / 2);
	close(fd);
}

static void no_room_is_taken_behind_the_limit_or_for_little(void **state)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	struct log_room room = {0};

	assert_true(fd >= 0);
	log_room_take(&room, fd, 0, 1000, 0);
	assert_int_equal(room.end, 0);
	log_room_take(&room, fd, 0, SIZE, SIZE);
	assert_int_equal(room.end, 0);
	log_room_take(&room, fd, 0, SIZE, SIZE + 5000);
	assert_int_equal(room.end, is_ext4(fd) ? SIZE + 5000 : 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_given_back_and_what_was_written_stays),
		cmocka_unit_test(room_of_one_that_was_killed_is_found),
		cmocka_unit_test(no_room_is_taken_behind_the_limit_or_for_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
