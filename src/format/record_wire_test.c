#include "base/test.h"
#include "format/json.h"
#include "format/record.h"
#include "format/record_sample.h"

static void make_sample(struct sample *sample)
{
	struct error err;
	json_t *json = json_parse(SAMPLE_JSON, strlen(SAMPLE_JSON), &err);

	assert_true(record_from_json(&sample_type, json, RECORD_FOR_STORE, sample, &err));
	json_decref(json);
}

static void what_is_sent_arrives(void **state)
{
	struct sample sent = {0}, got = {0};
	scoped_buffer struct buffer bytes = {0};
	scoped_buffer struct buffer text = {0};
	struct error err;

	make_sample(&sent);
	record_encode(&sample_type, &sent, &bytes);
	assert_true(record_decode(&sample_type, bytes.data, bytes.size, &got, &err));
	record_write_json(&sample_type, &got, RECORD_FOR_STORE, &text);
	assert_string_equal(text.data, SAMPLE_JSON);
	record_fini(&sample_type, &sent);
	record_fini(&sample_type, &got);
}

static void given_and_empty_arrives_as_given(void **state)
{
	struct sample sent = {.text = str_dup("")}, got = {0};
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	strings_set_empty(&sent.strings);
	sent.item.name = str_dup("");
	record_list_set_empty(&sample_item_type, &sent.list);
	sent.optional.given = true;
	record_encode(&sample_type, &sent, &bytes);
	assert_true(record_decode(&sample_type, bytes.data, bytes.size, &got, &err));
	assert_string_equal(got.text, "");
	assert_string_equal(got.item.name, "");
	assert_non_null(got.strings.items);
	assert_non_null(got.list.items);
	assert_true(got.optional.given);
	assert_null(got.set.items);
	record_fini(&sample_type, &sent);
	record_fini(&sample_type, &got);
}

static void a_cut_message_is_refused_at_every_byte(void **state)
{
	struct sample sent = {0};
	scoped_buffer struct buffer bytes = {0};
	size_t whole = 0;

	make_sample(&sent);
	record_encode(&sample_type, &sent, &bytes);
	for (size_t size = 0; size < bytes.size; size++) {
		struct sample got = {0};
		struct error err;

		/* A cut between two fields is a shorter message; anything else is an error. */
		if (record_decode(&sample_type, bytes.data, size, &got, &err))
			whole++;
		else
			assert_int_equal(err.kind, ERROR_INVALID);
		record_fini(&sample_type, &got);
	}
	assert_int_equal(whole, array_length(sample_fields)); /* none, one, two ... */
	record_fini(&sample_type, &sent);
}

static void an_older_program_skips_what_it_does_not_know(void **state)
{
	struct sample_item got = {0};
	struct error err;
	const char bytes[] = "\x63\0\1\0\2\0\0\0zz" /* tag 99 */
			     "\1\0\5\0\1\0\0\0n";

	assert_int_equal(bytes[10 + 2], RECORD_STRING);
	assert_true(record_decode(&sample_item_type, bytes, sizeof(bytes) - 1, &got, &err));
	assert_string_equal(got.name, "n");
	record_fini(&sample_item_type, &got);
}

static void malformed_messages_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *text;
	} cases[] = {
		{"\1\0\5\0\2\0\0\0a\0", 10, "message has a zero byte in a string"},
		{"\1\0\6\0\0\0\0\0", 8, "message field 'Name' is of another kind"},
		{"\1\0\5\0\xff\xff\xff\xff", 8, "message field 'Name' is of another kind"},
		{"\1\0\5\0\xff\xff\xff\x7f", 8, "message is truncated"},
		{"\1\0\5\0", 4, "message is truncated"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct sample_item got = {0};
		struct error err;

		assert_false(record_decode(&sample_item_type, cases[i].bytes, cases[i].size, &got,
					   &err));
		assert_string_equal(err.text, cases[i].text);
		record_fini(&sample_item_type, &got);
	}
}

static void nesting_has_an_end(void **state)
{
	struct sample_item chain[RECORD_DEPTH_LIMIT + 1] = {0};

	for (size_t depth = RECORD_DEPTH_LIMIT; depth <= RECORD_DEPTH_LIMIT + 1; depth++) {
		scoped_buffer struct buffer bytes = {0};
		struct sample_item got = {0};
		struct error err;

		for (size_t i = 0; i + 1 < depth; i++)
			chain[i].inner = &chain[i + 1];
		record_encode(&sample_item_type, &chain[0], &bytes);
		assert_int_equal(
			record_decode(&sample_item_type, bytes.data, bytes.size, &got, &err),
			depth <= RECORD_DEPTH_LIMIT);
		record_fini(&sample_item_type, &got);
	}
}

static void a_message_of_empty_items_stays_within_the_limit(void **state)
{
	size_t count = RECORD_ITEMS_LIMIT + 1, size = 8 + 4 * count;
	scoped_free uint8_t *bytes = mem_zeroed(1, size);
	struct sample got = {0};
	struct error err;

	bytes[0] = 15;
	bytes[2] = RECORD_LIST;
	memcpy(bytes + 4, &(uint32_t){(uint32_t)(4 * count)}, 4);
	assert_false(record_decode(&sample_type, bytes, size, &got, &err));
	assert_string_equal(err.text, "message has a list of more than 65536");
	record_fini(&sample_type, &got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_arrives),
		cmocka_unit_test(given_and_empty_arrives_as_given),
		cmocka_unit_test(a_cut_message_is_refused_at_every_byte),
		cmocka_unit_test(an_older_program_skips_what_it_does_not_know),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(a_message_of_empty_items_stays_within_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
