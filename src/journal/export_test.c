#include "journal/journal_sample.h"

#include <sys/socket.h>
#include <sys/un.h>

/* Where journald would listen. */
static int listen_as_journald(char **path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*path = str_format("%s/socket", sample_folder);
	memcpy(address.sun_path, *path, strlen(*path));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void assert_received(int socket, const char *expected)
{
	char bytes[4096];
	ssize_t n = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(bytes, expected, strlen(expected));
}

static void each_entry_is_a_datagram_of_fields(void **state)
{
	struct pair extra = {(char[]){"TIER"}, (char[]){"one"}};
	const struct journal_origin origin = {.unit = "db.service",
					      .invocation_id = "0123456789abcdef0123456789abcdef",
					      .hostname = "host",
					      .cgroup = "/x",
					      .container = "c1",
					      .extra = {&extra, 1}};
	struct journal_writer *writer = sample_writer("a.service", NULL);
	const struct journal_entry lines = {.priority = 6, .comm = "sh"};
	scoped_free char *path = NULL;
	scoped_fd int socket = listen_as_journald(&path);
	struct error err;

	assert_true(journal_writer_export(writer, path, &err));
	journal_writer_set_origin(writer, &origin);
	sample_say(writer, "hello");
	assert_received(socket, "MESSAGE=hello\nPRIORITY=6\nSYSLOG_IDENTIFIER=prog\nSYSLOG_PID=42\n"
				"UNIT=db.service\nOBJECT_SYSTEMD_UNIT=db.service\n"
				"INVOCATION_ID=0123456789abcdef0123456789abcdef\n"
				"CONTAINER_ID_FULL=c1\nTIER=one\n");
	journal_write_lines(writer, &lines, "<3>one \ntwo\n", 12, true);
	assert_received(socket, "MESSAGE=one\nPRIORITY=3\nSYSLOG_IDENTIFIER=sh\nUNIT=db.service\n"
				"OBJECT_SYSTEMD_UNIT=db.service\n"
				"INVOCATION_ID=0123456789abcdef0123456789abcdef\n"
				"CONTAINER_ID_FULL=c1\nTIER=one\n");
	journal_writer_free(writer);
}

static void a_full_or_dead_socket_holds_nobody_up_and_may_come_back(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	scoped_free char *path = NULL;
	int socket = listen_as_journald(&path);
	char bytes[500];
	ssize_t n;
	struct error err;

	assert_true(journal_writer_export(writer, path, &err));
	for (int i = 0; i < 5000; i++)
		sample_say(writer, "nobody reads this");
	close(socket);
	sample_say(writer, "nor this");
	unlink(path);
	free(path);
	socket = listen_as_journald(&path);
	sample_say(writer, "back");
	assert_received(socket, "MESSAGE=back\nPRIORITY=6\nSYSLOG_IDENTIFIER=prog\nSYSLOG_PID=42\n"
				"UNIT=a.service\nOBJECT_SYSTEMD_UNIT=a.service\n");
	n = recv(socket, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	bytes[n] = '\0';
	assert_non_null(strstr(bytes, " entries were not exported\nPRIORITY=4\n"));
	close(socket);
	assert_true(journal_flush(writer, &err));
	journal_writer_free(writer);
}

static void without_journald_it_is_an_error(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	struct error err;

	assert_false(journal_writer_export(writer, "/nowhere/socket", &err));
	assert_int_equal(err.kind, ERROR_SYSTEM);
	journal_writer_free(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sample_test(each_entry_is_a_datagram_of_fields),
		sample_test(a_full_or_dead_socket_holds_nobody_up_and_may_come_back),
		sample_test(without_journald_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
