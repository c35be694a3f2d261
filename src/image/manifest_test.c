#include "image/manifest.h"

#include "base/test.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

#define V2   "application/vnd.docker.distribution.manifest.v2+json"
#define LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define CONFIG                                                                                     \
	"{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"digest\":\"" A        \
	"\",\"size\":7}"
#define LAYER(type, digest) "{\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":9}"
#define GZIP		    "application/vnd.docker.image.rootfs.diff.tar.gzip"

static bool parse(const char *text, const char *media_type, struct manifest *out, struct error *err)
{
	return manifest_parse(text, strlen(text), media_type, out, err);
}

static void an_image_of_schema_2_is_read(void **state)
{
	scoped_manifest struct manifest m = {0};
	struct error err;

	assert_true(parse("{\"schemaVersion\":2,\"mediaType\":\"" V2 "\",\"config\":" CONFIG
			  ",\"layers\":[" LAYER(GZIP, B) "," LAYER(GZIP, C) "]}",
			  NULL, &m, &err));
	assert_false(m.is_list);
	assert_string_equal(m.config.digest, A);
	assert_int_equal(m.layers.count, 2);
	assert_string_equal(RECORD_AT(m.layers, struct descriptor, 1)->digest, C);
	assert_int_equal(RECORD_AT(m.layers, struct descriptor, 1)->size, 9);
}

static void what_it_says_wins_over_what_the_sender_says_and_form_comes_last(void **state)
{
	static const char list[] = "{\"schemaVersion\":2,\"manifests\":[]}";
	scoped_manifest struct manifest m = {0}, n = {0}, o = {0};
	struct error err;

	assert_true(parse("{\"schemaVersion\":2,\"mediaType\":\"" LIST "\",\"manifests\":[]}", V2,
			  &m, &err));
	assert_true(m.is_list);
	assert_true(parse(list, LIST "; charset=utf-8", &n, &err));
	assert_true(parse(list, "text/plain", &o, &err));
	assert_false(parse(list, V2, &o, &err));
}

static void what_is_no_image_is_refused_by_name(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"{\"schemaVersion\":1,\"fsLayers\":[]}",
		 "the image has a manifest of schema 1, which is not supported; it has to be "
		 "pushed again by a "
		 "newer program"},
		{"{\"schemaVersion\":2,\"mediaType\":\"" V2 "\",\"config\":" CONFIG
		 ",\"manifests\":[" CONFIG "]}",
		 "bad manifest: it is not clearly that of an image"},
		{"{\"schemaVersion\":2,\"mediaType\":\"" LIST "\",\"config\":" CONFIG
		 ",\"manifests\":[]}",
		 "bad manifest: it is not clearly a list"},
		{"{\"schemaVersion\":2,\"mediaType\":\"application/x\"}",
		 "unknown manifest type 'application/x'"},
		{"{}", "unknown manifest type ''"},
		{"{\"config\":{\"mediaType\":\"application/"
		 "vnd.cncf.helm.config.v1+json\",\"digest\":\"" A "\",\"size\":1}}",
		 "this is no image: its configuration is of the type "
		 "'application/vnd.cncf.helm.config.v1+json'"},
		{"{\"config\":" CONFIG ",\"layers\":[" LAYER(
			 "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", A) "]}",
		 "this is no image: its layer is of the type "
		 "'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'"},
		{"{\"config\":" CONFIG ",\"layers\":[" LAYER(GZIP, "sha512:aa") "]}", NULL},
		{"{\"config\":" CONFIG ",\"layers\":[" LAYER(GZIP, "../../x") "]}", NULL},
		{"{\"config\":{\"mediaType\":\"application/"
		 "vnd.oci.image.config.v1+json\",\"digest\":\"" A "\",\"size\":9000000}}",
		 "blob '" A "' has a size that cannot be: 9000000"},
		{"{\"config\":{\"mediaType\":\"application/"
		 "vnd.oci.image.config.v1+json\",\"digest\":\"" A "\",\"size\":-1}}",
		 "blob '" A "' has a size that cannot be: -1"},
		{"{\"config\":7}", NULL},
		{"", NULL},
	};
	struct manifest m = {0};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_false(parse(cases[i].text, NULL, &m, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		if (cases[i].words)
			assert_string_equal(err.text, cases[i].words);
	}
}

static void more_layers_than_can_be_mounted_are_refused(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct manifest m = {0};
	struct error err;

	buffer_add_text(&text, "{\"config\":" CONFIG ",\"layers\":[" LAYER(GZIP, A));
	for (int i = 1; i < 501; i++)
		buffer_add_text(&text, "," LAYER(GZIP, A));
	buffer_add_text(&text, "]}");
	assert_false(manifest_parse(text.data, text.size, NULL, &m, &err));
	assert_string_equal(err.text,
			    "the image has 501 layers, and 500 is the most that can be mounted");
}

/* ---- choosing ---- */

static void add_entry(struct manifest *list, const char *os, const char *architecture,
		      const char *variant, const char *digest)
{
	struct descriptor *entry = record_list_add(&descriptor_type, &list->entries);

	list->is_list = true;
	entry->media_type = str_dup(V2);
	entry->digest = str_dup(digest);
	if (!os)
		return;
	entry->platform = mem_new(struct descriptor_platform);
	entry->platform->os = str_dup(os);
	entry->platform->architecture = str_dup(architecture);
	entry->platform->variant = str_dup_or_null(variant);
}

static void assert_chosen(const struct manifest *list, const char *wanted, const char *digest)
{
	const struct descriptor *entry;
	struct platform platform;
	struct error err;

	assert_true(platform_parse(wanted, &platform, &err));
	entry = manifest_choose(list, &platform, &err);
	assert_non_null(entry);
	assert_string_equal(entry->digest, digest);
}

static void the_best_platform_is_chosen(void **state)
{
	scoped_manifest struct manifest list = {0};

	add_entry(&list, "unknown", "unknown", NULL, "attestation");
	add_entry(&list, "linux", "arm", "v6", "v6");
	add_entry(&list, "linux", "arm", "v7", "v7");
	add_entry(&list, "linux", "amd64", NULL, "amd64");
	add_entry(&list, "linux", "arm64", NULL, "arm64");
	assert_chosen(&list, "linux/amd64", "amd64");
	assert_chosen(&list, "linux/arm/v7", "v7");
	assert_chosen(&list, "linux/arm/v6", "v6");
	assert_chosen(&list, "linux/arm64/v8", "arm64");
}

static void no_platform_that_fits_is_said_in_dockers_words(void **state)
{
	scoped_manifest struct manifest list = {0};
	struct platform platform;
	struct error err;

	add_entry(&list, "linux", "amd64", NULL, A);
	assert_true(platform_parse("linux/s390x", &platform, &err));
	assert_null(manifest_choose(&list, &platform, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_string_equal(err.text,
			    "no matching manifest for linux/s390x in the manifest list entries");
}

static void a_single_entry_without_platform_is_taken(void **state)
{
	scoped_manifest struct manifest list = {0};

	add_entry(&list, NULL, NULL, NULL, A);
	assert_chosen(&list, "linux/amd64", A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_of_schema_2_is_read),
		cmocka_unit_test(what_it_says_wins_over_what_the_sender_says_and_form_comes_last),
		cmocka_unit_test(what_is_no_image_is_refused_by_name),
		cmocka_unit_test(more_layers_than_can_be_mounted_are_refused),
		cmocka_unit_test(the_best_platform_is_chosen),
		cmocka_unit_test(no_platform_that_fits_is_said_in_dockers_words),
		cmocka_unit_test(a_single_entry_without_platform_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
