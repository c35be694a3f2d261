/* Units that listen, and services that get what they listen on. */
#include "scenario.h"
#include "unit_driver.h"
#include "unit_helper.h"

#include "os/fd.h"
#include "os/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void begin_socket(struct unit_driver *d, enum socket_kind kind, const char *address)
{
	struct execution_socket *s;

	unit_begin(d, SERVICE_SIMPLE);
	d->start.plan.kind = EXECUTION_SOCKET;
	s = record_list_add(&execution_socket_type, &d->start.plan.socket.sockets);
	s->kind = (int32_t)kind;
	s->address = *address == '.' ? unit_path(d, address + 1) : str_dup(address);
}

static int connect_to(struct unit_driver *d, const char *name)
{
	struct error err;
	scoped_fd int folder = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = socket_connect(folder, name, &err);

	expect(fd >= 0);
	return fd;
}

static void stop(struct unit_driver *d)
{
	unit_halt(d);
	unit_end(d);
}

static void traffic_is_told_and_the_socket_is_given(void)
{
	struct unit_driver d;
	struct unit_sockets names = {0};
	struct stat st;
	int fd;

	begin_socket(&d, SOCKET_STREAM, ".sub/x.sock");
	d.start.plan.socket.socket_mode = 0600;
	strings_take(&d.start.plan.socket.symlinks, unit_path(&d, "link"));
	unit_add(&d, EXECUTION_START_PRE, "echo pre >>rec");
	unit_add(&d, EXECUTION_START_POST, "[ -S sub/x.sock ] && echo post >>rec");
	unit_add(&d, EXECUTION_STOP, "[ -S sub/x.sock ] && echo stop-pre >>rec");
	unit_add(&d, EXECUTION_STOP_POST, "echo stop-post >>rec");
	d.start.plan.socket.remove_on_stop = true;
	unit_start(&d);
	unit_await(&d, SUB_LISTENING);
	expect(d.status.job_done);
	scoped_free char *path = unit_path(&d, "link");
	expect(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	scoped_fd int client = connect_to(&d, "link");
	unit_expect(&d, UNIT_TRIGGERED, NULL, NULL, NULL, 0);
	unit_await(&d, SUB_RUNNING);
	unit_send(&d, UNIT_SOCKETS, NULL, NULL);
	unit_expect(&d, UNIT_SOCKETS_ARE, &unit_sockets_type, &names, &fd, 1);
	expect_equal(names.names.count, 1);
	expect(str_equal(names.names.items[0], "test.service"));
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	expect(c >= 0);
	close(c);
	close(fd);
	record_fini(&unit_sockets_type, &names);
	unit_send(&d, UNIT_ARM, NULL, NULL);
	unit_await(&d, SUB_LISTENING);
	unit_halt(&d);
	unit_expect_file(&d, "rec", "pre\npost\nstop-pre\nstop-post\n");
	expect(lstat(path, &st) < 0);
	unit_end(&d);
}

static void connections_are_taken_one_by_one(void)
{
	struct unit_driver d;

	begin_socket(&d, SOCKET_STREAM, "127.0.0.1:34567");
	d.start.plan.socket.accept = true;
	unit_start(&d);
	unit_await(&d, SUB_LISTENING);
	for (int i = 0; i < 3; i++) {
		struct sockaddr_in to = {.sin_family = AF_INET,
					 .sin_port = htons(34567),
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		struct unit_triggered told = {0};
		scoped_fd int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int fd;

		expect(connect(client, (struct sockaddr *)&to, sizeof(to)) == 0);
		unit_expect(&d, UNIT_TRIGGERED, &unit_triggered_type, &told, &fd, 1);
		expect_equal(told.connection, i);
		expect(str_equal(told.remote_address, "127.0.0.1"));
		expect(told.remote_port && strtol(told.remote_port, NULL, 10) > 0);
		expect(write(fd, "hi", 2) == 2);
		close(fd);
		expect_text(take_fd(client), "hi");
		record_fini(&unit_triggered_type, &told);
	}
	stop(&d);
}

/* A daemon that takes none for a while gets them all in the end, and is not cut off. */
static void a_flood_of_connections_waits(void)
{
	enum { MANY = 200 };
	struct unit_driver d;
	int clients[MANY], fd;

	begin_socket(&d, SOCKET_STREAM, ".x.sock");
	d.start.plan.socket.accept = true;
	unit_start(&d);
	unit_await(&d, SUB_LISTENING);
	for (int i = 0; i < MANY; i++)
		clients[i] = connect_to(&d, "x.sock");
	for (int i = 0; i < MANY; i++) {
		struct unit_triggered told = {0};

		unit_expect(&d, UNIT_TRIGGERED, &unit_triggered_type, &told, &fd, 1);
		expect_equal(told.connection, i);
		expect(fd >= 0);
		close(fd);
	}
	for (int i = 0; i < MANY; i++)
		expect_text(clients[i], "");
	stop(&d);
}

static void what_comes_without_a_daemon_waits(void)
{
	struct unit_driver d;

	begin_socket(&d, SOCKET_STREAM, ".x.sock");
	d.start.plan.socket.accept = true;
	unit_start(&d);
	unit_await(&d, SUB_LISTENING);
	close_fd(&d.shim.control);
	scoped_fd int client = connect_to(&d, "x.sock");
	unit_reconnect(&d);
	int fd;
	unit_expect(&d, UNIT_TRIGGERED, NULL, NULL, &fd, 1);
	expect(fd >= 0);
	close(fd);
	stop(&d);
}

static void datagrams_and_fifos_trigger_too(void)
{
	struct unit_driver d;

	begin_socket(&d, SOCKET_FIFO, ".pipe");
	unit_start(&d);
	unit_await(&d, SUB_LISTENING);
	scoped_free char *write = str_format("echo x >%s/pipe", d.folder);
	expect(system(write) == 0);
	unit_expect(&d, UNIT_TRIGGERED, NULL, NULL, NULL, 0);
	stop(&d);

	begin_socket(&d, SOCKET_DATAGRAM, "127.0.0.1:34568");
	unit_start(&d);
	unit_await(&d, SUB_LISTENING);
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(34568),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped_fd int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	expect(sendto(client, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1);
	unit_expect(&d, UNIT_TRIGGERED, NULL, NULL, NULL, 0);
	stop(&d);
}

static void an_address_that_is_taken_fails_the_unit(void)
{
	struct unit_driver d;
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(34569),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped_fd int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	expect(bind(other, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(other, 1) == 0);
	begin_socket(&d, SOCKET_STREAM, "127.0.0.1:34569");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_RESOURCES);
	unit_expect_journal(&d, "address already in use");
	unit_end(&d);
}

static void what_has_no_connections_cannot_accept(void)
{
	struct unit_driver d;

	begin_socket(&d, SOCKET_FIFO, ".pipe");
	d.start.plan.socket.accept = true;
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_RESOURCES);
	unit_expect_journal(&d, "has no connections");
	unit_end(&d);
}

static void a_service_finds_its_sockets_from_three_on(void)
{
	struct unit_driver d;
	int pair[2];
	struct error err;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add_helper(&d, EXECUTION_START, "fds sleep");
	strings_add(&d.start.socket_names, "one");
	strings_add(&d.start.socket_names, "two");
	expect(socket_pair(pair, &err));
	unit_send_fds(&d, UNIT_START, &unit_start_type, &d.start, pair, 2);
	close(pair[0]);
	close(pair[1]);
	unit_await(&d, SUB_RUNNING);
	unit_await_file(&d, "rec", "one:two socket socket\n");
	stop(&d);
}

static void a_connection_may_be_input_and_output(void)
{
	struct unit_driver d;
	int pair[2];
	struct error err;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, "read line; echo got $line from $REMOTE_ADDR");
	d.start.plan.context.in = INPUT_SOCKET;
	d.start.plan.context.out = OUTPUT_INHERIT;
	d.start.plan.context.err = OUTPUT_JOURNAL;
	pairs_set(&d.start.environment, "REMOTE_ADDR", "10.0.0.9");
	strings_add(&d.start.socket_names, "connection");
	expect(socket_pair(pair, &err));
	unit_send_fds(&d, UNIT_START, &unit_start_type, &d.start, &pair[1], 1);
	close(pair[1]);
	unit_await(&d, SUB_RUNNING);
	write_text(pair[0], "line\n");
	expect_text(pair[0], "got line from 10.0.0.9\n");
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	unit_end(&d);
}

const struct scenario unit_socket_scenarios[] = {
	SCENARIO(traffic_is_told_and_the_socket_is_given),
	SCENARIO(connections_are_taken_one_by_one),
	SCENARIO(a_flood_of_connections_waits),
	SCENARIO(what_comes_without_a_daemon_waits),
	SCENARIO(datagrams_and_fifos_trigger_too),
	SCENARIO(an_address_that_is_taken_fails_the_unit),
	SCENARIO(what_has_no_connections_cannot_accept),
	SCENARIO(a_service_finds_its_sockets_from_three_on),
	SCENARIO(a_connection_may_be_input_and_output),
	{NULL, NULL},
};
