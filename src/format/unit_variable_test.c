#include "base/test.h"
#include "format/unit_variable.h"

static struct strings list(const char *const *items)
{
	struct strings list = {0};

	for (; *items; items++)
		strings_add(&list, *items);
	return list;
}

static char *bracket(const struct strings *words)
{
	struct buffer out = {0};

	for (size_t i = 0; i < words->count; i++)
		buffer_format(&out, "[%s]", words->items[i]);
	return buffer_take(&out);
}

static void variables_are_filled_in_as_systemd_does(void **state)
{
	static const char *const environment[] = {
		"ONE=1",   "TWO=two 2",	       "THREE=\"a b\" c",    "EMPTY=",
		"ONE=one", "BACK=x\\ty \"o p", "DOLLAR=$ONE ${ONE}", "novalue",
		NULL};
	static const struct {
		const char *args[9], *words;
	} cases[] = {
		/* conformance 8 */
		{{"L", "$ONE", "${TWO}", "$TWO", "x$TWO", "y${TWO}z"},
		 "[L][one][two 2][two][2][x$TWO][ytwo 2z]"},
		/* conformance 9 */
		{{"L", "$THREE", "${THREE}"}, "[L][a b][c][\"a b\" c]"},
		/* conformance 10 */
		{{"L", "$UNSET", "${UNSET}", "$EMPTY", "${EMPTY}", "$$ONE", "$?", "$1"},
		 "[L][][][$ONE]"},
		{{"L", "$ONE-x", "$", "$ONE ", "$novalue"}, "[L]"},
		{{"L", "a$$b $$${ONE} $${ONE}", "$$", "$$$"}, "[L][a$b $one ${ONE}][$][$$]"},
		{{"L", "a $ttl $? $", "x${ONE", "${", "${}x"}, "[L][a $ttl $? $][x${ONE][${][x]"},
		{{"L", "${ONE}${EMPTY}${ONE}", "${a b}", "${ONE:-x}"}, "[L][oneone][][]"},
		/* what a variable holds is not looked at again */
		{{"L", "$DOLLAR", "${DOLLAR}"}, "[L][$ONE][${ONE}][$ONE ${ONE}]"},
		{{"L", "$BACK"}, "[L][xty][o p]"},
		{{"$ONE", "${ONE}"}, "[$ONE][one]"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings args = list(cases[i].args), out = {0};
		scoped_strings struct strings env = list(environment);

		unit_variables_expand(&args, &env, &out);
		scoped_free char *words = bracket(&out);
		assert_string_equal(words, cases[i].words);
	}
}

/* Each word asks for four values of 1 MiB. */
static void what_no_exec_takes_does_not_grow_further(void **state)
{
	static const char *const words[] = {
		"L", "${A}${A}${A}${A}", "${A}${A}${A}${A}", "${A}${A}${A}${A}", "$A", "$A", NULL};
	scoped_strings struct strings args = list(words), env = {0}, out = {0};
	scoped_free char *value = mem_zeroed(1, (1 << 20) + 3);
	size_t size = 0;

	memset(value, 'x', (1 << 20) + 2);
	memcpy(value, "A=", 2);
	strings_add(&env, value);
	unit_variables_expand(&args, &env, &out);
	for (size_t i = 0; i < out.count; i++)
		size += strlen(out.items[i]);
	assert_in_range(size, 8 << 20, 9 << 20);
}

static void assignments_are_checked(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{"A=", true},	  {"_a1=x y=z", true}, {"A=\u00e4\n", true}, {"", false},
		{"A", false},	  {"=x", false},       {"1A=x", false},	     {"A-B=x", false},
		{"A B=x", false}, {" A=x", false},     {"\u00e4=x", false},  {"A=\xff", false},
		{"A[=x", false},  {"A@=x", false},     {"`=x", false},	     {"Z9_z=", true},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		assert_int_equal(unit_variable_is_valid_assignment(cases[i].text), cases[i].valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_filled_in_as_systemd_does),
		cmocka_unit_test(what_no_exec_takes_does_not_grow_further),
		cmocka_unit_test(assignments_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
