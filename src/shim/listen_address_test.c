#include "base/test.h"
#include "shim/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static void ports_and_hosts(void **state)
{
	static const struct {
		const char *text, *host;
		int family, port;
	} rows[] = {
		{"8080", "::", AF_INET6, 8080},
		{"127.0.0.1:80", "127.0.0.1", AF_INET, 80},
		{"[::1]:443", "::1", AF_INET6, 443},
		{"[fe80::2]:1", "fe80::2", AF_INET6, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct listen_address a;
		struct error err;
		char host[64];
		const struct sockaddr_in *v4 = (const void *)&a.storage;
		const struct sockaddr_in6 *v6 = (const void *)&a.storage;
		bool is6 = rows[i].family == AF_INET6;

		assert_true(listen_address_parse(rows[i].text, true, &a, &err));
		assert_int_equal(a.any.sa_family, rows[i].family);
		assert_int_equal(ntohs(is6 ? v6->sin6_port : v4->sin_port), rows[i].port);
		inet_ntop(rows[i].family, is6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, host,
			  sizeof(host));
		assert_string_equal(host, rows[i].host);
		assert_null(a.path);
	}
}

static void without_ipv6_a_port_is_of_ipv4(void **state)
{
	struct listen_address a;
	struct error err;

	assert_true(listen_address_parse("80", false, &a, &err));
	assert_int_equal(a.any.sa_family, AF_INET);
}

static void paths_and_names(void **state)
{
	struct listen_address a;
	struct error err;
	const struct sockaddr_un *un = (const void *)&a.storage;

	assert_true(listen_address_parse("/run/x.sock", true, &a, &err));
	assert_string_equal(a.path, "/run/x.sock");
	assert_string_equal(un->sun_path, "/run/x.sock");
	assert_true(listen_address_parse("@name", true, &a, &err));
	assert_null(a.path);
	assert_int_equal(un->sun_path[0], 0);
	assert_memory_equal(un->sun_path + 1, "name", 4);
	assert_int_equal(a.size, offsetof(struct sockaddr_un, sun_path) + 5);
}

static void what_is_no_address(void **state)
{
	static const char *const rows[] = {"",	   "0",	      "65536",	  "x",
					   "x:80", "1.2.3.4", "1.2.3.4:", "[::1]",
					   "[::1", "[]:80",   "::1:80x"};
	char long_path[200] = "/";

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct listen_address a;
		struct error err;

		assert_false(listen_address_parse(rows[i], true, &a, &err));
	}
	memset(long_path + 1, 'x', sizeof(long_path) - 2);
	struct listen_address a;
	struct error err;
	assert_false(listen_address_parse(long_path, true, &a, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_and_hosts),
		cmocka_unit_test(without_ipv6_a_port_is_of_ipv4),
		cmocka_unit_test(paths_and_names),
		cmocka_unit_test(what_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
