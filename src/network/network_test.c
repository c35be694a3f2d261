#include "base/test.h"

#include "base/memory.h"
#include "network/network.h"
#include "network/relay.h"
#include "store/store_fixture.h"

#include <fcntl.h>
#include <unistd.h>

/* /bin/true is the worker: its empty answer is a report that all went well.  The firewall is off, so
 * nothing outside the process is touched but ports of loopback. */
#define WORKER "/bin/true"
#define BRIDGE "none-such0"

struct fixture {
	struct store_fixture kept;
	struct network_settings settings;
	struct networks *networks;
	struct error err;
	int calls;
};

static void open_all(struct fixture *f)
{
	store_fixture_open(&f->kept);
	f->networks = networks_open(&f->kept.loop, f->kept.store, &f->settings, &f->err);
}

static void close_all(struct fixture *f)
{
	networks_close(f->networks);
	store_fixture_close(&f->kept);
}

static void reopen(struct fixture *f)
{
	close_all(f);
	open_all(f);
	assert_non_null(f->networks);
}

static int set_up(void **state)
{
	struct fixture *f = mem_new(struct fixture);

	store_fixture_begin(&f->kept);
	network_settings_init(&f->settings);
	f->settings.worker = WORKER;
	f->settings.bridge = BRIDGE;
	f->settings.bip = "10.99.0.1/24";
	f->settings.firewall = false;
	open_all(f);
	assert_non_null(f->networks);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close_all(f);
	store_fixture_end(&f->kept);
	free(f);
	return 0;
}

static void note(void *data, const struct error *err)
{
	struct fixture *f = data;

	f->calls++;
	f->err = err ? *err : (struct error){0};
}

static void start(struct fixture *f)
{
	int calls = f->calls;

	networks_start(f->networks, note, f);
	while (f->calls == calls)
		uv_run(&f->kept.loop, UV_RUN_ONCE);
	assert_int_equal(f->err.kind, ERROR_NONE);
}

static struct network *find(struct fixture *f, const char *reference)
{
	return networks_find(f->networks, reference, &f->err);
}

static void allocate(struct fixture *f, struct endpoint_spec *out)
{
	struct endpoint_request request = {.container_id = "c"};

	assert_true(network_allocate(f->networks, find(f, "bridge"), &request, out, &f->err));
}

#define scoped_endpoint scoped_with(fini_endpoint) struct endpoint_spec

static void fini_endpoint(struct endpoint_spec *endpoint)
{
	record_fini(&endpoint_spec_type, endpoint);
}

/* ---- records ---- */

static void predefined_networks_are_there_and_stay_what_they_are(void **state)
{
	static const struct {
		const char *name, *driver;
	} expected[] = {{"bridge", "bridge"}, {"host", "host"}, {"none", "null"}};
	struct fixture *f = *state;
	char *ids[array_length(expected)];

	assert_int_equal(networks_count(f->networks), array_length(expected));
	for (size_t i = 0; i < array_length(expected); i++) {
		const struct network_spec *spec = network_get_spec(find(f, expected[i].name));

		assert_string_equal(spec->driver, expected[i].driver);
		ids[i] = str_dup(spec->id);
	}
	start(f);
	reopen(f);
	assert_int_equal(networks_count(f->networks), array_length(expected));
	for (size_t i = 0; i < array_length(expected); i++) {
		const struct network_spec *spec = network_get_spec(find(f, expected[i].name));

		assert_string_equal(spec->id, ids[i]);
		free(ids[i]);
	}
}

static void a_network_is_found_by_name_id_and_prefix(void **state)
{
	struct fixture *f = *state;
	struct network *bridge = find(f, "bridge");
	const char *id = network_get_spec(bridge)->id;
	scoped_free char *prefix = str_dup_n(id, 20);

	assert_ptr_equal(find(f, id), bridge);
	assert_ptr_equal(find(f, prefix), bridge);
	assert_null(find(f, "brid"));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_string_equal(f->err.text, "network brid not found");
	assert_null(find(f, ""));
}

static void what_was_chosen_for_the_bridge_stays(void **state)
{
	struct fixture *f = *state;
	char *pools[] = {"base=10.98.0.0/16,size=24"};

	f->settings.bip = NULL;
	f->settings.pools = (struct strings){.items = pools, .count = 1};
	reopen(f);
	const struct network_pool *pool =
		RECORD_AT(network_get_spec(find(f, "bridge"))->pools, struct network_pool, 0);
	scoped_free char *chosen = str_dup(pool->subnet);

	assert_true(str_starts_with(chosen, "10.98."));
	start(f);
	pools[0] = "base=10.97.0.0/16,size=24";
	reopen(f);
	pool = RECORD_AT(network_get_spec(find(f, "bridge"))->pools, struct network_pool, 0);
	assert_string_equal(pool->subnet, chosen);
	f->settings.bip = "10.96.0.1/24";
	reopen(f);
	pool = RECORD_AT(network_get_spec(find(f, "bridge"))->pools, struct network_pool, 0);
	assert_string_equal(pool->subnet, "10.96.0.0/24");
}

