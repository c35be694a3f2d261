#include "door/docker/event_view.h"

#include "base/test.h"

/* The engine's, which is not linked here. */
const char *event_type_name(enum event_type type)
{
	static const char *const names[] = {"container", "image", "network", "volume", "daemon"};

	return names[type];
}

static struct engine_event make_event(enum event_type type, char *action, char *actor)
{
	struct engine_event event = {
		.type = type, .action = action, .actor = actor, .time_ns = 1700000000500000000};

	pairs_set(&event.attributes, "image", "busybox:1.36");
	pairs_set(&event.attributes, "name", "web");
	return event;
}

static void events_are_told_with_their_legacy_fields(void **state)
{
	static const struct {
		enum event_type type;
		const char *head;
	} cases[] = {
		{EVENT_CONTAINER, "{\"status\":\"start\",\"id\":\"abc\",\"from\":\"busybox:1.36\","
				  "\"Type\":\"container\","},
		{EVENT_IMAGE, "{\"status\":\"start\",\"id\":\"abc\",\"Type\":\"image\","},
		{EVENT_NETWORK, "{\"Type\":\"network\","},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct engine_event event = make_event(cases[i].type, "start", "abc");
		scoped_buffer struct buffer json = {0};
		scoped_free char *expected = str_format("%s\"Action\":\"start\",\"Actor\":{\"ID\":"
							"\"abc\",\"Attributes\":{\"image\":"
							"\"busybox:1.36\",\"name\":\"web\"}},"
							"\"scope\":\"local\",\"time\":1700000000,"
							"\"timeNano\":1700000000500000000}",
							cases[i].head);

		event_write(&event, &json);
		assert_string_equal(json.data, expected);
		pairs_fini(&event.attributes);
	}
}

static void filters_choose_events(void **state)
{
	static const struct {
		const char *filters;
		bool passes;
	} cases[] = {
		{"{}", true},
		{"{\"bogus\":[\"x\"]}", true},
		{"{\"type\":[\"container\"]}", true},
		{"{\"type\":[\"image\"]}", false},
		{"{\"event\":[\"exec_create\"]}", true},
		{"{\"event\":[\"exec_create: ls -l\"]}", true},
		{"{\"event\":[\"exec\"]}", false},
		{"{\"event\":[\"die\",\"exec_create\"]}", true},
		{"{\"container\":[\"web\"]}", true},
		{"{\"container\":[\"ab\"]}", true},
		{"{\"container\":[\"db\"]}", false},
		{"{\"volume\":[\"web\"]}", false},
		{"{\"image\":[\"busybox\"]}", true},
		{"{\"image\":[\"busybox:1.36\"]}", true},
		{"{\"image\":[\"busybox:1\"]}", false},
		{"{\"label\":[\"name=web\"]}", true},
		{"{\"label\":[\"nothing\"]}", false},
		{"{\"scope\":[\"swarm\"]}", false},
	};
	struct engine_event event = make_event(EVENT_CONTAINER, "exec_create: ls -l", "abc");

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_filters struct filters filters = {0};
		struct error err;

		assert_true(filters_parse(cases[i].filters, &filters, &err));
		assert_int_equal(event_matches(&event, &filters), cases[i].passes);
	}
	pairs_fini(&event.attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_told_with_their_legacy_fields),
		cmocka_unit_test(filters_choose_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
