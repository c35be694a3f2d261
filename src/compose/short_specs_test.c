#include "base/test.h"
#include "compose/short_specs.h"

#define NONE "(none)"

static void mounts_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *source, *target;
		bool is_bind, read_only, no_copy;
		char label;
		const char *propagation, *consistency;
	} cases[] = {
		{"/data", NONE, "/data"},
		{"/data/../x/", NONE, "/x"},
		{"db:/data", "db", "/data"},
		{"db:/data:ro", "db", "/data", .read_only = true},
		{"db:/data:nocopy", "db", "/data", .no_copy = true},
		{"./a:/a", "./a", "/a", .is_bind = true},
		{".:/a", ".", "/a", .is_bind = true},
		{"../a:/a:rw", "../a", "/a", .is_bind = true},
		{"~/a:/a", "~/a", "/a", .is_bind = true},
		{"/a:/b:ro,Z", "/a", "/b", .is_bind = true, .read_only = true, .label = 'Z'},
		{"/a:/b:rslave", "/a", "/b", .is_bind = true, .propagation = "rslave"},
		{"/a:/b:cached,z", "/a", "/b", .is_bind = true, .label = 'z',
		 .consistency = "cached"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_mount_spec struct mount_spec spec = {0};

		assert_true(mount_spec_parse(cases[i].text, &spec, &err));
		assert_string_equal(spec.source ? spec.source : NONE, cases[i].source);
		assert_string_equal(spec.target, cases[i].target);
		assert_int_equal(spec.is_bind, cases[i].is_bind);
		assert_int_equal(spec.mode.read_only, cases[i].read_only);
		assert_int_equal(spec.mode.no_copy, cases[i].no_copy);
		assert_int_equal(spec.mode.label, cases[i].label);
		assert_string_equal(spec.mode.propagation ? spec.mode.propagation : "",
				    cases[i].propagation ? cases[i].propagation : "");
		assert_string_equal(spec.consistency,
				    cases[i].consistency ? cases[i].consistency : "");
	}
}

static void other_text_is_no_mount(void **state)
{
	static const char *const texts[] = {"",	     "data",	 "data:rel",   "a/b:/c",
					    ":/c",   "db:",	 "a:/b:xx",    "a:/b:ro:rw",
					    "a:/b:", "C:\\x:/y", "a:/b:ro,rw", "a b:/c"};
	struct error err;

	for (size_t i = 0; i < array_length(texts); i++) {
		scoped_mount_spec struct mount_spec spec = {0};

		if (mount_spec_parse(texts[i], &spec, &err))
			fail_msg("\"%s\" was taken", texts[i]);
	}
}

static void devices_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *source, *target, *permissions;
	} cases[] = {
		{"/dev/a", "/dev/a", "/dev/a", "rwm"},
		{"/dev/a:/dev/b", "/dev/a", "/dev/b", "rwm"},
		{"/dev/a:/dev/b:r", "/dev/a", "/dev/b", "r"},
		{"/dev/a:rm", "/dev/a", "/dev/a", "rm"},
		{"nvidia.com/gpu=0", "nvidia.com/gpu=0", "nvidia.com/gpu=0", "rwm"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_device_spec struct device_spec spec = {0};

		assert_true(device_spec_parse(cases[i].text, &spec, &err));
		assert_string_equal(spec.source, cases[i].source);
		assert_string_equal(spec.target, cases[i].target);
		assert_string_equal(spec.permissions, cases[i].permissions);
	}
}

static void other_text_is_no_device(void **state)
{
	static const char *const texts[] = {"",	      "dev",	   "/a:b", "/a:/b:x",
					    "/a:/b:", "/a:/b:r:w", "a=b"};
	struct error err;

	for (size_t i = 0; i < array_length(texts); i++) {
		scoped_device_spec struct device_spec spec = {0};

		assert_false(device_spec_parse(texts[i], &spec, &err));
	}
}

static void hosts_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *name, *address; /* no name: refused */
	} cases[] = {
		{"a=1.2.3.4", "a", "1.2.3.4"},
		{"a:1.2.3.4", "a", "1.2.3.4"},
		{"a:::1", "a", "::1"},
		{"a=::1", "a", "::1"},
		{"a=[::1]", "a", "::1"},
		{"a:[fe80::1]", "a", "fe80::1"},
		{"a=host-gateway", "a", "host-gateway"},
		{"a", NULL},
		{"=1.2.3.4", NULL},
		{"a=b", NULL},
		{"a=", NULL},
		{"a=1.2.3", NULL},
		{"", NULL},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_host_spec struct host_spec spec = {0};

		assert_int_equal(host_spec_parse(cases[i].text, &spec, &err), !!cases[i].name);
		if (!cases[i].name)
			continue;
		assert_string_equal(spec.name, cases[i].name);
		assert_string_equal(spec.address, cases[i].address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_taken_apart),
		cmocka_unit_test(other_text_is_no_mount),
		cmocka_unit_test(devices_are_taken_apart),
		cmocka_unit_test(other_text_is_no_device),
		cmocka_unit_test(hosts_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