static void options_are_shown_under_dockers_names(void **state)
{
	struct fixture *f = *state;
	const struct pairs *options = &network_get_spec(find(f, "bridge"))->options;

	assert_string_equal(pairs_get(options, "com.docker.network.bridge.name"), BRIDGE);
	assert_string_equal(pairs_get(options, "com.docker.network.bridge.enable_icc"), "true");
	assert_string_equal(pairs_get(options, "com.docker.network.driver.mtu"), "1500");
}

static void bad_settings_are_named_by_their_flag(void **state)
{
	static const struct {
		size_t offset;
		const char *value, *word;
	} cases[] = {
		{offsetof(struct network_settings, bridge), "a/b", "--bridge"},
		{offsetof(struct network_settings, bridge), "a-name-that-is-too-long", "--bridge"},
		{offsetof(struct network_settings, bridge), "with\"quote", "--bridge"},
		{offsetof(struct network_settings, bip), "10.0.0.1", "--bip"},
		{offsetof(struct network_settings, bip), "fd00::1/64", "--bip"},
		{offsetof(struct network_settings, default_host_ip), "x", "--ip"},
		{offsetof(struct network_settings, fixed_cidr), "10.1.0.0/16", "range"},
		{offsetof(struct network_settings, fixed_cidr6), "10.1.0.0/16", "--fixed-cidr-v6"},
	};
	struct fixture *f = *state;
	const struct network_settings good = f->settings;

	for (size_t i = 0; i < array_length(cases); i++) {
		f->settings = good;
		*(const char **)(void *)((char *)&f->settings + cases[i].offset) = cases[i].value;
		close_all(f);
		open_all(f);
		assert_null(f->networks);
		assert_int_equal(f->err.kind, ERROR_INVALID);
		assert_non_null(strstr(f->err.text, cases[i].word));
	}
}

/* ---- modes ---- */

static void modes_say_which_namespace_and_which_network(void **state)
{
	static const struct {
		const char *text, *name;
		enum network_mode_kind kind;
		enum namespace_mode namespace_mode;
	} cases[] = {
		{"", "bridge", NETWORK_MODE_NETWORK, NAMESPACE_NEW},
		{NULL, "bridge", NETWORK_MODE_NETWORK, NAMESPACE_NEW},
		{"default", "bridge", NETWORK_MODE_NETWORK, NAMESPACE_NEW},
		{"n1", "n1", NETWORK_MODE_NETWORK, NAMESPACE_NEW},
		{"none", "none", NETWORK_MODE_NONE, NAMESPACE_NEW},
		{"host", "host", NETWORK_MODE_HOST, NAMESPACE_HOST},
		{"container:web", "web", NETWORK_MODE_CONTAINER, NAMESPACE_JOIN},
	};
	struct fixture *f = *state;
	struct network_mode mode;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_true(network_mode_parse(f->networks, cases[i].text, &mode, &f->err));
		assert_int_equal(mode.kind, cases[i].kind);
		assert_int_equal(mode.namespace_mode, cases[i].namespace_mode);
		assert_string_equal(mode.name, cases[i].name);
	}
	assert_false(network_mode_parse(f->networks, "container:", &mode, &f->err));
	assert_int_equal(f->err.kind, ERROR_INVALID);
}

static void without_a_bridge_the_default_is_none(void **state)
{
	struct fixture *f = *state;
	struct network_mode mode;

	start(f);
	f->settings.bridge = "none";
	reopen(f);
	assert_true(network_mode_parse(f->networks, "", &mode, &f->err));
	assert_int_equal(mode.kind, NETWORK_MODE_NONE);
	assert_null(find(f, "bridge"));
	assert_null(networks_host_gateway(f->networks));
	start(f);
	f->settings.bridge = BRIDGE;
	reopen(f);
	assert_non_null(find(f, "bridge"));
}

/* ---- addresses ---- */

static void an_endpoint_has_all_that_the_shim_needs(void **state)
{
	struct fixture *f = *state;
	scoped_endpoint e = {0};

	f->settings.fixed_cidr6 = "fd99::/64";
	reopen(f);
	allocate(f, &e);
	assert_string_equal(e.address, "10.99.0.2");
	assert_int_equal(e.prefix, 24);
	assert_string_equal(e.gateway, "10.99.0.1");
	assert_string_equal(e.mac, "02:42:0a:63:00:02");
	assert_string_equal(e.address6, "fd99::2");
	assert_string_equal(e.gateway6, "fd99::1");
	assert_int_equal(e.prefix6, 64);
	assert_string_equal(e.bridge, BRIDGE);
	assert_string_equal(e.name, "eth0");
	assert_int_equal(e.mtu, 1500);
	assert_false(e.isolated);
	assert_int_equal(strlen(e.endpoint_id), 64);
	assert_string_equal(e.network_name, "bridge");
}

