#include "format/interpolate.h"

#include "base/test.h"

static const char *get(void *data, const char *name)
{
	return pairs_get(data, name);
}

static void count_unset(void *data, const char *name)
{
	pairs_set(data, "#unset", name);
}

static void each_form_has_its_value(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: an error */
		const char *unset;
	} rows[] = {
		{"plain", "plain", NULL},
		{"", "", NULL},
		{"$$x $${y}", "$x ${y}", NULL},
		{"$S", "set", NULL},
		{"${S}", "set", NULL},
		{"a${S}b$S.c", "asetbset.c", NULL},
		{"${U}", "", "U"},
		{"$U!", "!", "U"},
		{"${E}", "", NULL},
		{"${U:-d}|${U-d}|${U:+s}|${U+s}", "d|d||", NULL},
		{"${E:-d}|${E-d}|${E:+s}|${E+s}", "d|||s", NULL},
		{"${S:-d}|${S-d}|${S:+s}|${S+s}", "set|set|s|s", NULL},
		{"${S:?e}|${S?e}|${E?e}", "set|set|", NULL},
		{"${U:-a${S:-b}c}", "asetc", NULL},
		{"${U:-a${U:-b}c}", "abc", NULL},
		{"${U:-${V:-${W:-deep}}}", "deep", NULL},
		{"${U:-}", "", NULL},
		{"${U:-a:-b}", "a:-b", NULL},
		{"${U:-{}}", "{}", NULL},
		{"${U:-$$}", "$", NULL},
		{"${U:-$${x}}", "${x}", NULL},
		{"$1", "$1", NULL},
		{"$ x", "$ x", NULL},
		{"x$", "x$", NULL},
		{"$-", "$-", NULL},
		{"${U:?need}", NULL, NULL},
		{"${U?}", NULL, NULL},
		{"${E:?need}", NULL, NULL},
		{"${U!x}", NULL, NULL},
		{"${1}", NULL, NULL},
		{"${}", NULL, NULL},
		{"${ U}", NULL, NULL},
		{"${U", NULL, NULL},
		{"${U:}", NULL, NULL},
		{"${U:-${}}", NULL, NULL},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_pairs struct pairs variables = {0};
		struct interpolate_rules rules = {.get = get, .unset = count_unset, .data = &variables};
		struct error err = {0};

		pairs_set(&variables, "S", "set");
		pairs_set(&variables, "E", "");
		scoped_free char *value = interpolate(rows[i].text, &rules, &err);
		if (!rows[i].value && value)
			fail_msg("%s is '%s'", rows[i].text, value);
		if (!rows[i].value)
			continue;
		if (!value)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_string_equal(value, rows[i].value);
		assert_true(str_equal(pairs_get(&variables, "#unset"), rows[i].unset));
	}
}

static void what_is_required_says_why(void **state)
{
	scoped_pairs struct pairs variables = {0};
	struct interpolate_rules rules = {.get = get, .data = &variables};
	struct error err;

	pairs_set(&variables, "S", "it");
	assert_null(interpolate("${U:?set $S}", &rules, &err));
	assert_string_equal(err.text, "required variable U is missing a value: set it");
	assert_null(interpolate("${U?}", &rules, &err));
	assert_string_equal(err.text, "required variable U is missing a value");
}

static void note_use(void *data, const char *name, char sign, const char *word)
{
	scoped_free char *use = sign ? str_format("%c%s", sign, word) : str_dup("(none)");

	pairs_set(data, name, use);
}

static const char *get_nothing(void *data, const char *name)
{
	return NULL;
}

static void uses_are_told_with_their_defaults(void **state)
{
	scoped_pairs struct pairs uses = {0};
	struct interpolate_rules rules = {.get = get_nothing, .used = note_use, .data = &uses};
	struct error err;
	scoped_free char *value = interpolate("$A ${B:-b} ${C:-${D-d}} ${E:+x$F}", &rules, &err);

	assert_string_equal(value, " b d ");
	assert_int_equal(uses.count, 5);
	assert_string_equal(pairs_get(&uses, "B"), "-b");
	assert_string_equal(pairs_get(&uses, "C"), "-${D-d}");
	assert_string_equal(pairs_get(&uses, "D"), "-d");
	assert_string_equal(pairs_get(&uses, "A"), "(none)");
	assert_string_equal(pairs_get(&uses, "E"), "+x$F");
}

static void growth_and_depth_are_bounded(void **state)
{
	scoped_pairs struct pairs variables = {0};
	struct interpolate_rules rules = {.get = get, .data = &variables};
	scoped_buffer struct buffer large = {0}, many = {0}, deep = {0};
	struct error err;

	for (int i = 0; i < 10000; i++) {
		buffer_add_text(&large, "0123456789");
		buffer_add_text(&many, "$L");
		buffer_add_text(&deep, "${U:-");
	}
	for (int i = 0; i < 10000; i++)
		buffer_add_char(&deep, '}');
	pairs_set(&variables, "L", large.data);
	assert_null(interpolate(many.data, &rules, &err));
	assert_null(interpolate(deep.data, &rules, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_has_its_value),
		cmocka_unit_test(what_is_required_says_why),
		cmocka_unit_test(uses_are_told_with_their_defaults),
		cmocka_unit_test(growth_and_depth_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
