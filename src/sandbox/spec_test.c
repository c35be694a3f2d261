#include "sandbox/spec.h"

#include "base/test.h"
#include "format/json.h"

static const char text[] =
	"{\"id\":\"abc\",\"layers\":[\"2\",\"1\"],\"network\":{\"mode\":2,\"join_pid\":7},"
	"\"mounts\":[{\"type\":\"bind\",\"source\":\"/a\",\"target\":\"/b\",\"read_only\":true}],"
	"\"files_folder\":\"/f\",\"files\":[{\"target\":\"/s\",\"uid\":1,\"gid\":2,\"mode\":292}],"
	"\"sysctls\":{\"net.core.somaxconn\":\"99\"},"
	"\"resources\":{\"memory\":6291456,\"memory_swappiness\":0,"
	"\"blkio_read_bps\":[{\"path\":\"/dev/vda\",\"rate\":5}]},"
	"\"process\":{\"args\":[\"sh\"],\"capabilities\":2818844155,"
	"\"rlimits\":[{\"name\":\"nofile\",\"soft\":1,\"hard\":2}]}}";

static void read_text(struct sandbox_spec *spec)
{
	struct error err;
	json_t *json = json_parse(text, strlen(text), &err);

	assert_non_null(json);
	assert_true(record_from_json(&sandbox_spec_type, json, RECORD_FOR_STORE, spec, &err));
	json_decref(json);
}

static void a_spec_goes_over_the_wire_whole(void **state)
{
	struct sandbox_spec spec = {0}, copy = {0};
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	read_text(&spec);
	record_encode(&sandbox_spec_type, &spec, &bytes);
	assert_true(record_decode(&sandbox_spec_type, bytes.data, bytes.size, &copy, &err));
	assert_string_equal(copy.layers.items[1], "1");
	assert_int_equal(copy.network.join_pid, 7);
	assert_true(RECORD_AT(copy.mounts, struct mount_spec, 0)->read_only);
	assert_string_equal(copy.files_folder, "/f");
	assert_string_equal(RECORD_AT(copy.files, struct file_spec, 0)->target, "/s");
	assert_int_equal(RECORD_AT(copy.files, struct file_spec, 0)->mode, 0444);
	assert_string_equal(pairs_get(&copy.sysctls, "net.core.somaxconn"), "99");
	assert_true(copy.resources.memory_swappiness.given);
	assert_int_equal(RECORD_AT(copy.resources.blkio_read_bps, struct blkio_limit, 0)->rate, 5);
	assert_int_equal(copy.process.capabilities, 2818844155);
	assert_int_equal(RECORD_AT(copy.process.rlimits, struct rlimit_spec, 0)->hard, 2);
	record_fini(&sandbox_spec_type, &spec);
	record_fini(&sandbox_spec_type, &copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_goes_over_the_wire_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
