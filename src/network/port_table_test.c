#include "base/test.h"

#include "network/port_table.h"

static struct port_key key_of(int protocol, const char *host, uint16_t port)
{
	struct port_key key = {.protocol = protocol, .port = port};

	assert_true(address_parse(host, &key.host));
	return key;
}

static void add(struct port_table *table, int protocol, const char *host, uint16_t port)
{
	struct port_use use = {.key = key_of(protocol, host, port)};

	port_table_add(table, &use);
}

static void all_addresses_and_one_of_them_exclude_each_other(void **state)
{
	static const struct {
		int protocol;
		const char *host;
		uint16_t port;
		bool taken;
	} cases[] = {
		{IPPROTO_TCP, "0.0.0.0", 80, true},  {IPPROTO_TCP, "127.0.0.1", 80, true},
		{IPPROTO_TCP, "::", 80, false},	     {IPPROTO_UDP, "0.0.0.0", 80, false},
		{IPPROTO_TCP, "0.0.0.0", 81, false}, {IPPROTO_TCP, "0.0.0.0", 90, true},
		{IPPROTO_TCP, "10.0.0.1", 90, true}, {IPPROTO_TCP, "10.0.0.2", 90, false},
		{IPPROTO_TCP, "fd00::1", 100, true},
	};
	struct port_table table;

	port_table_init(&table, 32768, 60999);
	add(&table, IPPROTO_TCP, "0.0.0.0", 80);
	add(&table, IPPROTO_TCP, "10.0.0.1", 90);
	add(&table, IPPROTO_TCP, "::", 100);
	for (size_t i = 0; i < array_length(cases); i++) {
		struct port_key key = key_of(cases[i].protocol, cases[i].host, cases[i].port);

		assert_int_equal(port_table_is_taken(&table, &key, 0), cases[i].taken);
	}
	port_table_fini(&table);
}

static void what_is_removed_is_free_again(void **state)
{
	struct port_use four = {.key = key_of(IPPROTO_TCP, "0.0.0.0", 80)};
	struct port_use six = {.key = key_of(IPPROTO_TCP, "::", 80)};
	struct port_table table;

	port_table_init(&table, 32768, 60999);
	port_table_add(&table, &four);
	port_table_add(&table, &six);
	assert_true(port_table_remove(&table, &four));
	assert_false(port_table_remove(&table, &four));
	assert_false(port_table_is_taken(&table, &four.key, 0));
	assert_true(port_table_is_taken(&table, &six.key, 0));
	assert_true(port_table_remove(&table, &six));
	assert_int_equal(table.count, 0);
	assert_int_equal(table.users.count, 0);
	port_table_fini(&table);
}

static void a_port_that_went_to_another_container_stays(void **state)
{
	struct port_use old = {.key = key_of(IPPROTO_TCP, "0.0.0.0", 80)}, new = old;
	struct port_table table;

	assert_true(address_parse("172.17.0.2", &old.target.address));
	assert_true(address_parse("172.17.0.3", &new.target.address));
	port_table_init(&table, 32768, 60999);
	port_table_add(&table, &new);
	assert_false(port_table_remove(&table, &old));
	assert_true(port_table_leads_to(&table, &new.target.address));
	assert_false(port_table_leads_to(&table, &old.target.address));
	assert_true(port_table_remove(&table, &new));
	port_table_fini(&table);
}

static void ephemeral_ports_go_round_for_each_protocol(void **state)
{
	struct port_table table;

	port_table_init(&table, 1000, 1002);
	assert_int_equal(port_table_next_ephemeral(&table, IPPROTO_TCP), 1000);
	assert_int_equal(port_table_next_ephemeral(&table, IPPROTO_TCP), 1001);
	assert_int_equal(port_table_next_ephemeral(&table, IPPROTO_UDP), 1000);
	assert_int_equal(port_table_next_ephemeral(&table, IPPROTO_TCP), 1002);
	assert_int_equal(port_table_next_ephemeral(&table, IPPROTO_TCP), 1000);
	port_table_fini(&table);
}

static void count_use(void *data, const struct port_use *use)
{
	*(size_t *)data += use->key.port;
}

static void every_use_is_visited_once(void **state)
{
	struct port_table table;
	size_t sum = 0, expected = 0;

	port_table_init(&table, 1000, 1002);
	for (uint16_t port = 1; port < 200; port++, expected += 2u * (port - 1u)) {
		add(&table, IPPROTO_TCP, "0.0.0.0", port);
		add(&table, IPPROTO_TCP, "::", port);
	}
	port_table_each(&table, count_use, &sum);
	assert_int_equal(sum, expected);
	port_table_fini(&table);
}

static size_t sharers_of(const struct port_table *table, const struct port_key *key)
{
	struct port_sharers sharers = {0};
	size_t count;

	port_table_sharers(table, key, &sharers);
	count = sharers.count;
	for (size_t i = 1; i < count; i++)
		assert_true(sharers.items[i - 1]->target.address.bytes[3] <
			    sharers.items[i]->target.address.bytes[3]);
	vector_fini(&sharers);
	return count;
}

static void a_group_shares_a_port_and_nobody_else_does(void **state)
{
	struct port_use uses[] = {{.key = key_of(IPPROTO_TCP, "0.0.0.0", 80)},
				  {.key = key_of(IPPROTO_TCP, "0.0.0.0", 80)}};
	struct port_key one = key_of(IPPROTO_TCP, "127.0.0.1", 80);
	uint64_t group = port_group_of("p/web"), other = port_group_of("p/db");
	struct port_table table;

	(void)state;
	assert_true(group && other && group != other);
	assert_int_equal(port_group_of(NULL), 0);
	port_table_init(&table, 32768, 60999);
	for (size_t i = 0; i < array_length(uses); i++) {
		uses[i].target.group = group;
		assert_true(address_parse(i ? "10.0.0.2" : "10.0.0.3", &uses[i].target.address));
		assert_false(port_table_is_taken(&table, &uses[i].key, group));
		port_table_add(&table, &uses[i]);
	}
	assert_true(port_table_is_taken(&table, &uses[0].key, other));
	assert_true(port_table_is_taken(&table, &uses[0].key, 0));
	assert_true(port_table_is_taken(&table, &one, group)); /* another address */
	assert_int_equal(sharers_of(&table, &uses[0].key), 2);
	port_table_stand_by(&table, &uses[0], true);
	assert_int_equal(sharers_of(&table, &uses[0].key), 1);
	port_table_stand_by(&table, &uses[0], false);
	assert_true(port_table_remove(&table, &uses[1]));
	assert_int_equal(sharers_of(&table, &uses[0].key), 1);
	port_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_shares_a_port_and_nobody_else_does),
		cmocka_unit_test(all_addresses_and_one_of_them_exclude_each_other),
		cmocka_unit_test(what_is_removed_is_free_again),
		cmocka_unit_test(a_port_that_went_to_another_container_stays),
		cmocka_unit_test(ephemeral_ports_go_round_for_each_protocol),
		cmocka_unit_test(every_use_is_visited_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
