#include "os/socket.h"

#include "base/test.h"
#include "os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_path[] = "/tmp/wherry-socket-test-XXXXXX";
static int folder = -1;

/* A folder whose path is longer than any sun_path. */
static int open_scratch(void **state)
{
	scoped_free char *name = mem_zeroed(1, 201);
	struct error err;
	int top;

	memset(name, 'x', 200);
	if (!mkdtemp(scratch_path))
		return -1;
	top = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || !folder_make(top, name, 0700, &err))
		return -1;
	folder = folder_open(top, name, &err);
	close(top);
	return folder < 0 ? -1 : 0;
}

static int close_scratch(void **state)
{
	struct error err;

	close(folder);
	return tree_remove(AT_FDCWD, scratch_path, &err) ? 0 : -1;
}

static void a_client_reaches_a_socket_in_a_deep_folder(void **state)
{
	struct error err;
	scoped_fd int listener = socket_listen(folder, "s", 0660, &err);
	scoped_fd int client = socket_connect(folder, "s", &err);
	scoped_fd int server = socket_accept(listener);
	struct stat st;
	pid_t pid;
	uid_t uid;
	gid_t gid;

	assert_true(listener >= 0 && client >= 0 && server >= 0);
	assert_true(socket_peer(server, &pid, &uid, &gid));
	assert_int_equal(pid, getpid());
	assert_int_equal(fstatat(folder, "s", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(socket_accept(listener), -1);
}

static void a_living_socket_is_not_taken_over_but_a_dead_one_is(void **state)
{
	struct error err;
	int first = socket_listen(folder, "t", 0600, &err);

	assert_int_equal(socket_listen(folder, "t", 0600, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFLICT);
	close(first);
	assert_int_equal(socket_connect(folder, "t", &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	first = socket_listen(folder, "t", 0600, &err);
	assert_true(first >= 0);
	close(first);
}

static void absent_sockets_and_folders_are_not_found(void **state)
{
	struct error err;

	assert_int_equal(socket_connect(folder, "absent", &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_int_equal(socket_connect(AT_FDCWD, "/nonexistent/x", &err), -1);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_reaches_a_socket_in_a_deep_folder),
		cmocka_unit_test(a_living_socket_is_not_taken_over_but_a_dead_one_is),
		cmocka_unit_test(absent_sockets_and_folders_are_not_found),
	};

	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
