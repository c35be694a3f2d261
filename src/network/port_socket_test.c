#include "base/test.h"

#include "base/memory.h"
#include "network/port_socket.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static struct port_key key_of(int protocol, const char *host)
{
	struct port_key key = {.protocol = protocol};

	assert_true(address_parse(host, &key.host));
	return key;
}

/* A port that is free now, by asking for any. */
static uint16_t free_port(struct port_key *key)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	struct error err;
	scoped_fd int fd = port_socket_serve(key, &err);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static int listen_with_reuse(const struct port_key *key)
{
	struct error err;

	return port_socket_serve(key, &err);
}

static int connect_to(const struct port_key *key)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_socket(&key->host, key->port, &address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, size) == 0)
		return fd;
	close_at(&fd);
	return -1;
}

/* Leaves the server's side of a connection in TIME_WAIT on the port. */
static void make_time_wait(const struct port_key *key)
{
	scoped_fd int listener = listen_with_reuse(key), client = connect_to(key);
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	char byte;

	assert_true(client >= 0);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	close(server);
	assert_int_equal(read(client, &byte, 1), 0);
}

static void a_reserved_port_refuses_connections_and_binding(void **state)
{
	struct port_key key = key_of(IPPROTO_TCP, "127.0.0.1");
	struct error err;

	key.port = free_port(&key);
	scoped_fd int reserved = port_socket_reserve(&key, &err);
	assert_true(reserved >= 0);
	assert_int_equal(connect_to(&key), -1);
	assert_int_equal(listen_with_reuse(&key), -1);
	assert_int_equal(port_socket_reserve(&key, &err), -1);
	assert_int_equal(err.os, EADDRINUSE);
	key.host = address_any(AF_INET);
	assert_int_equal(port_socket_reserve(&key, &err), -1);
}

static void connections_in_time_wait_do_not_stand_in_the_way(void **state)
{
	struct port_key key = key_of(IPPROTO_TCP, "127.0.0.1");
	struct error err;

	key.port = free_port(&key);
	make_time_wait(&key);
	scoped_fd int reserved = port_socket_reserve(&key, &err);
	assert_true(reserved >= 0);
	assert_int_equal(connect_to(&key), -1);
	assert_int_equal(listen_with_reuse(&key), -1);
	assert_int_equal(port_socket_reserve(&key, &err), -1);
	assert_int_equal(err.os, EADDRINUSE);
}

static void a_program_that_listens_keeps_its_port(void **state)
{
	struct port_key key = key_of(IPPROTO_TCP, "127.0.0.1");
	struct error err;

	key.port = free_port(&key);
	scoped_fd int listener = listen_with_reuse(&key);
	assert_true(listener >= 0);
	assert_int_equal(port_socket_reserve(&key, &err), -1);
	assert_int_equal(err.os, EADDRINUSE);
}

static void a_reserved_udp_port_takes_no_datagrams(void **state)
{
	struct port_key key = key_of(IPPROTO_UDP, "127.0.0.1");
	struct sockaddr_storage address;
	struct error err;
	char byte = 1;

	key.port = free_port(&key);
	scoped_fd int reserved = port_socket_reserve(&key, &err);
	assert_true(reserved >= 0);
	scoped_fd int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = address_to_socket(&key.host, key.port, &address);
	assert_int_equal(sendto(client, &byte, 1, 0, (struct sockaddr *)&address, size), 1);
	assert_int_equal(recv(reserved, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(port_socket_reserve(&key, &err), -1);
	assert_int_equal(err.os, EADDRINUSE);
}

static void an_address_that_the_host_does_not_have_is_refused(void **state)
{
	struct port_key key = key_of(IPPROTO_TCP, "192.0.2.1");
	struct error err;

	key.port = 8080;
	assert_int_equal(port_socket_reserve(&key, &err), -1);
	assert_int_equal(err.os, EADDRNOTAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reserved_port_refuses_connections_and_binding),
		cmocka_unit_test(connections_in_time_wait_do_not_stand_in_the_way),
		cmocka_unit_test(a_program_that_listens_keeps_its_port),
		cmocka_unit_test(a_reserved_udp_port_takes_no_datagrams),
		cmocka_unit_test(an_address_that_the_host_does_not_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
