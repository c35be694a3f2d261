#include "image/manifest_write.h"

#include "base/test.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void what_is_written_can_be_read(void **state)
{
	struct descriptor config = {(char *)CONFIG_DOCKER, (char *)A, 7};
	struct descriptor items[] = {{(char *)LAYER_DOCKER_GZIP, (char *)B, 8},
				     {(char *)LAYER_DOCKER_GZIP, (char *)A, 9}};
	struct record_list layers = {items, 2};
	scoped_buffer struct buffer out = {0};
	scoped_manifest struct manifest read = {0};
	struct error err;

	manifest_write(MANIFEST_DOCKER, &config, &layers, &out);
	assert_true(manifest_parse(out.data, out.size, MANIFEST_DOCKER, &read, &err));
	assert_false(read.is_list);
	assert_string_equal(read.config.digest, A);
	assert_int_equal(read.layers.count, 2);
	assert_int_equal(RECORD_AT(read.layers, struct descriptor, 1)->size, 9);
}

static void annotations_stand_where_there_are_some(void **state)
{
	struct descriptor d = {(char *)"m", (char *)A, 1};
	scoped_buffer struct buffer without = {0}, with = {0};

	descriptor_write(&d, &without);
	assert_string_equal(without.data, "{\"mediaType\":\"m\",\"digest\":\"" A "\",\"size\":1}");
	pairs_set(&d.annotations, "name", "value");
	descriptor_write(&d, &with);
	pairs_fini(&d.annotations);
	assert_non_null(strstr(with.data, ",\"annotations\":{\"name\":\"value\"}}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(annotations_stand_where_there_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
