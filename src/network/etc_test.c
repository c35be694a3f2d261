#include "base/test.h"

#include "network/etc.h"

static void resolv_conf_is_read_as_resolvers_do(void **state)
{
	static const struct {
		const char *text, *servers, *search, *options;
	} cases[] = {
		{"nameserver 1.1.1.1\nnameserver 2.2.2.2\nsearch a b\noptions ndots:2 rotate\n",
		 "1.1.1.1 2.2.2.2", "a b", "ndots:2 rotate"},
		{"domain one\nsearch two three\n", "", "two three", ""},
		{"search two three\ndomain one", "", "one", ""},
		{"# nameserver 9.9.9.9\n;x\n\tnameserver\t::1 # here\n", "::1", "", ""},
		{"nameserver\nnameservers 1.1.1.1\r\nnameserver 3.3.3.3\r\n", "3.3.3.3", "", ""},
		{"options a\noptions b\n", "", "", "a b"},
		{"", "", "", ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_resolv_conf struct resolv_conf conf = {0};

		resolv_conf_parse(cases[i].text, strlen(cases[i].text), &conf);
		scoped_free char *servers = strings_join(&conf.servers, " ");
		scoped_free char *search = strings_join(&conf.search, " ");
		scoped_free char *options = strings_join(&conf.options, " ");
		assert_string_equal(servers, cases[i].servers);
		assert_string_equal(search, cases[i].search);
		assert_string_equal(options, cases[i].options);
	}
}

static void a_linked_address_is_changed_where_it_stands(void **state)
{
	static const char hosts[] = "127.0.0.1\tlocalhost\n1.2.3.4\tdbx\n10.0.0.2\tdb 0123 web\n"
				    "#db\n\n10.0.0.3 me";
	scoped_buffer struct buffer out = {0}, without = {0}, last = {0};

	hosts_change_link(hosts, "db", "10.0.0.9", &out);
	assert_string_equal(out.data, "127.0.0.1\tlocalhost\n1.2.3.4\tdbx\n"
				      "10.0.0.9\tdb 0123 web\n#db\n\n10.0.0.3 me");
	hosts_change_link(hosts, "db", NULL, &without);
	assert_string_equal(without.data, "127.0.0.1\tlocalhost\n1.2.3.4\tdbx\n#db\n\n"
					  "10.0.0.3 me");
	hosts_change_link(hosts, "me", "10.0.0.4", &last);
	assert_true(str_ends_with(last.data, "#db\n\n10.0.0.4 me"));
}

static void names_are_asked_of_the_shim_alone(void **state)
{
	static const struct {
		const char *host, *asked, *expected;
	} cases[] = {
		{"nameserver 1.1.1.1\nsearch lan\noptions ndots:3 edns0\n", "",
		 "nameserver 127.0.0.11\nsearch lan\noptions edns0 ndots:0\n"},
		{"", "", "nameserver 127.0.0.11\noptions ndots:0\n"},
		{"search lan\noptions edns0\n",
		 "nameserver 9.9.9.9\nsearch a b\noptions ndots:2 rotate\n",
		 "nameserver 127.0.0.11\nsearch a b\noptions ndots:2 rotate\n"},
		{"search lan\n", "search .\noptions rotate\n",
		 "nameserver 127.0.0.11\noptions rotate ndots:0\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_resolv_conf struct resolv_conf host = {0}, asked = {0};
		scoped_buffer struct buffer out = {0};

		resolv_conf_parse(cases[i].host, strlen(cases[i].host), &host);
		resolv_conf_parse(cases[i].asked, strlen(cases[i].asked), &asked);
		resolv_conf_render_names(&host, &asked, &out);
		assert_string_equal(out.data, cases[i].expected);
	}
}

static void a_container_gets_servers_that_it_can_reach(void **state)
{
	static const struct {
		const char *host, *asked;
		bool ipv6;
		const char *expected;
	} cases[] = {
		{"nameserver 1.1.1.1\nsearch lan\noptions ndots:1\n", "", false,
		 "nameserver 1.1.1.1\nsearch lan\noptions ndots:1\n"},
		{"nameserver 127.0.0.53\n", "", false, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"},
		{"", "", false, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"},
		{"nameserver ::1\nnameserver fd00::53\nnameserver fe80::1%eth0\n", "", true,
		 "nameserver fd00::53\nnameserver fe80::1%eth0\n"},
		{"nameserver fd00::53\nnameserver 5.5.5.5\n", "", false, "nameserver 5.5.5.5\n"},
		{"nameserver 1.1.1.1\nsearch lan\n", "nameserver 127.0.0.1\n", false,
		 "nameserver 127.0.0.1\nsearch lan\n"},
		{"nameserver 1.1.1.1\nsearch lan\n", "search .\n", false, "nameserver 1.1.1.1\n"},
		{"nameserver 1.1.1.1\nsearch .\n", "search a b\noptions x\n", false,
		 "nameserver 1.1.1.1\nsearch a b\noptions x\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_resolv_conf struct resolv_conf host = {0}, asked = {0};
		scoped_buffer struct buffer out = {0};

		resolv_conf_parse(cases[i].host, strlen(cases[i].host), &host);
		resolv_conf_parse(cases[i].asked, strlen(cases[i].asked), &asked);
		resolv_conf_render(&host, &asked, cases[i].ipv6, &out);
		assert_string_equal(out.data, cases[i].expected);
	}
}

static void hosts_has_localhost_extras_links_and_the_own_name(void **state)
{
	scoped_strings struct strings extra = {0};
	scoped_pairs struct pairs links = {0};
	scoped_buffer struct buffer out = {0};
	struct error err;
	struct hosts_content content = {
		.hostname = "web",
		.domainname = "example.org",
		.address = "172.17.0.2",
		.address6 = "fd00::2",
		.ipv6 = true,
		.extra = &extra,
		.host_gateway = "172.17.0.1",
		.links = &links,
	};

	strings_add(&extra, "db:10.0.0.5");
	strings_add(&extra, "six:fd00::5");
	strings_add(&extra, "seven:[fd00::7]");
	strings_add(&extra, "host.docker.internal:host-gateway");
	pairs_set(&links, "alias 0123456789ab name", "172.17.0.9");
	assert_true(hosts_render(&content, &out, &err));
	assert_string_equal(out.data, "127.0.0.1\tlocalhost\n"
				      "::1\tlocalhost ip6-localhost ip6-loopback\n"
				      "fe00::0\tip6-localnet\n"
				      "ff00::0\tip6-mcastprefix\n"
				      "ff02::1\tip6-allnodes\n"
				      "ff02::2\tip6-allrouters\n"
				      "10.0.0.5\tdb\n"
				      "fd00::5\tsix\n"
				      "fd00::7\tseven\n"
				      "172.17.0.1\thost.docker.internal\n"
				      "172.17.0.9\talias 0123456789ab name\n"
				      "172.17.0.2\tweb.example.org web\n"
				      "fd00::2\tweb.example.org web\n");
}

static void a_container_without_network_has_no_own_line(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct error err;
	struct hosts_content content = {.hostname = "web"};

	assert_true(hosts_render(&content, &out, &err));
	assert_string_equal(out.data, "127.0.0.1\tlocalhost\n");
}

static void bad_extra_hosts_are_refused_in_dockers_words(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: fine */
	} cases[] = {
		{"a:1.2.3.4"},
		{"a:host-gateway"},
		{"a:::1"},
		{"a", "bad format for add-host: \"a\""},
		{":1.2.3.4", "bad format for add-host: \":1.2.3.4\""},
		{"a:", "bad format for add-host: \"a:\""},
		{"a:b", "invalid IP address in add-host: \"b\""},
		{"a:1.2.3.400", "invalid IP address in add-host: \"1.2.3.400\""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};

		assert_int_equal(extra_host_check(cases[i].text, &err), cases[i].error == NULL);
		if (cases[i].error)
			assert_string_equal(err.text, cases[i].error);
	}
}

static void host_gateway_needs_a_gateway(void **state)
{
	scoped_strings struct strings extra = {0};
	scoped_buffer struct buffer out = {0};
	struct error err = {0};
	struct hosts_content content = {.hostname = "web", .extra = &extra};

	strings_add(&extra, "a:host-gateway");
	assert_false(hosts_render(&content, &out, &err));
	assert_string_equal(err.text, "unable to derive the IP value for host-gateway");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolv_conf_is_read_as_resolvers_do),
		cmocka_unit_test(a_linked_address_is_changed_where_it_stands),
		cmocka_unit_test(names_are_asked_of_the_shim_alone),
		cmocka_unit_test(a_container_gets_servers_that_it_can_reach),
		cmocka_unit_test(hosts_has_localhost_extras_links_and_the_own_name),
		cmocka_unit_test(a_container_without_network_has_no_own_line),
		cmocka_unit_test(bad_extra_hosts_are_refused_in_dockers_words),
		cmocka_unit_test(host_gateway_needs_a_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
