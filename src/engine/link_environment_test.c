#include "engine/link_environment.h"

#include "base/test.h"

static void a_link_is_told_by_variables(void **state)
{
	static char *exposed[] = {"8081/tcp", "53/udp", "8080/tcp", "53/tcp"},
		    *env[] = {"PATH=/bin", "HOME=/root", "A=1", "EMPTY=", "UNSET"};
	struct strings ports = {exposed, 4}, variables = {env, 5};
	struct link_facts facts = {.parent = "me",
				   .alias = "my-db",
				   .address = "172.17.0.2",
				   .exposed = &ports,
				   .env = &variables};
	scoped_strings struct strings out = {0};

	link_environment(&facts, &out);
	scoped_free char *all = strings_join(&out, "\n");
	assert_string_equal(all, "MY_DB_PORT=tcp://172.17.0.2:53\n"
				 "MY_DB_PORT_8080_TCP_START=tcp://172.17.0.2:8080\n"
				 "MY_DB_PORT_8080_TCP_ADDR=172.17.0.2\n"
				 "MY_DB_PORT_8080_TCP_PROTO=tcp\n"
				 "MY_DB_PORT_8080_TCP_PORT_START=8080\n"
				 "MY_DB_PORT_8080_TCP_END=tcp://172.17.0.2:8081\n"
				 "MY_DB_PORT_8080_TCP_PORT_END=8081\n"
				 "MY_DB_PORT_53_TCP=tcp://172.17.0.2:53\n"
				 "MY_DB_PORT_53_TCP_ADDR=172.17.0.2\n"
				 "MY_DB_PORT_53_TCP_PROTO=tcp\n"
				 "MY_DB_PORT_53_TCP_PORT=53\n"
				 "MY_DB_PORT_53_UDP=udp://172.17.0.2:53\n"
				 "MY_DB_PORT_53_UDP_ADDR=172.17.0.2\n"
				 "MY_DB_PORT_53_UDP_PROTO=udp\n"
				 "MY_DB_PORT_53_UDP_PORT=53\n"
				 "MY_DB_PORT_8080_TCP=tcp://172.17.0.2:8080\n"
				 "MY_DB_PORT_8080_TCP_ADDR=172.17.0.2\n"
				 "MY_DB_PORT_8080_TCP_PROTO=tcp\n"
				 "MY_DB_PORT_8080_TCP_PORT=8080\n"
				 "MY_DB_PORT_8081_TCP=tcp://172.17.0.2:8081\n"
				 "MY_DB_PORT_8081_TCP_ADDR=172.17.0.2\n"
				 "MY_DB_PORT_8081_TCP_PROTO=tcp\n"
				 "MY_DB_PORT_8081_TCP_PORT=8081\n"
				 "MY_DB_NAME=/me/my-db\n"
				 "MY_DB_ENV_A=1\n"
				 "MY_DB_ENV_EMPTY=");
}

static void without_ports_there_is_a_name(void **state)
{
	struct strings nothing = {0};
	struct link_facts facts = {.parent = "me",
				   .alias = "a",
				   .address = "10.0.0.1",
				   .exposed = &nothing,
				   .env = &nothing};
	scoped_strings struct strings out = {0};

	link_environment(&facts, &out);
	assert_int_equal(out.count, 1);
	assert_string_equal(out.items[0], "A_NAME=/me/a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_told_by_variables),
		cmocka_unit_test(without_ports_there_is_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
