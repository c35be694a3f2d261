#include "door/docker/container_text.h"

#include "base/test.h"
#include "base/time.h"

#define NOW (1700000000 * NS_PER_SECOND)

/* The engine's, which is not linked here. */
const char *health_state_name(enum health_state state)
{
	static const char *const names[] = {"none", "starting", "healthy", "unhealthy"};

	return names[state];
}

static void a_status_tells_state_and_age(void **state)
{
	static const struct {
		struct container container;
		const char *text;
	} cases[] = {
		{{.state = CONTAINER_CREATED}, "Created"},
		{{.state = CONTAINER_RUNNING, .started_ns = NOW - 300 * NS_PER_SECOND},
		 "Up 5 minutes"},
		{{.state = CONTAINER_RUNNING, .started_ns = NOW + NS_PER_SECOND},
		 "Up Less than a second"},
		{{.state = CONTAINER_PAUSED, .started_ns = NOW - 61 * NS_PER_SECOND},
		 "Up About a minute (Paused)"},
		{{.state = CONTAINER_RUNNING,
		  .started_ns = NOW - 3 * NS_PER_SECOND,
		  .health = HEALTH_STARTING},
		 "Up 3 seconds (health: starting)"},
		{{.state = CONTAINER_RUNNING,
		  .started_ns = NOW - 3 * NS_PER_SECOND,
		  .health = HEALTH_UNHEALTHY},
		 "Up 3 seconds (unhealthy)"},
		{{.state = CONTAINER_RESTARTING,
		  .finished_ns = NOW - NS_PER_SECOND,
		  .exit_code = 1},
		 "Restarting (1) 1 second ago"},
		{{.state = CONTAINER_EXITED,
		  .finished_ns = NOW - 7200 * NS_PER_SECOND,
		  .exit_code = 137},
		 "Exited (137) 2 hours ago"},
		{{.state = CONTAINER_REMOVING}, "Removal In Progress"},
		{{.state = CONTAINER_DEAD}, "Dead"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = container_status_text(&cases[i].container, NOW);

		assert_string_equal(text, cases[i].text);
	}
}

static void arguments_with_blanks_are_quoted(void **state)
{
	scoped_strings struct strings args = {0};
	scoped_free char *bare = container_command_text("top", &args);

	assert_string_equal(bare, "top");
	strings_add(&args, "-c");
	strings_add(&args, "sleep 1; true");
	scoped_free char *text = container_command_text("sh", &args);
	assert_string_equal(text, "sh -c 'sleep 1; true'");
}

static void publish(struct record_map *map, const char *port, const char *ip, const char *number)
{
	struct record_list *list = record_map_add(&record_list_of, map, port);
	struct port_binding *binding = record_list_add(&port_binding_type, list);

	binding->host_ip = str_dup(ip);
	binding->host_port = str_dup(number);
}

static void published_and_exposed_ports_have_rows(void **state)
{
	struct record_map published = {0};
	scoped_strings struct strings exposed = {0};
	struct record_list rows = {0};
	scoped_buffer struct buffer json = {0};

	publish(&published, "443/tcp", "::", "8443");
	publish(&published, "443/tcp", "0.0.0.0", "8443");
	publish(&published, "53/udp", "127.0.0.1", "53");
	strings_add(&exposed, "443/tcp");
	strings_add(&exposed, "80-81/tcp");
	port_rows(&published, &exposed, &rows);
	for (size_t i = 0; i < rows.count; i++)
		record_write_json(&port_row_type, RECORD_AT(rows, struct port_row, i),
				  RECORD_FOR_API, &json);
	assert_string_equal(
		json.data,
		"{\"IP\":\"127.0.0.1\",\"PrivatePort\":53,\"PublicPort\":53,\"Type\":\"udp\"}"
		"{\"PrivatePort\":80,\"Type\":\"tcp\"}"
		"{\"PrivatePort\":81,\"Type\":\"tcp\"}"
		"{\"IP\":\"0.0.0.0\",\"PrivatePort\":443,\"PublicPort\":8443,\"Type\":\"tcp\"}"
		"{\"IP\":\"::\",\"PrivatePort\":443,\"PublicPort\":8443,\"Type\":\"tcp\"}");
	record_list_fini(&port_row_type, &rows);
	record_map_of_lists_fini(&port_binding_type, &published);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_tells_state_and_age),
		cmocka_unit_test(arguments_with_blanks_are_quoted),
		cmocka_unit_test(published_and_exposed_ports_have_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
