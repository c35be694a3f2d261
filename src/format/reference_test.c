#include "format/reference.h"

#include "base/test.h"
#include "base/text.h"

#define D "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void names_are_normalised_and_shown_short(void **state)
{
	static const struct {
		const char *text, *full, *familiar;
	} cases[] = {
		{"busybox", "docker.io/library/busybox", "busybox"},
		{"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"},
		{"library/busybox", "docker.io/library/busybox", "busybox"},
		{"docker.io/busybox", "docker.io/library/busybox", "busybox"},
		{"index.docker.io/busybox", "docker.io/library/busybox", "busybox"},
		{"me/app", "docker.io/me/app", "me/app"},
		{"library/a/b", "docker.io/library/a/b", "library/a/b"},
		{"localhost/a", "localhost/a", "localhost/a"},
		{"localhost:5000/a:t", "localhost:5000/a:t", "localhost:5000/a:t"},
		{"127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b"},
		{"[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a"},
		{"Example/a", "Example/a", "Example/a"},
		{"a.b-c_d__e---f", "docker.io/library/a.b-c_d__e---f", "a.b-c_d__e---f"},
		{"bb:t@" D, "docker.io/library/bb:t@" D, "bb:t@" D},
		{"docker.io/localhost/a", "docker.io/localhost/a", "docker.io/localhost/a"},
		{"bb@" D, "docker.io/library/bb@" D, "bb@" D},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_reference struct reference ref = {0};
		struct error err;

		assert_true(reference_parse(cases[i].text, &ref, &err));
		scoped_free char *full = reference_text(&ref);
		scoped_free char *familiar = reference_familiar(&ref);
		assert_string_equal(full, cases[i].full);
		assert_string_equal(familiar, cases[i].familiar);
	}
}

static void a_bad_name_is_refused_in_docker_s_words(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "invalid reference format"},
		{"BB", "invalid reference format: repository name (library/BB) must be lowercase"},
		{"a/B:t", "invalid reference format: repository name (a/B) must be lowercase"},
		{":tag", "invalid reference format"},
		{"a:", "invalid reference format"},
		{"a:-t", "invalid reference format"},
		{"a:b:c", "invalid reference format"},
		{"a b", "invalid reference format"},
		{"a//b", "invalid reference format"},
		{"/a", "invalid reference format"},
		{"a/", "invalid reference format"},
		{"a_", "invalid reference format"},
		{"a___b", "invalid reference format"},
		{"a..b", "invalid reference format"},
		{"-a/b", "invalid reference format"},
		{"host.:5/a", "invalid reference format"},
		{"host:port/a", "invalid reference format"},
		{"[::1/a", "invalid reference format"},
		{"a@", "invalid reference format"},
		{"a@b", "invalid reference format"},
		{"a@sha256:abc", "invalid checksum digest length"},
		{"a@" D "@" D, "invalid checksum digest length"},
		{"a@md5:00112233445566778899aabbccddeeff", "unsupported digest algorithm"},
		{"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		 "invalid repository name "
		 "(00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff), cannot "
		 "specify 64-byte hexadecimal strings"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct reference ref = {0};
		struct error err;

		assert_false(reference_parse(cases[i].text, &ref, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].error);
		assert_null(ref.domain);
	}
}

static void long_names_and_tags_have_an_end(void **state)
{
	char text[400] = {0};
	struct error err;
	struct reference ref = {0};

	memset(text, 'a', 300);
	assert_false(reference_parse(text, &ref, &err));
	assert_string_equal(err.text, "repository name must not be more than 255 characters");
	memcpy(text, "b:", 2);
	text[2 + 129] = '\0';
	assert_false(reference_parse(text, &ref, &err));
	text[2 + 128] = '\0';
	assert_true(reference_parse(text, &ref, &err));
	reference_fini(&ref);
}

static void the_default_tag_is_for_bare_names_only(void **state)
{
	static const struct {
		const char *text, *familiar;
	} cases[] = {{"a", "a:latest"}, {"a:b", "a:b"}, {"a@" D, "a@" D}};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_reference struct reference ref = {0};
		struct error err;

		assert_true(reference_parse(cases[i].text, &ref, &err));
		reference_add_default_tag(&ref);
		scoped_free char *familiar = reference_familiar(&ref);
		assert_string_equal(familiar, cases[i].familiar);
		scoped_free char *shown = reference_shown(cases[i].text);
		assert_string_equal(shown, cases[i].familiar);
	}
	scoped_free char *odd = reference_shown("No Reference");
	assert_string_equal(odd, "No Reference");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_normalised_and_shown_short),
		cmocka_unit_test(a_bad_name_is_refused_in_docker_s_words),
		cmocka_unit_test(long_names_and_tags_have_an_end),
		cmocka_unit_test(the_default_tag_is_for_bare_names_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
