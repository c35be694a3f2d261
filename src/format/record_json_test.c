#include "base/test.h"
#include "format/json.h"
#include "format/record.h"
#include "format/record_sample.h"

static bool read_sample(const char *text, enum record_audience audience, struct sample *sample,
			struct error *err)
{
	json_t *json = json_parse(text, strlen(text), err);

	assert_non_null(json);
	bool done = record_from_json(&sample_type, json, audience, sample, err);
	json_decref(json);
	return done;
}

static void assert_writes(const struct sample *sample, enum record_audience audience,
			  const char *expected)
{
	scoped_buffer struct buffer out = {0};

	record_write_json(&sample_type, sample, audience, &out);
	assert_string_equal(out.data, expected);
}

static void every_kind_is_read_and_written_back(void **state)
{
	struct sample sample = {0}, copy = {0};
	struct error err;

	assert_true(read_sample(SAMPLE_JSON, RECORD_FOR_STORE, &sample, &err));
	assert_int_equal(sample.number, -9007199254740993);
	assert_true(sample.optional.given);
	assert_int_equal(sample.tristate, -1);
	assert_int_equal(sample.command.count, 3);
	assert_int_equal(sample.bytes.size, 3);
	assert_writes(&sample, RECORD_FOR_STORE, SAMPLE_JSON);
	record_copy(&sample_type, &sample, &copy);
	record_fini(&sample_type, &sample);
	assert_writes(&copy, RECORD_FOR_STORE, SAMPLE_JSON);
	record_fini(&sample_type, &copy);
}

static void a_tree_says_the_same_as_the_text(void **state)
{
	struct sample sample = {0};
	struct error err;

	assert_true(read_sample(SAMPLE_JSON, RECORD_FOR_STORE, &sample, &err));
	json_t *tree = record_to_json(&sample_type, &sample, RECORD_FOR_STORE);
	json_t *expected = json_parse(SAMPLE_JSON, strlen(SAMPLE_JSON), &err);
	assert_true(json_equal(tree, expected));
	json_decref(tree);
	json_decref(expected);
	record_fini(&sample_type, &sample);
}

static void flags_say_how_absent_values_are_written(void **state)
{
	struct sample sample = {0};

	assert_writes(&sample, RECORD_FOR_API,
		      "{\"Flag\":false,\"Tristate\":null,\"Number\":0,\"Optional\":null,"
		      "\"Text\":null,\"ShownEmpty\":\"\",\"Strings\":null,\"Pairs\":{},"
		      "\"List\":[],\"Map\":null}");
	strings_set_empty(&sample.strings);
	strings_set_empty(&sample.command);
	strings_set_empty(&sample.set);
	record_map_set_empty(&sample_item_type, &sample.map);
	sample.text = str_dup("");
	sample.pointer = mem_new(struct sample_item);
	assert_writes(&sample, RECORD_FOR_API,
		      "{\"Flag\":false,\"Tristate\":null,\"Number\":0,\"Optional\":null,"
		      "\"Text\":\"\",\"ShownEmpty\":\"\",\"Strings\":[],\"Pairs\":{},\"Set\":{},"
		      "\"Pointer\":{\"Name\":null},\"List\":[],\"Map\":{}}");
	record_fini(&sample_type, &sample);
}

static void the_api_neither_sets_what_is_stored_nor_shows_secrets(void **state)
{
	struct sample sample = {0};
	struct error err;
	scoped_buffer struct buffer out = {0};

	assert_true(
		read_sample("{\"Stored\":\"s\",\"Secret\":\"t\"}", RECORD_FOR_API, &sample, &err));
	assert_null(sample.stored);
	assert_string_equal(sample.secret, "t");
	record_write_json(&sample_type, &sample, RECORD_FOR_API, &out);
	assert_null(strstr(out.data, "Secret"));
	record_fini(&sample_type, &sample);
}

static void absent_null_and_unknown_names_leave_defaults(void **state)
{
	struct sample sample = {.number = 7, .text = str_dup("old")};
	struct error err;

	assert_true(read_sample("{\"Number\":null,\"Bogus\":[[1]],\"TEXT\":\"new\",\"sMall\":3,"
				"\"List\":[null],\"Strings\":[null,\"a\"],\"Command\":\"one\"}",
				RECORD_FOR_API, &sample, &err));
	assert_int_equal(sample.number, 7);
	assert_string_equal(sample.text, "new");
	assert_int_equal(sample.small, 3);
	assert_int_equal(sample.list.count, 1);
	assert_string_equal(sample.strings.items[0], "");
	assert_string_equal(sample.command.items[0], "one");
	record_fini(&sample_type, &sample);
}

static void a_wrong_type_is_named_in_go_s_words(void **state)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{"[]", "json: cannot unmarshal array into Go value of type struct"},
		{"{\"Number\":\"x\"}",
		 "json: cannot unmarshal string into Go struct field Number of type int64"},
		{"{\"number\":1.5}",
		 "json: cannot unmarshal number 1.5 into Go struct field Number of type int64"},
		{"{\"Small\":3000000000}",
		 "json: cannot unmarshal number into Go struct field Small of type int32"},
		{"{\"Flag\":0}",
		 "json: cannot unmarshal number into Go struct field Flag of type bool"},
		{"{\"Text\":{}}",
		 "json: cannot unmarshal object into Go struct field Text of type string"},
		{"{\"Strings\":\"x\"}",
		 "json: cannot unmarshal string into Go struct field Strings of type []string"},
		{"{\"Strings\":[true]}",
		 "json: cannot unmarshal bool into Go struct field Strings of type string"},
		{"{\"Pairs\":{\"a\":1}}",
		 "json: cannot unmarshal number into Go struct field Pairs of type string"},
		{"{\"Set\":{\"a\":1}}",
		 "json: cannot unmarshal number into Go struct field Set of type struct {}"},
		{"{\"Item\":{\"Inner\":{\"Number\":[]}}}",
		 "json: cannot unmarshal array into Go struct field Item.Inner.Number of type "
		 "int32"},
		{"{\"List\":[{\"Name\":1}]}",
		 "json: cannot unmarshal number into Go struct field List.Name of type string"},
		{"{\"Ports\":{\"a\":[{\"Name\":1}]}}",
		 "json: cannot unmarshal number into Go struct field Ports.Name of type string"},
		{"{\"Map\":[]}",
		 "json: cannot unmarshal array into Go struct field Map of type map[string]struct"},
		{"{\"Bytes\":\"***\"}", "illegal base64 data in Bytes"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct sample sample = {0};
		struct error err;

		assert_false(read_sample(cases[i].json, RECORD_FOR_API, &sample, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].text);
		record_fini(&sample_type, &sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read_and_written_back),
		cmocka_unit_test(a_tree_says_the_same_as_the_text),
		cmocka_unit_test(flags_say_how_absent_values_are_written),
		cmocka_unit_test(the_api_neither_sets_what_is_stored_nor_shows_secrets),
		cmocka_unit_test(absent_null_and_unknown_names_leave_defaults),
		cmocka_unit_test(a_wrong_type_is_named_in_go_s_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
