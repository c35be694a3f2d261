#include "image/registry_plan.h"

#include "base/test.h"

static struct strings list(const char *text)
{
	return *text ? strings_split(text, ' ') : (struct strings){0};
}

static char *show(const char *domain, const char *mirrors, const char *insecure)
{
	scoped_strings struct strings m = list(mirrors), i = list(insecure);
	struct registry_plan plan;
	struct buffer out = {0};

	registry_plan_make(domain, &(struct registry_rules){&m, &i}, &plan);
	for (size_t k = 0; k < plan.count; k++)
		buffer_format(&out, "%s%s%s%s%s", k ? " " : "", plan.items[k].url,
			      plan.items[k].insecure ? "!" : "", plan.items[k].mirror ? "(m)" : "",
			      plan.items[k].fallback ? "(f)" : "");
	registry_plan_fini(&plan);
	return buffer_take(&out);
}

static void servers_are_asked_in_order(void **state)
{
	static const struct {
		const char *domain, *mirrors, *insecure, *plan;
	} cases[] = {
		{"docker.io", "", "", "https://registry-1.docker.io"},
		{"docker.io", "https://m1/ http://m2:80/x", "",
		 "https://m1(m) http://m2:80/x!(m) https://registry-1.docker.io"},
		{"docker.io", "https://m1", "m1", "https://m1!(m) https://registry-1.docker.io"},
		{"docker.io", "nonsense", "", "https://registry-1.docker.io"},
		{"quay.io", "https://m1", "", "https://quay.io"},
		{"127.0.0.1:5000", "", "", "https://127.0.0.1:5000! http://127.0.0.1:5000!(f)"},
		{"reg.lan:5000", "", "reg.lan:5000",
		 "https://reg.lan:5000! http://reg.lan:5000!(f)"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *plan = show(cases[i].domain, cases[i].mirrors, cases[i].insecure);
		assert_string_equal(plan, cases[i].plan);
	}
}

static void only_loopback_and_what_is_named_is_insecure(void **state)
{
	static const struct {
		const char *host, *insecure;
		bool expected;
	} cases[] = {
		{"127.0.0.1:5000", "", true},
		{"127.8.9.10", "", true},
		{"localhost:80", "", true},
		{"LOCALHOST", "", true},
		{"[::1]:5000", "", true},
		{"128.0.0.1", "", false},
		{"127.0.0.1.evil.com", "", false},
		{"localhost.evil.com", "", false},
		{"quay.io", "", false},
		{"reg", "reg", true},
		{"reg:5000", "reg", true},
		{"reg", "reg:5000", false},
		{"reg:5001", "reg:5000", false},
		{"REG:5000", "reg:5000", true},
		{"10.1.2.3:5000", "10.0.0.0/8", true},
		{"11.1.2.3", "10.0.0.0/8", false},
		{"10.1.2.3", "10.1.2.2/31", true},
		{"10.1.2.4", "10.1.2.2/31", false},
		{"10.1.2.3", "10.0.0.0/99", false},
		{"[fd00::1]:5000", "fd00::/8", true},
		{"[fe00::1]", "fd00::/8", false},
		{"10.1.2.3", "0.0.0.0/0", true},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings insecure = list(cases[i].insecure);
		assert_int_equal(registry_is_insecure(cases[i].host, &insecure), cases[i].expected);
	}
}

static void rules_are_hosts_and_networks(void **state)
{
	static const struct {
		const char *rule;
		bool good;
	} cases[] = {
		{"localhost", true},	    {"reg.example.com:5000", true}, {"10.0.0.0/8", true},
		{"fd00::/8", true},	    {"[::1]:5000", true},	    {"::1", true},
		{"192.0.2.1", true},	    {"http://reg:5000", true},	    {"HTTPS://reg", true},
		{"my_reg", true},	    {"a b", false},		    {"", false},
		{"http://", false},	    {"reg:port", false},	    {"reg:65536", false},
		{"reg:", false},	    {"-reg", false},		    {"10.0.0.0/33", false},
		{"reg/8", false},	    {"reg/path", false},	    {"ftp://reg", false},
		{"[::1", false},	    {"[reg]:5000", false},	    {"[::1]5000", false},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++)
		if (registry_rule_is_valid(cases[i].rule) != cases[i].good)
			fail_msg("%s", cases[i].rule);
}

static void a_scheme_before_a_rule_says_nothing(void **state)
{
	scoped_strings struct strings rules = {0};

	(void)state;
	strings_add(&rules, "http://reg.example.com:5000");
	assert_true(registry_is_insecure("reg.example.com:5000", &rules));
	assert_false(registry_is_insecure("reg.example.com", &rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_hosts_and_networks),
		cmocka_unit_test(a_scheme_before_a_rule_says_nothing),
		cmocka_unit_test(servers_are_asked_in_order),
		cmocka_unit_test(only_loopback_and_what_is_named_is_insecure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
