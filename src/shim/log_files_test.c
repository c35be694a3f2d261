#include "base/test.h"

#include "base/text.h"
#include "shim/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A log whose files hold nothing but which one they are.  It is rotated between two steps of the
 * reader: when that has looked in vain for a certain file. */

static struct {
	int folder;
	char path[32];
	const char *missed; /* NULL: it was rotated */
	enum { OPENING, LOOKING } step;
} log_;

static void make_file(const char *name, int which, int64_t second)
{
	const struct timespec moment = {.tv_sec = second};
	int fd = (int)syscall(SYS_openat, log_.folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0 && write(fd, &which, sizeof(which)) == sizeof(which));
	futimens(fd, (const struct timespec[]){moment, moment});
	close(fd);
}

/* From log.1 on, or what is left of that after some steps; then there is a third file. */
static void rotate(void)
{
	renameat(log_.folder, "log.1", log_.folder, "log.2");
	renameat(log_.folder, "log", log_.folder, "log.1");
	make_file("log", 3, 3);
}

static void missed(int step, const char *name)
{
	if (step != (int)log_.step || !log_.missed || strcmp(name, log_.missed) != 0)
		return;
	log_.missed = NULL;
	rotate();
	errno = ENOENT;
}

/* Instead of the C library's. */
int openat(int folder, const char *name, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = (int)syscall(SYS_openat, folder, name, flags, va_arg(arguments, int));
	va_end(arguments);
	if (fd < 0)
		missed(OPENING, name);
	return fd;
}

int fstatat(int folder, const char *restrict name, struct stat *restrict st, int flags)
{
	int result = (int)syscall(SYS_newfstatat, folder, name, st, flags);

	if (result < 0)
		missed(LOOKING, name);
	return result;
}

static void begin(int step, const char *missed_name)
{
	snprintf(log_.path, sizeof(log_.path), "/tmp/wherry-unit.XXXXXX");
	assert_non_null(mkdtemp(log_.path));
	log_.folder = open(log_.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log_.missed = missed_name;
	log_.step = step;
}

static void end(void)
{
	static const char *const names[] = {"log", "log.1", "log.2", "log.3"};

	for (size_t i = 0; i < array_length(names); i++)
		unlinkat(log_.folder, names[i], 0);
	close(log_.folder);
	rmdir(log_.path);
}

/* Which one follows `fd`, which is closed. */
static int which_follows(int fd)
{
	int next = log_files_next(log_.folder, "log", NULL, fd), which = -1;

	assert_null(log_.missed);
	assert_true(next >= 0 && pread(next, &which, sizeof(which), 0) == sizeof(which));
	close(fd);
	close(next);
	return which;
}

/* log.1 has moved on to log.2, and is what was read; the second file is about to follow it into the gap. */
static void a_file_that_moves_into_a_gap_is_not_passed_by(void **state)
{
	begin(OPENING, "log.1");
	make_file("log.2", 1, 1);
	make_file("log", 2, 2);
	assert_int_equal(which_follows(openat(log_.folder, "log.2", O_RDONLY | O_CLOEXEC)), 2);
	end();
}

/* What was read is gone: the oldest that is left moves while it is looked for. */
static void the_oldest_is_found_while_it_moves(void **state)
{
	int fd;

	begin(LOOKING, "log.2");
	make_file("gone", 0, 0);
	fd = openat(log_.folder, "gone", O_RDONLY | O_CLOEXEC);
	unlinkat(log_.folder, "gone", 0);
	make_file("log.1", 1, 1);
	make_file("log", 2, 2);
	assert_int_equal(which_follows(fd), 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_moves_into_a_gap_is_not_passed_by),
		cmocka_unit_test(the_oldest_is_found_while_it_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
