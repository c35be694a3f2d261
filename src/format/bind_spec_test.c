#include "format/bind_spec.h"

#include "base/test.h"

static void binds_and_volumes_are_told_apart(void **state)
{
	static const struct {
		const char *text, *source, *target, *mode;
		bool is_volume, read_only, no_copy;
		const char *propagation;
	} cases[] = {
		{"/a:/b", "/a", "/b", "", false, false, false, ""},
		{"/a/../c//:/b/", "/c", "/b", "", false, false, false, ""},
		{"/a:/b:ro", "/a", "/b", "ro", false, true, false, ""},
		{"/a:/b:", "/a", "/b", "", false, false, false, ""},
		{"/a:/b:rslave,ro,z", "/a", "/b", "rslave,ro,z", false, true, false, "rslave"},
		{"data:/b", "data", "/b", "", true, false, false, ""},
		{"data:/b:nocopy,cached", "data", "/b", "nocopy,cached", true, false, true, ""},
		{"/b", NULL, "/b", "", true, false, false, ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_bind_spec struct bind_spec spec = {0};
		struct error err;

		assert_true(bind_spec_parse(cases[i].text, &spec, &err));
		assert_true(str_equal(spec.source, cases[i].source));
		assert_string_equal(spec.target, cases[i].target);
		assert_string_equal(spec.mode, cases[i].mode);
		assert_int_equal(spec.is_volume, cases[i].is_volume);
		assert_int_equal(spec.options.read_only, cases[i].read_only);
		assert_int_equal(spec.options.no_copy, cases[i].no_copy);
		assert_string_equal(spec.options.propagation, cases[i].propagation);
	}
}

static void bad_specifications_are_refused_in_docker_s_words(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "invalid volume specification: ''"},
		{":/b", "invalid volume specification: ':/b'"},
		{"/a:", "invalid volume specification: '/a:'"},
		{"/a:ro", "invalid volume specification: '/a:ro'"},
		{"/a:/b:ro:x", "invalid volume specification: '/a:/b:ro:x'"},
		{"/a:/b:zz", "invalid mode: zz"},
		{"/a:/b:ro,rw", "invalid mode: ro,rw"},
		{"/a:/b:ro,", "invalid mode: ro,"},
		{"/a:b", "invalid volume specification: '/a:b': invalid mount config for type "
			 "\"bind\": invalid mount path: 'b' mount path must be absolute"},
		{"/a:/", "invalid volume specification: '/a:/': invalid mount config for type "
			 "\"bind\": invalid specification: destination can't be '/'"},
		{"/a:/x/..", "invalid volume specification: '/a:/x/..': invalid mount config for "
			     "type \"bind\": invalid specification: destination can't be '/'"},
		{"v:/b:shared", "invalid volume specification: 'v:/b:shared': invalid mount config "
				"for type \"volume\": field BindOptions must not be specified"},
		{"/a:/b:nocopy", "invalid volume specification: '/a:/b:nocopy': invalid mount "
				 "config for type \"bind\": field VolumeOptions must not be "
				 "specified"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct bind_spec spec = {0};
		struct error err;

		assert_false(bind_spec_parse(cases[i].text, &spec, &err));
		assert_string_equal(err.text, cases[i].error);
		assert_null(spec.target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_and_volumes_are_told_apart),
		cmocka_unit_test(bad_specifications_are_refused_in_docker_s_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
