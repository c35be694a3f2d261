#include "os/root.h"

#include "base/test.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch_path[] = "/tmp/wherry-root-test-XXXXXX";
static int scratch = -1, root = -1;

static int open_scratch(void **state)
{
	struct error err;

	if (!mkdtemp(scratch_path))
		return -1;
	scratch = folder_open(AT_FDCWD, scratch_path, &err);
	if (!folder_make(scratch, "root/usr/bin", 0755, &err) ||
	    !folder_make(scratch, "outside", 0755, &err))
		return -1;
	root = folder_open(scratch, "root", &err);
	return root < 0 || symlinkat("usr/bin", root, "bin") < 0 ||
			       symlinkat("/run/data", root, "dangling") < 0 ||
			       symlinkat("../../outside", root, "escape") < 0 ||
			       symlinkat("loop", root, "loop") < 0
		       ? -1
		       : 0;
}

static int close_scratch(void **state)
{
	struct error err;

	close(root);
	close(scratch);
	return tree_remove(AT_FDCWD, scratch_path, &err) ? 0 : -1;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void paths_are_made_through_links_and_below_the_root_only(void **state)
{
	static const struct {
		const char *path, *made;
	} cases[] = {
		{"/a/b/c", "a/b/c"},
		{"bin/tool", "usr/bin/tool"},
		{"/dangling/x/y", "run/data/x/y"},
		{"/../../../up", "up"},
		{"a//b/../d", "a/d"},
		{"/escape", "outside"},
		{"/escape/deep", "outside/deep"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err;
		int fd = root_make(root, cases[i].path, ROOT_FOLDER, &err);

		assert_true(fd >= 0);
		assert_true(is_folder(cases[i].made));
		close(fd);
	}
	assert_int_equal(faccessat(scratch, "outside/deep", F_OK, 0), -1);
	assert_int_equal(faccessat(scratch, "up", F_OK, 0), -1);
}

static void a_file_is_made_with_the_folders_above_it(void **state)
{
	struct error err;
	struct stat st;
	int fd = root_make(root, "/f/g/file", ROOT_FILE, &err);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_true(is_folder("f/g"));
	close(fd);
	fd = root_make(root, "/f/g/file", ROOT_FOLDER, &err); /* what is there is taken */
	assert_true(fd >= 0);
	close(fd);
}

static void loops_and_files_on_the_way_fail(void **state)
{
	struct error err;

	assert_int_equal(root_make(root, "/loop/x", ROOT_FOLDER, &err), -1);
	assert_int_equal(err.os, ELOOP);
	close(root_make(root, "/file", ROOT_FILE, &err));
	assert_int_equal(root_make(root, "/file/x", ROOT_FOLDER, &err), -1);
	assert_int_equal(err.os, ENOTDIR);
	assert_int_equal(root_open(root, "absent", O_PATH, &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_int_equal(root_open_plain(root, "bin", O_PATH, &err), -1);
	assert_int_equal(err.os, ELOOP);
}

static void the_folder_above_is_made_and_the_name_told(void **state)
{
	struct error err;
	const char *name;
	int fd = root_make_above(root, "/dev/snd/timer", &name, &err);

	assert_true(fd >= 0);
	assert_string_equal(name, "timer");
	assert_true(is_folder("dev/snd"));
	close(fd);
}

/* Both begin each round when the other has come to it. */
static bool make_many(atomic_int *arrived)
{
	enum { ROUNDS = 500 };
	bool ok = true;

	for (int i = 0; i < ROUNDS; i++) {
		char path[32];
		struct error err;
		int fd;

		snprintf(path, sizeof(path), "/race/%d/a/b/c", i);
		atomic_fetch_add(arrived, 1);
		while (atomic_load(arrived) < 2 * (i + 1))
			sched_yield();
		fd = root_make(root, path, ROOT_FOLDER, &err);
		ok = ok && fd >= 0;
		close(fd);
	}
	return ok;
}

/* Containers that share a volume and have mounts in it are started at once. */
static void two_make_the_same_path_at_once(void **state)
{
	atomic_int *arrived = mmap(NULL, sizeof(*arrived), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	bool ok;
	pid_t pid;

	assert_true(arrived != MAP_FAILED);
	pid = fork();
	if (pid == 0)
		_exit(make_many(arrived) ? 0 : 1);
	ok = make_many(arrived);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(ok);
	assert_int_equal(status, 0);
	munmap(arrived, sizeof(*arrived));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_made_through_links_and_below_the_root_only),
		cmocka_unit_test(a_file_is_made_with_the_folders_above_it),
		cmocka_unit_test(loops_and_files_on_the_way_fail),
		cmocka_unit_test(the_folder_above_is_made_and_the_name_told),
		cmocka_unit_test(two_make_the_same_path_at_once),
	};

	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
