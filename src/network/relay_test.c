#include "base/test.h"

#include "network/port_socket.h"
#include "network/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* A relay on loopback whose container is the test. */
struct setting {
	struct relays *relays;
	struct port_key published;
	int container; /* listening, or UDP */
};

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
}

static void set_up(struct setting *s, int protocol, const char *host)
{
	struct port_key inside = {.protocol = protocol};
	struct relay_spec spec = {.protocol = protocol, .address = "127.0.0.1"};
	struct error err;
	int socket;

	signal(SIGPIPE, SIG_IGN);
	s->published = (struct port_key){.protocol = protocol};
	assert_true(address_parse("127.0.0.1", &inside.host));
	assert_true(address_parse(host, &s->published.host));
	s->container = port_socket_serve(&inside, &err);
	socket = port_socket_serve(&s->published, &err);
	assert_true(s->container >= 0 && socket >= 0);
	spec.port = port_of(s->container);
	s->published.port = port_of(socket);
	s->relays = relays_new(&err);
	assert_non_null(s->relays);
	assert_true(relays_add(s->relays, socket, &spec, &err));
}

static void tear_down(struct setting *s)
{
	relays_free(s->relays);
	close_fd(&s->container);
}

static int connect_client(const struct setting *s)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_socket(&s->published.host, s->published.port, &address);
	int type = s->published.protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(s->published.host.family, type | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

/* Let the relay work until `fd` is readable. */
static void run_until_readable(struct setting *s, int fd)
{
	for (;;) {
		struct pollfd ready[] = {{.fd = fd, .events = POLLIN},
					 {.fd = relays_fd(s->relays), .events = POLLIN}};

		assert_true(poll(ready, 2, 10000) > 0);
		if (ready[0].revents)
			return;
		relays_run(s->relays);
	}
}

static int accept_in_container(struct setting *s)
{
	int fd;

	run_until_readable(s, s->container);
	fd = accept4(s->container, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void assert_reads(struct setting *s, int fd, const char *expected)
{
	char data[64] = {0};

	run_until_readable(s, fd);
	assert_int_equal(read(fd, data, sizeof(data) - 1), strlen(expected));
	assert_string_equal(data, expected);
}

static void bytes_and_half_closes_go_both_ways(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};

	for (size_t i = 0; i < array_length(hosts); i++) {
		struct setting s;

		set_up(&s, IPPROTO_TCP, hosts[i]);
		scoped_fd int client = connect_client(&s), server = accept_in_container(&s);
		assert_int_equal(write(client, "question", 8), 8);
		shutdown(client, SHUT_WR);
		assert_reads(&s, server, "question");
		assert_reads(&s, server, "");
		assert_int_equal(write(server, "answer", 6), 6);
		assert_reads(&s, client, "answer");
		close_fd(&server);
		assert_reads(&s, client, "");
		tear_down(&s);
	}
}

/* More than fits all buffers, so that the relay has to hold the writer up. */
static void a_slow_reader_gets_every_byte(void **state)
{
	enum { TOTAL = 32 << 20, CHUNK = 1 << 16 };
	scoped_free char *chunk = mem_zeroed(1, CHUNK);
	size_t written = 0, got = 0;
	struct setting s;

	set_up(&s, IPPROTO_TCP, "127.0.0.1");
	scoped_fd int client = connect_client(&s), server = accept_in_container(&s);
	fcntl(client, F_SETFL, O_NONBLOCK);
	fcntl(server, F_SETFL, O_NONBLOCK);
	while (got < TOTAL) {
		struct pollfd ready[] = {
			{.fd = client, .events = written < TOTAL ? POLLOUT : 0},
			{.fd = relays_fd(s.relays), .events = POLLIN},
			{.fd = server, .events = POLLIN},
		};

		assert_true(poll(ready, 3, 10000) > 0);
		if (ready[0].revents & POLLOUT) { /* fill everything up before reading */
			ssize_t n = write(client, chunk, CHUNK);

			written += n > 0 ? (size_t)n : 0;
		} else if (ready[1].revents) {
			relays_run(s.relays);
		} else {
			ssize_t n = read(server, chunk, CHUNK / 3);

			assert_true(n > 0);
			got += (size_t)n;
		}
	}
	assert_int_equal(got, written);
	tear_down(&s);
}

/* Nobody listens there, and nobody else can have it: a connection that began at it would meet itself. */
static int take_port(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void a_container_that_does_not_listen_resets_the_client(void **state)
{
	struct setting s;
	uint16_t port;
	char byte;

	set_up(&s, IPPROTO_TCP, "127.0.0.1");
	port = port_of(s.container);
	close_fd(&s.container);
	scoped_fd int kept = take_port(port), client = connect_client(&s);
	run_until_readable(&s, client);
	assert_int_equal(read(client, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	tear_down(&s);
}

static void a_client_that_vanishes_ends_the_containers_side(void **state)
{
	struct linger at_once = {.l_onoff = 1};
	struct setting s;
	char byte;

	set_up(&s, IPPROTO_TCP, "127.0.0.1");
	scoped_fd int client = connect_client(&s), server = accept_in_container(&s);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close_fd(&client);
	run_until_readable(&s, server);
	assert_true(read(server, &byte, 1) <= 0);
	tear_down(&s);
}

static void many_connections_end_with_the_relay(void **state)
{
	int clients[100], servers[100];
	struct setting s;

	set_up(&s, IPPROTO_TCP, "127.0.0.1");
	for (size_t i = 0; i < array_length(clients); i++) {
		clients[i] = connect_client(&s);
		servers[i] = accept_in_container(&s);
	}
	tear_down(&s);
	for (size_t i = 0; i < array_length(clients); i++) {
		char byte;

		assert_int_equal(read(servers[i], &byte, 1), 0);
		close_fd(&clients[i]);
		close_fd(&servers[i]);
	}
}

static void answer_datagram(struct setting *s)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	char data[64];
	ssize_t length;

	run_until_readable(s, s->container);
	length = recvfrom(s->container, data, sizeof(data), 0, (struct sockaddr *)&from, &size);
	assert_true(length > 0);
	data[0] = '!';
	assert_int_equal(
		sendto(s->container, data, (size_t)length, 0, (struct sockaddr *)&from, size),
		length);
}

static void datagrams_find_their_way_back(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1", "::"};

	for (size_t i = 0; i < array_length(hosts); i++) {
		struct setting s;

		set_up(&s, IPPROTO_UDP, hosts[i]);
		if (i == 2)
			assert_true(address_parse("::1", &s.published.host));
		scoped_fd int one = connect_client(&s), two = connect_client(&s);
		assert_int_equal(send(one, "?one", 4, 0), 4);
		assert_int_equal(send(two, "?two", 4, 0), 4);
		answer_datagram(&s);
		answer_datagram(&s);
		assert_reads(&s, one, "!one");
		assert_reads(&s, two, "!two");
		assert_int_equal(send(one, "?new", 4, 0), 4);
		answer_datagram(&s);
		assert_reads(&s, one, "!new");
		tear_down(&s);
	}
}

/* The table of clients is full: the one that was silent for longest makes room. */
static void more_clients_than_are_remembered_are_still_served(void **state)
{
	struct setting s;

	set_up(&s, IPPROTO_UDP, "127.0.0.1");
	for (int i = 0; i < 600; i++) {
		scoped_fd int client = connect_client(&s);

		assert_int_equal(send(client, "?", 1, 0), 1);
		answer_datagram(&s);
		assert_reads(&s, client, "!");
	}
	tear_down(&s);
}

static struct relays *relays_with_copy(const struct setting *s, const struct relay_spec *spec)
{
	struct error err;
	struct relays *relays = relays_new(&err);
	int copy = fcntl(relays_socket(s->relays, 0), F_DUPFD_CLOEXEC, 0);

	assert_true(copy >= 0 && relay_listen(copy, spec->protocol, &err));
	assert_true(relays_add(relays, copy, spec, &err));
	return relays;
}

/* The socket is shared with who carries the port from now on. */
static void what_is_retired_takes_nothing_new_and_carries_on(void **state)
{
	struct relay_spec spec = {.protocol = IPPROTO_TCP, .address = "127.0.0.1"};
	struct relays *first, *second;
	struct setting s;

	(void)state;
	set_up(&s, IPPROTO_TCP, "127.0.0.1");
	spec.port = port_of(s.container);
	scoped_fd int client = connect_client(&s), server = accept_in_container(&s);
	second = relays_with_copy(&s, &spec);
	relays_retire(s.relays);
	assert_int_equal(relays_socket(s.relays, 0), -1);
	scoped_fd int later = connect_client(&s);
	relays_run(s.relays);
	assert_int_equal(write(client, "question", 8), 8);
	assert_reads(&s, server, "question");
	first = s.relays;
	s.relays = second;
	scoped_fd int other = accept_in_container(&s);
	assert_int_equal(write(later, "more", 4), 4);
	assert_reads(&s, other, "more");
	relays_free(first);
	tear_down(&s);
}

static void datagrams_go_to_the_next_once_a_relay_is_retired(void **state)
{
	struct relay_spec spec = {.protocol = IPPROTO_UDP, .address = "127.0.0.1"};
	struct relays *second;
	struct setting s;

	(void)state;
	set_up(&s, IPPROTO_UDP, "127.0.0.1");
	spec.port = port_of(s.container);
	scoped_fd int client = connect_client(&s);
	assert_int_equal(send(client, "?one", 4, 0), 4);
	answer_datagram(&s);
	assert_reads(&s, client, "!one");
	second = relays_with_copy(&s, &spec);
	relays_retire(s.relays);
	relays_free(s.relays);
	s.relays = second;
	assert_int_equal(send(client, "?two", 4, 0), 4);
	answer_datagram(&s);
	assert_reads(&s, client, "!two");
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_and_half_closes_go_both_ways),
		cmocka_unit_test(a_slow_reader_gets_every_byte),
		cmocka_unit_test(a_container_that_does_not_listen_resets_the_client),
		cmocka_unit_test(a_client_that_vanishes_ends_the_containers_side),
		cmocka_unit_test(many_connections_end_with_the_relay),
		cmocka_unit_test(datagrams_find_their_way_back),
		cmocka_unit_test(what_is_retired_takes_nothing_new_and_carries_on),
		cmocka_unit_test(datagrams_go_to_the_next_once_a_relay_is_retired),
		cmocka_unit_test(more_clients_than_are_remembered_are_still_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
