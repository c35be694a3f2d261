#include "format/record_pack.h"

#include "base/test.h"

struct sample {
	char *text;
	int64_t number;
	struct strings words;
};

static const struct record_field fields[] = {
	RECORD_FIELD(struct sample, 1, "text", RECORD_STRING, text),
	RECORD_FIELD(struct sample, 2, "number", RECORD_I64, number),
	RECORD_FIELD(struct sample, 3, "words", RECORD_STRINGS, words),
};
static const struct record_type type = RECORD_TYPE(struct sample, fields);

static void what_was_packed_comes_out_again(void **state)
{
	static const int64_t numbers[] = {0, 1, 256, -1, INT64_MIN, INT64_C(0x0100000000000001)};

	for (size_t i = 0; i < array_length(numbers); i++) {
		struct sample in = {.text = str_dup("a text"), .number = numbers[i]}, out = {0};
		struct packed_record packed = {0};

		for (size_t word = 0; word < 100 * i; word++) /* empty ones: hundreds of zeros */
			strings_add(&in.words, "");
		record_pack(&type, &in, &packed);
		record_pack(&type, &in, &packed); /* in its place */
		assert_true(record_unpack(&type, &packed, &out));
		assert_string_equal(out.text, in.text);
		assert_int_equal(out.number, in.number);
		assert_int_equal(out.words.count, in.words.count);
		record_fini(&type, &in);
		record_fini(&type, &out);
		packed_record_fini(&packed);
	}
}

static void an_empty_record_is_something_and_nothing_is_not(void **state)
{
	struct sample in = {0}, out = {0};
	struct packed_record packed = {0};

	assert_false(record_unpack(&type, &packed, &out));
	record_pack(&type, &in, &packed);
	assert_true(record_unpack(&type, &packed, &out));
	assert_null(out.text);
	packed_record_fini(&packed);
}

static void equal_records_are_equal_packed(void **state)
{
	struct sample in = {.number = 256};
	struct packed_record a = {0}, b = {0};

	assert_true(packed_record_is_equal(&a, &b));
	record_pack(&type, &in, &a);
	assert_false(packed_record_is_equal(&a, &b));
	record_pack(&type, &in, &b);
	assert_true(packed_record_is_equal(&a, &b));
	in.number = 1;
	record_pack(&type, &in, &b);
	assert_false(packed_record_is_equal(&a, &b));
	packed_record_fini(&a);
	packed_record_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_comes_out_again),
		cmocka_unit_test(an_empty_record_is_something_and_nothing_is_not),
		cmocka_unit_test(equal_records_are_equal_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
