/* The mode as the daemon starts it: the program itself, over a socket. */
#include "shim/shim.h"

#include "base/test.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/journal_serve_test.XXXXXX";

static int make_journal(void **state)
{
	const struct journal_origin origin = {.unit = "a.service", .hostname = "host"};
	const struct journal_entry entry = {
		.priority = 6, .identifier = "prog", .message = "hello", .message_size = 5};
	struct journal_writer *writer;
	struct error err;

	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	writer = journal_writer_open(folder, NULL, &err);
	journal_writer_set_origin(writer, &origin);
	journal_write(writer, &entry);
	journal_writer_free(writer);
	return 0;
}

static int remove_journal(void **state)
{
	struct error err;

	return tree_remove(AT_FDCWD, folder, &err) ? 0 : -1;
}

/* In a child, with the socket at descriptor 3 as the daemon gives it. */
static pid_t serve_in_child(int control)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(control, SHIM_CONTROL_FD);
		close_range(SHIM_CONTROL_FD + 1, ~0u, 0); /* the client's end too */
		_exit(journal_serve_main());
	}
	return pid;
}

static pid_t ask(const struct shim_journal *request, int *connection)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	int pair[2], stream[2];
	struct error err;
	pid_t pid;

	assert_true(socket_pair(pair, &err));
	assert_true(socket_pair(stream, &err));
	assert_true(
		shim_send(&queue, SHIM_JOURNAL, &shim_journal_type, request, &stream[1], 1, &err));
	assert_true(message_queue_flush(&queue, pair[0], &err));
	close(stream[1]);
	pid = serve_in_child(pair[1]);
	close(pair[0]);
	close(pair[1]);
	*connection = stream[0];
	message_queue_fini(&queue); /* it holds the other end too */
	return pid;
}

static void read_answer(int connection, struct buffer *out)
{
	ssize_t n;

	while ((n = read(connection, buffer_reserve(out, 4096), 4096)) > 0)
		buffer_wrote(out, (size_t)n);
	buffer_add(out, "", 0);
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_request_is_answered_in_chunks(void **state)
{
	struct shim_journal request = {.folder = folder, .chunked = true};
	scoped_buffer struct buffer out = {0};
	int connection;
	pid_t pid;

	journal_request_init(&request.request);
	request.request.output = JOURNAL_CAT;
	pid = ask(&request, &connection);
	read_answer(connection, &out);
	assert_string_equal(out.data, "6\r\nhello\n\r\n0\r\n\r\n");
	assert_int_equal(status_of(pid), 0);
	close(connection);
}

static void a_failure_is_told_and_the_end_does_not_come(void **state)
{
	struct shim_journal request = {.folder = folder, .chunked = false};
	scoped_buffer struct buffer out = {0};
	int connection;
	pid_t pid;

	journal_request_init(&request.request);
	request.request.query.grep = (char[]){"a("};
	pid = ask(&request, &connection);
	read_answer(connection, &out);
	assert_memory_equal(out.data, "Failed to read the journal: bad pattern 'a(': ", 46);
	assert_int_equal(status_of(pid), 0);
	close(connection);
}

static void who_follows_and_goes_ends_the_process(void **state)
{
	struct shim_journal request = {.folder = folder};
	struct pollfd p = {.events = POLLIN};
	int connection;
	pid_t pid;

	journal_request_init(&request.request);
	request.request.query.follow = true;
	pid = ask(&request, &connection);
	p.fd = connection;
	assert_int_equal(poll(&p, 1, 10000), 1);
	close(connection);
	assert_int_equal(status_of(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_answered_in_chunks, make_journal,
						remove_journal),
		cmocka_unit_test_setup_teardown(a_failure_is_told_and_the_end_does_not_come,
						make_journal, remove_journal),
		cmocka_unit_test_setup_teardown(who_follows_and_goes_ends_the_process, make_journal,
						remove_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
