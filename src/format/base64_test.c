#include "format/base64.h"

#include "base/test.h"

static void the_vectors_of_rfc_4648_hold(void **state)
{
	static const struct {
		const char *text, *encoded;
	} cases[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer encoded = {0};
		scoped_buffer struct buffer decoded = {0};

		base64_encode(cases[i].text, strlen(cases[i].text), &encoded);
		assert_string_equal(encoded.data, cases[i].encoded);
		assert_true(base64_decode(encoded.data, encoded.size, &decoded));
		assert_string_equal(decoded.data, cases[i].text);
	}
}

static void both_alphabets_and_missing_padding_are_taken(void **state)
{
	scoped_buffer struct buffer out = {0};

	assert_true(base64_decode("-_8", 3, &out));
	assert_true(base64_decode("+/8=", 4, &out));
	assert_memory_equal(out.data, "\xfb\xff\xfb\xff", 4);
}

static void what_is_not_base64_adds_nothing(void **state)
{
	static const char *const cases[] = {"a", "Zg=", "Zg===", "Z g=", "Zm9v\n", "====", "a*cd"};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};

		buffer_add_text(&out, "before");
		assert_false(base64_decode(cases[i], strlen(cases[i]), &out));
		assert_string_equal(out.data, "before");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_4648_hold),
		cmocka_unit_test(both_alphabets_and_missing_padding_are_taken),
		cmocka_unit_test(what_is_not_base64_adds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
