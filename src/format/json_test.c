#include "format/json.h"

#include "base/test.h"

static void only_one_strict_document_is_read(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: it is fine */
	} cases[] = {
		{"{}", NULL},
		{" [1, \"a\"] \r\n", NULL},
		{"12", NULL},
		{"\"x\"\n", NULL},
		{"null", NULL},
		{"{} x", "unexpected content after JSON"},
		{"{}{}", "unexpected content after JSON"},
		{"", "'[' or '{' expected"},
		{"{\"a\":1,\"a\":2}", "duplicate object key"},
		{"{'a':1}", "string or '}' expected"},
		{"[NaN]", "invalid token"},
		{"[\"\\u0000\"]", "\\u0000 is not allowed"},
		{"[\"\xff\"]", "unable to decode byte 0xff"},
		{"[18446744073709551615]", "too big integer"},
		{"{\"a\":", "unexpected token"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};
		scoped_json json_t *json = json_parse(cases[i].text, strlen(cases[i].text), &err);

		assert_int_equal(json != NULL, cases[i].error == NULL);
		if (cases[i].error)
			assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void levels_are_limited_outside_of_strings(void **state)
{
	char text[4 * JSON_LEVELS_LIMIT];
	struct error err;

	for (size_t levels = JSON_LEVELS_LIMIT; levels <= JSON_LEVELS_LIMIT + 1; levels++) {
		memset(text, '[', levels);
		memset(text + levels, ']', levels);
		scoped_json json_t *json = json_parse(text, 2 * levels, &err);
		assert_int_equal(json != NULL, levels <= JSON_LEVELS_LIMIT);
	}
	assert_string_equal(err.text, "more than 512 levels");
	memset(text, '[', sizeof(text));
	memcpy(text, "\"\\\"", 3);
	text[sizeof(text) - 1] = '"';
	scoped_json json_t *json = json_parse(text, sizeof(text), &err);
	assert_true(json_is_string(json));
}

static void the_first_document_of_many_ends_where_it_ends(void **state)
{
	const char *text = "{\"a\":1}\n{\"b\":2}";
	struct error err;
	size_t used;
	scoped_json json_t *json = json_parse_first(text, strlen(text), &used, &err);

	assert_non_null(json);
	assert_int_equal(used, 7);
}

static void strings_are_written_as_go_writes_them(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool html;
		const char *json;
	} cases[] = {
		{"", 0, false, "\"\""},
		{"plain", 5, false, "\"plain\""},
		{"0123456789abcdef\"", 17, false, "\"0123456789abcdef\\\"\""},
		{"a\\b\n\r\t\b\f", 8, false, "\"a\\\\b\\n\\r\\t\\b\\f\""},
		{"\0\x1f\x7f", 3, false, "\"\\u0000\\u001f\x7f\""},
		{"a<b>&", 5, false, "\"a<b>&\""},
		{"a<b>&", 5, true, "\"a\\u003cb\\u003e\\u0026\""},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, false,
		 "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"\xe2\x80\xa8\xe2\x80\xa9", 6, false, "\"\\u2028\\u2029\""},
		{"\xff\xc3", 2, false, "\"\\ufffd\\ufffd\""},
		{"\xc0\xaf", 2, false, "\"\\ufffd\\ufffd\""},		 /* overlong */
		{"\xed\xa0\x80", 3, false, "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
		{"\xf4\x90\x80\x80", 4, false, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};

		json_write_bytes(&out, cases[i].text, cases[i].size, cases[i].html);
		assert_string_equal(out.data, cases[i].json);
	}
}

static void names_get_their_commas(void **state)
{
	scoped_buffer struct buffer out = {0};

	buffer_add_char(&out, '{');
	json_write_name(&out, "a");
	json_write_i64(&out, INT64_MIN);
	json_write_name(&out, "b");
	json_write_i64(&out, 0);
	json_write_name(&out, "c");
	json_write_i64(&out, INT64_MAX);
	assert_string_equal(out.data,
			    "{\"a\":-9223372036854775808,\"b\":0,\"c\":9223372036854775807");
}

static void reals_take_the_fewest_digits_that_read_back(void **state)
{
	static const struct {
		double value;
		const char *json;
	} cases[] = {
		{0.1, "0.1"},	   {1, "1"},
		{-2.5, "-2.5"},	   {1.0 / 3, "0.3333333333333333"},
		{1e300, "1e+300"}, {0.0 / 1, "0"},
		{1e308 * 10, "0"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};

		json_write_f64(&out, cases[i].value);
		assert_string_equal(out.data, cases[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_strict_document_is_read),
		cmocka_unit_test(levels_are_limited_outside_of_strings),
		cmocka_unit_test(the_first_document_of_many_ends_where_it_ends),
		cmocka_unit_test(strings_are_written_as_go_writes_them),
		cmocka_unit_test(names_get_their_commas),
		cmocka_unit_test(reals_take_the_fewest_digits_that_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