static void addresses_are_given_back_once(void **state)
{
	struct fixture *f = *state;
	scoped_endpoint one = {0}, two = {0}, three = {0};

	allocate(f, &one);
	allocate(f, &two);
	assert_string_equal(two.address, "10.99.0.3");
	assert_int_equal(network_endpoint_count(find(f, "bridge")), 2);
	network_release(f->networks, &one);
	allocate(f, &three);
	assert_string_equal(three.address, "10.99.0.2");
	network_release(f->networks, &one); /* the address is somebody else's now */
	assert_int_equal(network_endpoint_count(find(f, "bridge")), 2);
	fini_endpoint(&one);
	allocate(f, &one);
	assert_string_equal(one.address, "10.99.0.4");
}

static void adopted_addresses_are_not_given_again(void **state)
{
	struct fixture *f = *state;
	scoped_endpoint one = {0}, two = {0}, stray = {0};

	allocate(f, &one);
	start(f);
	reopen(f);
	network_adopt(f->networks, &one);
	network_adopt(f->networks, &one);
	allocate(f, &two);
	assert_string_equal(two.address, "10.99.0.3");
	assert_int_equal(network_endpoint_count(find(f, "bridge")), 2);
	record_copy(&endpoint_spec_type, &one, &stray); /* of a subnet that is no more */
	str_replace(&stray.address, "10.5.5.5");
	str_replace(&stray.endpoint_id, "another");
	network_adopt(f->networks, &stray);
	network_release(f->networks, &stray);
}

static void a_full_pool_says_so(void **state)
{
	struct fixture *f = *state;
	struct endpoint_request request = {.container_id = "c"};
	scoped_endpoint one = {0}, two = {0};

	f->settings.fixed_cidr = "10.99.0.8/31";
	f->settings.bip = "10.99.0.8/24";
	reopen(f);
	allocate(f, &one);
	assert_string_equal(one.address, "10.99.0.9");
	assert_false(network_allocate(f->networks, find(f, "bridge"), &request, &two, &f->err));
	assert_true(str_starts_with(f->err.text, "no available IPv4 addresses on this network's "
						 "address pools: bridge ("));
	request.address = "10.99.0.9";
	assert_false(network_allocate(f->networks, find(f, "bridge"), &request, &two, &f->err));
	assert_int_equal(f->err.kind, ERROR_INVALID);
	assert_false(network_allocate(f->networks, find(f, "host"), &request, &two, &f->err));
}

/* ---- ports ---- */

static bool reserve(struct fixture *f, const struct endpoint_spec *e, struct port_request request,
		    struct ports *out)
{
	request.protocol = request.protocol ? request.protocol : IPPROTO_TCP;
	struct port_reservation wanted = {
		.name = "web", .endpoint = e, .requests = &request, .count = 1};

	return ports_reserve(f->networks, &wanted, out, &f->err);
}

static const struct published_port *published(const struct ports *ports, size_t index)
{
	return RECORD_AT(ports->published, struct published_port, index);
}

static void without_a_firewall_all_ports_are_relayed(void **state)
{
	struct fixture *f = *state;
	scoped_ports struct ports ports = {0};
	scoped_endpoint e = {0};
	const struct relay_spec *relay;

	allocate(f, &e);
	assert_true(reserve(f, &e,
			    (struct port_request){.container_port = 80, .host_ip = "127.0.0.1"},
			    &ports));
	assert_int_equal(ports.published.count, 1);
	assert_true(published(&ports, 0)->relayed);
	assert_true(published(&ports, 0)->host_port >= 1024);
	assert_true(ports.sockets[0] >= 0);
	relay = RECORD_AT(ports.relays, struct relay_spec, 0);
	assert_string_equal(relay->address, "10.99.0.2");
	assert_int_equal(relay->port, 80);
}

static void the_default_is_both_families_unless_set(void **state)
{
	static const struct {
		const char *ip, *first;
		size_t count;
	} cases[] = {{NULL, "0.0.0.0", 2},
		     {"", "0.0.0.0", 2},
		     {"0.0.0.0", "0.0.0.0", 2},
		     {"127.0.0.1", "127.0.0.1", 1}};
	struct fixture *f = *state;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_ports struct ports ports = {0};
		scoped_endpoint e = {0};

		f->settings.default_host_ip = cases[i].ip;
		reopen(f);
		allocate(f, &e);
		assert_true(reserve(f, &e, (struct port_request){.container_port = 80}, &ports));
		assert_int_equal(ports.published.count, cases[i].count);
		assert_string_equal(published(&ports, 0)->host_ip, cases[i].first);
		if (cases[i].count > 1)
			assert_int_equal(published(&ports, 1)->host_port,
					 published(&ports, 0)->host_port);
	}
}

