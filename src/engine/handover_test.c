#include "engine/handover.h"

#include "base/test.h"

#include <netinet/in.h>

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

struct held {
	int protocol, container;
	const char *host;
	int port;
};

static void add(struct record_list *list, const struct held *held)
{
	struct published_port *port = record_list_add(&published_port_type, list);

	port->protocol = held->protocol;
	port->container_port = held->container;
	port->host_ip = str_dup(held->host);
	port->host_port = held->port;
}

static void both_must_publish_the_same(void **state)
{
	static const struct {
		struct held held[4];
		struct port_request wanted[4];
		int ports[4];	     /* of the container, afterwards */
		const char *problem; /* NULL: none */
	} cases[] = {
		{{{0}}, {{0}}, {0}, NULL},
		{{{TCP, 80, "0.0.0.0", 8080}, {TCP, 80, "::", 8080}},
		 {{TCP, 80, NULL, 8080, 8080}},
		 {80, 80},
		 NULL},
		/* it listens elsewhere now */
		{{{TCP, 80, "0.0.0.0", 8080}, {TCP, 80, "::", 8080}},
		 {{TCP, 3000, "", 8080, 8080}},
		 {3000, 3000},
		 NULL},
		/* what was chosen from a range, or by us, stays */
		{{{TCP, 80, "0.0.0.0", 8003}}, {{TCP, 80, NULL, 8000, 8010}}, {80}, NULL},
		{{{TCP, 80, "0.0.0.0", 32768}, {TCP, 81, "0.0.0.0", 32769}},
		 {{TCP, 81, NULL, 0, 0}, {TCP, 80, NULL, 0, 0}},
		 {80, 81},
		 NULL},
		/* of two that would do, the one for the same port inside */
		{{{TCP, 81, "0.0.0.0", 8001}, {TCP, 80, "0.0.0.0", 8000}},
		 {{TCP, 80, NULL, 8000, 8001}, {TCP, 81, NULL, 8000, 8001}},
		 {81, 80},
		 NULL},
		{{{TCP, 53, "0.0.0.0", 53}, {UDP, 53, "0.0.0.0", 53}},
		 {{UDP, 53, NULL, 53, 53}, {TCP, 54, NULL, 53, 53}},
		 {54, 53},
		 NULL},
		{{{TCP, 80, "127.0.0.1", 80}, {TCP, 80, "10.0.0.1", 80}},
		 {{TCP, 1, "10.0.0.1", 80, 80}, {TCP, 2, "127.0.0.1", 80, 80}},
		 {2, 1},
		 NULL},
		{{{TCP, 80, "0.0.0.0", 8080}},
		 {{0}},
		 {0},
		 "only the old one publishes port 0.0.0.0:8080/tcp"},
		{{{TCP, 80, "0.0.0.0", 8080}},
		 {{TCP, 80, NULL, 8081, 8081}},
		 {0},
		 "only the old one publishes port 0.0.0.0:8080/tcp"},
		{{{TCP, 80, "0.0.0.0", 8080}},
		 {{UDP, 80, NULL, 8080, 8080}},
		 {0},
		 "only the old one publishes port 0.0.0.0:8080/tcp"},
		{{{TCP, 80, "0.0.0.0", 8080}},
		 {{TCP, 80, "127.0.0.1", 8080, 8080}},
		 {0},
		 "only the old one publishes port 0.0.0.0:8080/tcp"},
		{{{TCP, 80, "0.0.0.0", 8080}},
		 {{TCP, 80, NULL, 8080, 8080}, {TCP, 443, NULL, 8443, 8443}},
		 {0},
		 "only the new one publishes 443/tcp"},
		{{{0}}, {{TCP, 80, NULL, 0, 0}}, {0}, "only the new one publishes 80/tcp"},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		struct record_list held = {0}, out = {0};
		struct error err = {0};
		size_t wanted = 0;
		bool ok;

		for (size_t p = 0; cases[i].held[p].protocol; p++)
			add(&held, &cases[i].held[p]);
		while (cases[i].wanted[wanted].protocol)
			wanted++;
		ok = handover_match(&held, cases[i].wanted, wanted, &out, &err);
		assert_int_equal(ok, !cases[i].problem);
		if (cases[i].problem)
			assert_string_equal(err.text, cases[i].problem);
		assert_int_equal(out.count, ok ? held.count : 0);
		for (size_t p = 0; p < out.count; p++)
			assert_int_equal(
				RECORD_AT(out, struct published_port, p)->container_port,
				cases[i].ports[p]);
		record_list_fini(&published_port_type, &held);
		record_list_fini(&published_port_type, &out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_must_publish_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
