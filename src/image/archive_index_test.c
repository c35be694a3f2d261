#include "image/archive_index.h"

#include "base/test.h"

#define A      "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B      "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C      "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define BLOB_C "blobs/sha256/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define BLOB_1 "blobs/sha256/1111111111111111111111111111111111111111111111111111111111111111"
#define BLOB_2 "blobs/sha256/2222222222222222222222222222222222222222222222222222222222222222"
#define ONE    "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define TWO    "sha256:2222222222222222222222222222222222222222222222222222222222222222"

#define CONFIG(ids)                                                                                \
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_"     \
	"ids\":[" ids "]}}"

static void add_file(struct archive_index *index, const char *name, const char *text)
{
	struct buffer bytes = {0};

	buffer_add_text(&bytes, text);
	archive_index_add_file(index, name, &bytes);
}

static void add_layer(struct archive_index *index, const char *name, const char *diff_id)
{
	struct archive_layer layer = {str_dup(name), str_dup(diff_id), NULL};

	vector_add(&index->layers, layer);
}

/* The images as "NAMES: DIFF IDS' first letters (documents)", or the error. */
static char *show(const struct archive_index *index)
{
	struct platform platform = {"linux", "amd64", ""};
	struct archive_images images;
	struct buffer out = {0};
	struct error err;

	if (!archive_index_read(index, &platform, &images, &err)) {
		buffer_format(&out, "error: %s", err.text);
		return buffer_take(&out);
	}
	for (size_t i = 0; i < images.count; i++) {
		const struct archive_image *image = &images.items[i];
		scoped_free char *names = strings_join(&image->names, ",");

		buffer_format(&out, "%s%s: ", i ? "; " : "", names);
		for (size_t k = 0; k < image->config.diff_ids.count; k++)
			buffer_add_char(&out, image->config.diff_ids.items[k][7]);
		buffer_format(&out, " (%zu)", image->documents.count);
	}
	archive_images_fini(&images);
	return buffer_take(&out);
}

static void assert_shows(struct archive_index *index, const char *expected)
{
	scoped_free char *shown = show(index);

	assert_string_equal(shown, expected);
	archive_index_fini(index);
}

static void dockers_form_is_read(void **state)
{
	struct archive_index index = {0};

	add_file(&index, "manifest.json",
		 "[{\"Config\":\"c.json\",\"RepoTags\":[\"bb:1\",\"x/y\"],\"Layers\":[\"a/"
		 "layer.tar\",\"b/layer.tar\"]},"
		 "{\"Config\":\"d.json\",\"RepoTags\":null,\"Layers\":[\"./a/layer.tar\"]}]");
	add_file(&index, "c.json", CONFIG("\"" A "\",\"" B "\""));
	add_file(&index, "d.json", CONFIG("\"" A "\""));
	add_layer(&index, "a/layer.tar", A);
	archive_index_add_link(&index, "b/layer.tar", "../e/layer.tar", true);
	add_layer(&index, "e/layer.tar", B);
	assert_shows(&index, "bb:1,x/y:latest: ab (0); : a (0)");
}

static void ocis_form_is_read_through_an_index_of_platforms(void **state)
{
	struct archive_index index = {0};

	add_file(&index, "index.json",
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
		 "vnd.oci.image.index.v1+json\",\"digest\":\"" ONE
		 "\",\"size\":1,\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/"
		 "bb:2\"}},"
		 "{\"digest\":\"" A
		 "\",\"size\":1,\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}");
	add_file(&index, BLOB_1,
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
		 "vnd.oci.image.manifest.v1+json\",\"digest\":\"" A
		 "\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}},"
		 "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"" TWO
		 "\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}");
	add_file(&index, BLOB_2,
		 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
		 "vnd.oci.image.config.v1+json\",\"digest\":\"" A
		 "\",\"size\":1},\"layers\":[{\"mediaType\":\"application/"
		 "vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" C "\",\"size\":1}]}");
	add_file(&index,
		 "blobs/sha256/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 CONFIG("\"" B "\""));
	add_layer(&index, BLOB_C, B);
	assert_shows(&index, "bb:2: b (2)");
}

static void the_old_form_is_put_together_from_its_chain(void **state)
{
	struct archive_index index = {0};

	add_file(&index, "repositories", "{\"bb\":{\"1\":\"top\",\"2\":\"base\"}}");
	add_file(&index, "top/json",
		 "{\"id\":\"top\",\"parent\":\"none\",\"architecture\":\"amd64\",\"os\":\"linux\","
		 "\"config\":{\"Cmd\":[\"sh\"]}}");
	add_file(&index, "none/json", "{\"id\":\"none\",\"parent\":\"base\",\"throwaway\":true}");
	add_file(&index, "base/json",
		 "{\"id\":\"base\",\"container_config\":{\"Cmd\":[\"ADD\",\"x\"]}}");
	add_layer(&index, "top/layer.tar", B);
	add_layer(&index, "base/layer.tar", A);
	assert_shows(&index, "bb:1: ab (0); bb:2: a (0)");
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *manifest, *config, *layer, *words;
	} cases[] = {
		{"[{\"Config\":\"c\",\"Layers\":[\"l\"]}]", CONFIG("\"" A "\""), B,
		 "error: bad archive: layer 'l' is '" B "', and not '" A "'"},
		{"[{\"Config\":\"c\",\"Layers\":[\"l\",\"l\"]}]", CONFIG("\"" A "\""), A,
		 "error: bad archive: 2 layers, where the image's configuration has 1"},
		{"[{\"Config\":\"c\",\"Layers\":[\"m\"]}]", CONFIG("\"" A "\""), A,
		 "error: bad archive: there is no 'm' in it"},
		{"[{\"Config\":\"d\",\"Layers\":[]}]", CONFIG(""), A,
		 "error: bad archive: there is no 'd' in it"},
		{"[{\"Config\":\"c\",\"RepoTags\":[\"a b\"],\"Layers\":[]}]", CONFIG(""), A,
		 "error: bad archive: name 'a b': invalid reference format"},
		{"{}", CONFIG(""), A, "error: bad archive: 'manifest.json' is no list"},
		{"[]", CONFIG(""), A,
		 "error: the archive holds no image: it has no manifest.json, no index.json and no "
		 "repositories that "
		 "name one"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct archive_index index = {0};

		add_file(&index, "manifest.json", cases[i].manifest);
		add_file(&index, "c", cases[i].config);
		add_layer(&index, "l", cases[i].layer);
		assert_shows(&index, cases[i].words);
	}
}

static void circles_end(void **state)
{
	struct archive_index links = {0}, chain = {0}, nested = {0};
	const char *again = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
			    "vnd.oci.image.index.v1+json\","
			    "\"digest\":\"" ONE "\",\"size\":1}]}";

	add_file(&links, "manifest.json", "[{\"Config\":\"a\",\"Layers\":[]}]");
	archive_index_add_link(&links, "a", "b", true);
	archive_index_add_link(&links, "b", "a", true);
	assert_shows(&links, "error: bad archive: there is no 'a' in it");
	add_file(&chain, "repositories", "{\"bb\":{\"1\":\"x\"}}");
	add_file(&chain, "x/json", "{\"parent\":\"x\",\"throwaway\":true}");
	assert_shows(&chain, "error: bad archive: layers without an end");
	add_file(&nested, "index.json", again);
	add_file(&nested, BLOB_1, again);
	assert_shows(&nested, "error: bad archive: indexes within indexes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dockers_form_is_read),
		cmocka_unit_test(ocis_form_is_read_through_an_index_of_platforms),
		cmocka_unit_test(the_old_form_is_put_together_from_its_chain),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(circles_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