static void sockets_are_closed_also_when_the_list_was_taken_out(void **state)
{
	struct fixture *f = *state;
	struct ports ports = {0};
	struct record_list taken;
	scoped_endpoint e = {0};
	int socket;

	allocate(f, &e);
	assert_true(reserve(f, &e,
			    (struct port_request){.container_port = 80, .host_ip = "127.0.0.1"},
			    &ports));
	taken = ports.published;
	ports.published = (struct record_list){0};
	socket = ports.sockets[0];
	ports_fini(&ports);
	assert_int_equal(fcntl(socket, F_GETFD), -1);
	record_list_fini(&published_port_type, &taken);
}

static void a_number_is_given_once_and_again_after_its_release(void **state)
{
	struct fixture *f = *state;
	struct port_request request = {.container_port = 80, .host_ip = "127.0.0.1"};
	scoped_ports struct ports one = {0}, two = {0};
	scoped_endpoint e = {0};
	scoped_free char *expected = NULL;

	allocate(f, &e);
	assert_true(reserve(f, &e, request, &one));
	request.first = request.last = (uint16_t)published(&one, 0)->host_port;
	assert_false(reserve(f, &e, request, &two));
	expected =
		str_format("driver failed programming external connectivity on endpoint web (%s): "
			   "Bind for 127.0.0.1:%u failed: port is already allocated",
			   e.endpoint_id, request.first);
	assert_string_equal(f->err.text, expected);
	assert_int_equal(two.published.count, 0);
	ports_release(f->networks, &one.published);
	ports_fini(&one);
	assert_true(reserve(f, &e, request, &two));
}

static void adopted_ports_are_not_given_again(void **state)
{
	struct fixture *f = *state;
	struct port_request request = {.container_port = 80, .host_ip = "127.0.0.1"};
	scoped_ports struct ports one = {0}, two = {0};
	scoped_endpoint e = {0};

	allocate(f, &e);
	assert_true(reserve(f, &e, request, &one));
	request.first = request.last = (uint16_t)published(&one, 0)->host_port;
	reopen(f);
	ports_adopt(f->networks, &one.published);
	assert_false(reserve(f, &e, request, &two));
	assert_non_null(strstr(f->err.text, "port is already allocated"));
}

static void requests_that_make_no_sense_are_refused(void **state)
{
	struct fixture *f = *state;
	scoped_ports struct ports ports = {0};
	scoped_endpoint e = {0};

	allocate(f, &e);
	assert_false(reserve(f, &e, (struct port_request){.container_port = 80, .host_ip = "x"},
			     &ports));
	assert_int_equal(f->err.kind, ERROR_INVALID);
	assert_false(reserve(f, &e,
			     (struct port_request){.protocol = IPPROTO_SCTP, .container_port = 80},
			     &ports));
	assert_int_equal(f->err.kind, ERROR_UNSUPPORTED);
}

static void publishing_without_a_firewall_is_done_at_once(void **state)
{
	struct fixture *f = *state;
	scoped_ports struct ports ports = {0};
	scoped_endpoint e = {0};

	allocate(f, &e);
	assert_true(reserve(f, &e,
			    (struct port_request){.container_port = 80, .host_ip = "127.0.0.1"},
			    &ports));
	ports_publish(f->networks, &ports.published, note, f);
	assert_int_equal(f->calls, 1);
	assert_int_equal(f->err.kind, ERROR_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(predefined_networks_are_there_and_stay_what_they_are),
		TEST(a_network_is_found_by_name_id_and_prefix),
		TEST(what_was_chosen_for_the_bridge_stays),
		TEST(options_are_shown_under_dockers_names),
		TEST(bad_settings_are_named_by_their_flag),
		TEST(modes_say_which_namespace_and_which_network),
		TEST(without_a_bridge_the_default_is_none),
		TEST(an_endpoint_has_all_that_the_shim_needs),
		TEST(addresses_are_given_back_once),
		TEST(adopted_addresses_are_not_given_again),
		TEST(a_full_pool_says_so),
		TEST(without_a_firewall_all_ports_are_relayed),
		TEST(the_default_is_both_families_unless_set),
		TEST(sockets_are_closed_also_when_the_list_was_taken_out),
		TEST(a_number_is_given_once_and_again_after_its_release),
		TEST(adopted_ports_are_not_given_again),
		TEST(requests_that_make_no_sense_are_refused),
		TEST(publishing_without_a_firewall_is_done_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
