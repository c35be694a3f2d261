#include "format/expression.h"

#include "base/test.h"
#include "base/text.h"

static const struct example {
	const char *text;
	int fault;
	const char *matches, *differs;
} examples[] = {
	{"", 0, "anything", NULL},
	{"^we.b$", 0, "we-b", "web"},
	{"a+b*c?", 0, "aab", "b"},
	{"^(a|bc)+$", 0, "abca", "ab"},
	{"^[]a+*]+$", 0, "]+*a", "b"},
	{"^[^]a]$", 0, "b", "]"},
	{"^[[:digit:]+]{2}$", 0, "1+", "1a"},
	{"^[\\]+$", 0, "\\", "]"},
	{"^\\{\\+\\($", 0, "{+(", "x"},
	{"^a{2,3}$", 0, "aaa", "a"},
	{"^a{,2}$", 0, "a", "aaa"},
	{"^a{2,}$", 0, "aaaa", "a"},
	{"^(a{10}){10}$", 0, NULL, "a"},
	{"^a)$", 0, "a)", "a"},
	{"[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+/[0-9]+:[a-z]+-[a-z]+_[a-z]+ [a-z]+", 0,
	 "10.0.0.1/24:a-b_c d", "x"},
	{"a{200}", 0, NULL, "a"},
	{"^((a*b?)*|c)*d$", 0, "abad", "e"},
	{"^(|a)x()y$", 0, "xy", "z"},
	{"^web(-[a-z0-9]+)*(_[0-9]+)?$", 0, "web-a-b1_2", "web_"},
	{"^(/[^/]*)+$|^[a-z]*:(x|y|z|)*$", 0, "s:xyz", "s"},

	/* what grows */
	{"a+++++++++++++++++++++++++++++++++++++++++", REG_ESPACE},
	{"((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+", REG_ESPACE},
	{"(a{100}){100}", REG_ESPACE},
	{"((a{,99}){,99}){,99}", REG_ESPACE},
	{"((a{99,}){99,}){99,}", REG_ESPACE},
	{"a{2}{2}{2}{2}{2}{2}{2}{2}{2}{2}{2}{2}", REG_ESPACE},
	{"[x]++++++++++++++++++++++++++++++++", REG_ESPACE},
	{"[[:alpha:]]++++++++++++++++++++++++++++++++", REG_ESPACE},
	{"[[.]++++++++++++++++++++++++++++++++", REG_ESPACE},
	{"\\a++++++++++++++++++++++++++++++++", REG_ESPACE},
	{")++++++++++++++++++++++++++++++++", REG_ESPACE},
	{"x|(b|a+++++++++++++++++++++++++++++++++)", REG_ESPACE},
	{"a+++++++++++++++++++++++++++++++++(", REG_ESPACE},
	{"a{99999999999999999999}", REG_ESPACE},
	{"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((", REG_ESPACE},
	{"x?????????????????????????+", REG_ESPACE},
	{"((((((((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*", REG_ESPACE},
	{"((a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)x)*", REG_ESPACE},
	{"(^a*$b*\\bc*\\B^a*$b*\\bc*\\B^a*$b*\\bc*\\B^a*$b*\\bc*\\B^a*$b*\\bc*\\B)*", REG_ESPACE},
	{"((a?)?(a?)?(a?)?(a?)?(a?)?(a?)?(a?)?(a?)?(a?)?(a?)?(a?)?(a?)?)+", REG_ESPACE},
	{"(|(|(|(|(|(|(|(|(|(|(|(|(|(|(|(|(|(|)|)*|)*|)*|)*|)*)*)*)*)*)*)*)*)*)*)*)*)*",
	 REG_ESPACE},

	/* what is none */
	{"(a)\\1", REG_ESUBREG},
	{"a{x", REG_BADBR},
	{"a{1", REG_BADBR},
	{"(", REG_EPAREN},
	{"[a", REG_EBRACK},
};

static void what_would_grow_too_large_is_not_compiled(void **state)
{
	for (size_t i = 0; i < array_length(examples); i++) {
		const struct example *e = &examples[i];
		regex_t regex;
		int fault = expression_compile(e->text, REG_NOSUB, &regex);

		if (fault != e->fault)
			print_message("%s: %d\n", e->text, fault);
		assert_int_equal(fault, e->fault);
		if (fault)
			continue;
		assert_true(!e->matches || regexec(&regex, e->matches, 0, NULL, 0) == 0);
		assert_true(!e->differs || regexec(&regex, e->differs, 0, NULL, 0) != 0);
		regfree(&regex);
	}
}

static void a_long_one_is_refused(void **state)
{
	scoped_free char *text = mem_zeroed(1, EXPRESSION_LIMIT + 2);
	regex_t regex;

	memset(text, 'a', EXPRESSION_LIMIT + 1);
	assert_int_equal(expression_compile(text, REG_NOSUB, &regex), REG_ESPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_grow_too_large_is_not_compiled),
		cmocka_unit_test(a_long_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
