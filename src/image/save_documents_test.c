#include "image/save_documents.h"

#include "base/test.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char *tags[] = {(char *)"127.0.0.1:5000/x:1", (char *)"bb:latest"};
static char *layers[] = {(char *)B, (char *)A};

static struct saved_images two_images(struct saved_image items[2])
{
	items[0] = (struct saved_image){
		.id = A,
		.manifest = {.media_type = (char *)"m", .digest = (char *)B, .size = 7},
		.tags = {tags, 2},
		.diff_ids = {layers, 2}};
	items[1] = (struct saved_image){
		.id = B,
		.manifest = {.media_type = (char *)"m", .digest = (char *)A, .size = 8},
		.diff_ids = {layers, 1}};
	return (struct saved_images){items, 2, 2};
}

static void the_archive_of_docker_names_every_tag(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct saved_image items[2];
	struct saved_images images = two_images(items);

	save_manifest_json(&images, &out);
	assert_non_null(strstr(out.data, "\"Config\":\"blobs/sha256/aaaa"));
	assert_non_null(strstr(out.data, "\"RepoTags\":[\"127.0.0.1:5000/x:1\",\"bb:latest\"]"));
	assert_non_null(strstr(out.data, "\"RepoTags\":null"));
}

static void the_index_has_an_entry_for_every_name(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct saved_image items[2];
	struct saved_images images = two_images(items);

	save_index_json(&images, &out);
	assert_non_null(
		strstr(out.data, "\"io.containerd.image.name\":\"docker.io/library/bb:latest\""));
	assert_non_null(strstr(out.data, "\"org.opencontainers.image.ref.name\":\"1\"}},{"));
	assert_non_null(strstr(out.data, "\"size\":8}]}"));
}

static void repositories_are_grouped(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct saved_image items[2];
	struct saved_images images = two_images(items);

	save_repositories(&images, &out);
	assert_string_equal(
		out.data, "{\"127.0.0.1:5000/x\":{\"1\":"
			  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"},"
			  "\"bb\":{\"latest\":"
			  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}");
}

static void images_without_names_have_no_repositories(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct saved_image items[2];
	struct saved_images images = two_images(items);

	images.items++;
	images.count = 1;
	save_repositories(&images, &out);
	assert_int_equal(out.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_archive_of_docker_names_every_tag),
		cmocka_unit_test(the_index_has_an_entry_for_every_name),
		cmocka_unit_test(repositories_are_grouped),
		cmocka_unit_test(images_without_names_have_no_repositories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
