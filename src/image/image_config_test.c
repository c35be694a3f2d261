#include "image/image_config.h"

#include "base/test.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char full[] =
	"{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\",\"created\":\"2024-01-"
	"02T03:04:05Z\","
	"\"author\":\"me\",\"config\":{\"User\":\"web:web\",\"ExposedPorts\":{\"80/"
	"tcp\":{}},\"Env\":[\"A=1\"],"
	"\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\",\"d\"],\"Volumes\":{\"/"
	"data\":{}},\"WorkingDir\":\"/w\","
	"\"Labels\":{\"k\":\"v\"},\"StopSignal\":\"SIGQUIT\","
	"\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000,\"Retries\":2}},"
	"\"history\":[{\"created\":\"2024-01-02T03:04:05Z\",\"created_by\":\"ADD\"},"
	"{\"created_by\":\"ENV\",\"empty_layer\":true}],"
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" A "\",\"" B "\"]}}";

static bool parse(const char *text, struct image_config *out, struct error *err)
{
	return image_config_parse(text, strlen(text), out, err);
}

static void a_configuration_is_read(void **state)
{
	scoped_image_config struct image_config c = {0};
	struct error err;

	assert_true(parse(full, &c, &err));
	assert_string_equal(c.variant, "v8");
	assert_string_equal(c.defaults.user, "web:web");
	assert_string_equal(c.defaults.exposed_ports.items[0], "80/tcp");
	assert_string_equal(c.defaults.cmd.items[1], "d");
	assert_int_equal(c.defaults.healthcheck->retries, 2);
	assert_string_equal(pairs_get(&c.defaults.labels, "k"), "v");
	assert_int_equal(c.diff_ids.count, 2);
	assert_string_equal(c.diff_ids.items[1], B);
	assert_true(RECORD_AT(c.history, struct image_history, 1)->empty_layer);
}

static void what_is_written_reads_the_same(void **state)
{
	scoped_image_config struct image_config c = {0};
	scoped_buffer struct buffer text = {0};
	struct error err;

	assert_true(parse(full, &c, &err));
	image_config_write(&c, &text);
	assert_string_equal(text.data, full);
}

static void an_empty_configuration_is_one_without_layers(void **state)
{
	scoped_image_config struct image_config c = {0};
	scoped_buffer struct buffer text = {0};
	struct error err;

	image_config_write(&c, &text);
	assert_string_equal(text.data, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
	assert_true(parse(text.data, &c, &err));
	assert_int_equal(c.diff_ids.count, 0);
}

static void nulls_and_single_strings_are_taken(void **state)
{
	scoped_image_config struct image_config c = {0};
	struct error err;

	assert_true(parse(
		"{\"config\":{\"Cmd\":\"/bin/sh\",\"Env\":null,\"Labels\":null,\"OnBuild\":[],"
		"\"Memory\":0},\"history\":null,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null}"
		"}",
		&c, &err));
	assert_string_equal(c.defaults.cmd.items[0], "/bin/sh");
}

static void bad_ones_are_refused_by_name(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"{}", "bad image configuration: it has no list of layers"},
		{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:x\"]}}", NULL},
		{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":{}}}", NULL},
		{"{\"config\":[],\"rootfs\":{\"type\":\"layers\"}}", NULL},
		{"{\"rootfs\":{\"type\":\"layers\"}} x", NULL},
		{"[]", NULL},
	};
	scoped_image_config struct image_config c = {0};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_false(parse(cases[i].text, &c, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		if (cases[i].words)
			assert_string_equal(err.text, cases[i].words);
	}
}

static void more_layers_than_can_be_mounted_are_refused(void **state)
{
	scoped_buffer struct buffer text = {0};
	scoped_image_config struct image_config c = {0};
	struct error err;

	buffer_add_text(&text, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" A "\"");
	for (int i = 1; i < 501; i++)
		buffer_add_text(&text, ",\"" A "\"");
	buffer_add_text(&text, "]}}");
	assert_false(image_config_parse(text.data, text.size, &c, &err));
	assert_string_equal(err.text,
			    "bad image configuration: it has 501 layers, and 500 is the most "
			    "that can be mounted");
}

/* Ids of images that were made here are digests of these bytes, which are written anew when they are
 * needed: an image of another version's must still be what its id says. */
static void what_is_written_never_changes(void **state)
{
	static const char text[] =
		"{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\","
		"\"os.version\":\"1\",\"created\":\"2026-01-02T03:04:05.000000006Z\","
		"\"author\":\"me\",\"comment\":\"why\",\"docker_version\":\"27\","
		"\"config\":{\"User\":\"u\",\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"A=<b>\"],"
		"\"Entrypoint\":[],\"Cmd\":[\"sh\"],\"Volumes\":{\"/v\":{}},\"WorkingDir\":\"/w\","
		"\"Labels\":{\"l\":\"1\"},\"StopSignal\":\"9\","
		"\"Healthcheck\":{\"Test\":[\"NONE\"],\"Interval\":1,\"Timeout\":2,"
		"\"StartPeriod\":3,\"StartInterval\":4,\"Retries\":5},\"Shell\":[\"/s\"],"
		"\"OnBuild\":[\"RUN x\"],\"ArgsEscaped\":true},"
		"\"history\":[{\"created\":\"c\",\"created_by\":\"b\",\"author\":\"a\","
		"\"comment\":\"d\",\"empty_layer\":true}],"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" A "\"]}}";
	scoped_image_config struct image_config c = {0};
	scoped_buffer struct buffer again = {0};
	struct error err;

	assert_true(image_config_parse(text, strlen(text), &c, &err));
	image_config_write(&c, &again);
	assert_string_equal(again.data, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_is_read),
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(an_empty_configuration_is_one_without_layers),
		cmocka_unit_test(nulls_and_single_strings_are_taken),
		cmocka_unit_test(bad_ones_are_refused_by_name),
		cmocka_unit_test(more_layers_than_can_be_mounted_are_refused),
		cmocka_unit_test(what_is_written_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
