#include "base/test.h"

#include "shim/stats.h"

#include "base/time.h"
#include "format/json.h"

#include <unistd.h>

static const char proc_stat[] = "cpu  100 1 200 10000 30 0 5 7 50 0\n"
				"cpu0 50 1 100 5000 15 0 2 3 25 0\n"
				"cpu1 50 0 100 5000 15 0 3 4 25 0\n"
				"intr 12345 0 0\n"
				"ctxt 42\n";

static const char net_dev[] =
	"Inter-|   Receive                                                |  Transmit\n"
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
	"drop "
	"fifo colls carrier compressed\n"
	"    lo:     500       5    0    0    0     0          0         0      500       5    0   "
	" 0    "
	"0     0       0          0\n"
	"  eth0: 1000 10 1 2 0 0 0 3 2000 20 3 4 0 0 0 0\n"
	"eth1:9223372036854775807 0 0 0 0 0 0 0 7 0 0 0 0 0 0 0\n";

static void the_hosts_time_is_of_all_processors_and_without_guests(void **state)
{
	struct cpu_sample cpu = {0};
	uint64_t tick = (uint64_t)(NS_PER_SECOND / sysconf(_SC_CLK_TCK));

	stats_parse_cpu(proc_stat, &cpu);
	assert_int_equal(cpu.host_ns, 10343 * tick);
	assert_int_equal(cpu.online, 2);
}

static void the_loopback_is_no_network_of_a_container(void **state)
{
	struct stats_sample s = {0};

	stats_parse_networks(net_dev, &s);
	assert_int_equal(s.network_count, 2);
	assert_string_equal(s.networks[0].name, "eth0");
	assert_int_equal(s.networks[0].rx_bytes, 1000);
	assert_int_equal(s.networks[0].rx_packets, 10);
	assert_int_equal(s.networks[0].rx_errors, 1);
	assert_int_equal(s.networks[0].rx_dropped, 2);
	assert_int_equal(s.networks[0].tx_bytes, 2000);
	assert_int_equal(s.networks[0].tx_packets, 20);
	assert_int_equal(s.networks[0].tx_errors, 3);
	assert_int_equal(s.networks[0].tx_dropped, 4);
	assert_int_equal(s.networks[1].rx_bytes, INT64_MAX);
	assert_int_equal(s.networks[1].tx_bytes, 7);
	stats_sample_fini(&s);
}

static void parsing_survives_what_is_no_proc_file(void **state)
{
	static const char *const texts[] = {"",
					    "\n",
					    "x",
					    "a\nb\nc",
					    "a\nb\n:",
					    "a\nb\neth0:",
					    "a\nb\naaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1"};

	for (size_t i = 0; i < array_length(texts); i++) {
		struct stats_sample s = {0};

		stats_parse_networks(texts[i], &s);
		stats_parse_cpu(texts[i], &s.cpu);
		stats_sample_fini(&s);
	}
}

static json_t *written(const struct stats_sample *s, const struct cpu_sample *before)
{
	scoped_buffer struct buffer out = {0};
	struct error err;
	json_t *json;

	stats_write(s, before, "/web", "0123", &out);
	assert_int_equal(out.data[out.size - 1], '\n');
	json = json_parse(out.data, out.size, &err);
	assert_non_null(json);
	return json;
}

static json_t *at(json_t *json, const char *a, const char *b, const char *c)
{
	json = json_object_get(json, a);
	if (b)
		json = json_object_get(json, b);
	return c ? json_object_get(json, c) : json;
}

static struct stats_sample sample_v1(void)
{
	struct stats_sample s = {.v1 = true, .host_memory = 8000};

	s.cpu = (struct cpu_sample){.read_ns = 1600000000 * NS_PER_SECOND,
				    .total_ns = 900,
				    .user_ns = 500,
				    .system_ns = 400,
				    .host_ns = 100000,
				    .online = 2};
	s.cpu.per_cpu_ns = mem_zeroed(2, sizeof(uint64_t));
	s.cpu.per_cpu_ns[1] = 900;
	s.cpu.per_cpu_count = 2;
	s.usage.memory_usage = 1000;
	s.usage.memory_limit = 5000;
	pairs_set(&s.usage.memory_stat, "total_inactive_file", "12");
	s.usage.io_count = 1;
	s.usage.io[0].major = 8;
	s.usage.io[0].read = 77;
	return s;
}

static void a_first_document_knows_no_earlier_sample(void **state)
{
	struct stats_sample s = sample_v1();
	struct cpu_sample never = {0};
	json_t *json = written(&s, &never);

	assert_string_equal(json_string_value(at(json, "preread", NULL, NULL)),
			    "0001-01-01T00:00:00Z");
	assert_string_equal(json_string_value(at(json, "read", NULL, NULL)),
			    "2020-09-13T12:26:40Z");
	assert_int_equal(json_integer_value(at(json, "precpu_stats", "cpu_usage", "total_usage")),
			 0);
	assert_null(at(json, "precpu_stats", "system_cpu_usage", NULL));
	assert_int_equal(json_integer_value(at(json, "cpu_stats", "cpu_usage", "total_usage")),
			 900);
	assert_int_equal(json_integer_value(at(json, "cpu_stats", "online_cpus", NULL)), 2);
	assert_int_equal(json_array_size(at(json, "cpu_stats", "cpu_usage", "percpu_usage")), 2);
	assert_int_equal(json_integer_value(at(json, "memory_stats", "limit", NULL)), 5000);
	assert_int_equal(
		json_integer_value(at(json, "memory_stats", "stats", "total_inactive_file")), 12);
	assert_int_equal(
		json_array_size(at(json, "blkio_stats", "io_service_bytes_recursive", NULL)), 2);
	assert_string_equal(json_string_value(at(json, "name", NULL, NULL)), "/web");
	assert_null(at(json, "networks", NULL, NULL));
	json_decref(json);
	stats_sample_fini(&s);
}

static void a_v2_document_leaves_out_what_v2_does_not_know(void **state)
{
	struct stats_sample s = {.host_memory = 8000};
	struct cpu_sample before = {.read_ns = 1, .total_ns = 5, .online = 1};

	s.usage.memory_limit = UINT64_MAX;
	stats_parse_networks(net_dev, &s);
	json_t *json = written(&s, &before);
	assert_null(at(json, "memory_stats", "max_usage", NULL));
	assert_null(at(json, "memory_stats", "failcnt", NULL));
	assert_null(at(json, "cpu_stats", "cpu_usage", "percpu_usage"));
	assert_int_equal(json_integer_value(at(json, "memory_stats", "limit", NULL)), 8000);
	assert_int_equal(json_integer_value(at(json, "precpu_stats", "cpu_usage", "total_usage")),
			 5);
	assert_int_equal(json_integer_value(at(json, "networks", "eth0", "rx_bytes")), 1000);
	json_decref(json);
	stats_sample_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hosts_time_is_of_all_processors_and_without_guests),
		cmocka_unit_test(the_loopback_is_no_network_of_a_container),
		cmocka_unit_test(parsing_survives_what_is_no_proc_file),
		cmocka_unit_test(a_first_document_knows_no_earlier_sample),
		cmocka_unit_test(a_v2_document_leaves_out_what_v2_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
