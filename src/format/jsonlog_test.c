#include "format/jsonlog.h"

#include "base/test.h"

#define NS	 INT64_C(1672628645678901234)
#define NS_TEXT	 "2023-01-02T03:04:05.678901234Z"
#define OUT_TAIL "\",\"stream\":\"stdout\",\"time\":\"" NS_TEXT "\"}\n"
#define ERR_TAIL "\",\"stream\":\"stderr\",\"time\":\"" NS_TEXT "\"}\n"

static void lines_become_objects_and_the_rest_waits(void **state)
{
	struct jsonlog_encoder encoder;
	scoped_buffer struct buffer out = {0};
	const char *text = "one\n\ntwo \"2\"\t\033[0m\nrest";

	jsonlog_encoder_init(&encoder, NULL);
	jsonlog_set_time(&encoder, NS);
	assert_int_equal(jsonlog_encode(&encoder, STREAM_STDOUT, text, strlen(text), &out),
			 strlen(text) - 4);
	assert_string_equal(out.data, "{\"log\":\"one\\n" OUT_TAIL "{\"log\":\"\\n" OUT_TAIL
				      "{\"log\":\"two \\\"2\\\"\\t\\u001b[0m\\n" OUT_TAIL);
	buffer_clear(&out);
	jsonlog_encode_rest(&encoder, STREAM_STDERR, "rest", 4, &out);
	assert_string_equal(out.data, "{\"log\":\"rest" ERR_TAIL);
	buffer_clear(&out);
	jsonlog_encode_rest(&encoder, STREAM_STDERR, "", 0, &out);
	assert_int_equal(out.size, 0);
	jsonlog_encoder_fini(&encoder);
}

static void attrs_stand_before_the_time(void **state)
{
	struct jsonlog_encoder encoder;
	scoped_buffer struct buffer out = {0};

	jsonlog_encoder_init(&encoder, "\"attrs\":{\"k\":\"v\"}");
	assert_int_equal(jsonlog_encode(&encoder, STREAM_STDERR, "x\n", 2, &out), 2);
	assert_string_equal(out.data,
			    "{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"k\":\"v\"},"
			    "\"time\":\"1970-01-01T00:00:00.000000000Z\"}\n");
	jsonlog_encoder_fini(&encoder);
}

static void the_time_follows_the_clock(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} steps[] = {
		{NS, NS_TEXT},
		{NS + 1, "2023-01-02T03:04:05.678901235Z"},
		{NS + NS_PER_SECOND, "2023-01-02T03:04:06.678901234Z"},
		{NS, NS_TEXT}, /* clocks go back, too */
		{NS / NS_PER_SECOND * NS_PER_SECOND, "2023-01-02T03:04:05.000000000Z"},
	};
	struct jsonlog_encoder encoder;

	jsonlog_encoder_init(&encoder, NULL);
	for (size_t i = 0; i < array_length(steps); i++) {
		scoped_buffer struct buffer out = {0};

		jsonlog_set_time(&encoder, steps[i].ns);
		jsonlog_encode_rest(&encoder, STREAM_STDOUT, "x", 1, &out);
		assert_non_null(strstr(out.data, steps[i].text));
	}
	jsonlog_encoder_fini(&encoder);
}

static void a_long_line_is_written_in_pieces(void **state)
{
	struct jsonlog_encoder encoder;
	scoped_buffer struct buffer out = {0};
	size_t size = 2 * JSONLOG_PIECE + 100;
	scoped_free char *text = mem_zeroed(1, size);
	struct jsonlog_entry entry;

	memset(text, 'x', size);
	jsonlog_encoder_init(&encoder, NULL);
	assert_int_equal(jsonlog_encode(&encoder, STREAM_STDOUT, text, size, &out),
			 2 * JSONLOG_PIECE);
	jsonlog_encoder_fini(&encoder);
	scoped_buffer struct buffer back = {0};
	size_t first = jsonlog_decode(out.data, out.size, &back, &entry);
	assert_true(entry.valid);
	assert_int_equal(entry.text_size, JSONLOG_PIECE);
	assert_int_equal(jsonlog_decode(out.data + first, out.size - first, &back, &entry), first);
	assert_int_equal(back.size, 2 * JSONLOG_PIECE);
}

static void no_character_is_cut_in_two(void **state)
{
	static const struct {
		const char *character;
		size_t before, taken; /* bytes before it; bytes of the first piece */
	} cases[] = {
		{"\xe2\x82\xac", JSONLOG_PIECE - 1, JSONLOG_PIECE - 1},
		{"\xe2\x82\xac", JSONLOG_PIECE - 2, JSONLOG_PIECE - 2},
		{"\xe2\x82\xac", JSONLOG_PIECE - 3, JSONLOG_PIECE},
		{"\xf0\x9f\x98\x80", JSONLOG_PIECE - 3, JSONLOG_PIECE - 3},
		{"\xc3\xa9", JSONLOG_PIECE - 1, JSONLOG_PIECE - 1},
		{"\x80\x80\x80\x80", JSONLOG_PIECE - 4, JSONLOG_PIECE}, /* none at all */
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer text = {0};
		scoped_buffer struct buffer out = {0};
		struct jsonlog_encoder encoder;

		memset(buffer_reserve(&text, cases[i].before), 'x', cases[i].before);
		buffer_wrote(&text, cases[i].before);
		buffer_add_text(&text, cases[i].character);
		jsonlog_encoder_init(&encoder, NULL);
		size_t used = jsonlog_encode(&encoder, STREAM_STDOUT, text.data, text.size, &out);
		assert_int_equal(used, cases[i].taken);
		jsonlog_encoder_fini(&encoder);
	}
}

static void what_was_written_is_read_back(void **state)
{
	struct jsonlog_encoder encoder;
	scoped_buffer struct buffer out = {0};
	scoped_buffer struct buffer back = {0};
	struct jsonlog_entry entry;
	char text[300], shown[TIME_TEXT_SIZE];
	int64_t ns;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i % 128);
	jsonlog_encoder_init(&encoder, NULL);
	jsonlog_set_time(&encoder, NS);
	size_t used = jsonlog_encode(&encoder, STREAM_STDOUT, text, sizeof(text), &out);
	jsonlog_encode_rest(&encoder, STREAM_STDERR, text + used, sizeof(text) - used, &out);
	jsonlog_encoder_fini(&encoder);
	for (size_t at = 0; at < out.size;) {
		at += jsonlog_decode(out.data + at, out.size - at, &back, &entry);
		assert_true(entry.valid);
		assert_true(jsonlog_entry_time(&entry, &ns));
		assert_int_equal(ns, NS);
		assert_string_equal(jsonlog_entry_time_text(&entry, shown), NS_TEXT);
	}
	assert_int_equal(entry.stream, STREAM_STDERR);
	assert_int_equal(back.size, sizeof(text));
	assert_memory_equal(back.data, text, sizeof(text));
}

/* They are copied in vectors, the last of which lies over the one before it. */
static void lines_of_any_length_are_read_back(void **state)
{
	struct jsonlog_encoder encoder;
	struct jsonlog_entry entry;

	jsonlog_encoder_init(&encoder, NULL);
	for (size_t length = 1; length <= 70; length++)
		for (size_t quote = 0; quote < length; quote++) {
			scoped_free char *line =
				mem_zeroed(1, length); /* nothing stands behind it */
			scoped_buffer struct buffer out = {0};
			scoped_buffer struct buffer back = {0};

			for (size_t i = 0; i < length; i++)
				line[i] = (char)('a' + i % 26);
			line[quote] = '"';
			line[length - 1] = '\n';
			assert_int_equal(
				jsonlog_encode(&encoder, STREAM_STDOUT, line, length, &out),
				length);
			assert_int_equal(out.size, strlen(out.data));
			jsonlog_decode(out.data, out.size, &back, &entry);
			assert_true(entry.valid);
			assert_int_equal(back.size, length);
			assert_memory_equal(back.data, line, length);
		}
	jsonlog_encoder_fini(&encoder);
}

static void lines_of_other_writers_are_read(void **state)
{
	static const struct {
		const char *line, *text;
		enum stream_kind stream;
		const char *time;
	} cases[] = {
		{"{\"log\":\"a\\n\",\"stream\":\"stderr\",\"time\":\"2023-01-02T03:04:05.5Z\"}\n",
		 "a\n", STREAM_STDERR, "2023-01-02T03:04:05.500000000Z"},
		{"{\"time\":\"2023-01-02T03:04:05+01:00\",\"log\":"
		 "\"\\u003c\\ud83d\\ude00\\ud83dx\"}\n",
		 "<\xf0\x9f\x98\x80\xef\xbf\xbdx", STREAM_STDOUT, "2023-01-02T02:04:05.000000000Z"},
		{"{\"x\":[1,{\"y\":\"}\"}],\"log\":\"\\/\\u00e9\\u20ac\",\"n\":null}\n",
		 "/\xc3\xa9\xe2\x82\xac", STREAM_STDOUT, ""},
		{"{\"log\":\"\",\"stream\":\"stdout\",\"time\":\"bogus\"}\n", "", STREAM_STDOUT,
		 ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};
		struct jsonlog_entry entry;
		char shown[TIME_TEXT_SIZE];
		size_t size = strlen(cases[i].line);

		assert_int_equal(jsonlog_decode(cases[i].line, size, &out, &entry), size);
		assert_true(entry.valid);
		assert_string_equal(out.data, cases[i].text);
		assert_int_equal(entry.stream, cases[i].stream);
		assert_string_equal(jsonlog_entry_time_text(&entry, shown), cases[i].time);
	}
}

static void attrs_are_given_as_they_stand(void **state)
{
	const char *line =
		"{\"log\":\"\",\"attrs\":{\"a\":\"}\\\"\",\"b\":{}},\"stream\":\"stdout\"}\n";
	scoped_buffer struct buffer out = {0};
	struct jsonlog_entry entry;

	jsonlog_decode(line, strlen(line), &out, &entry);
	assert_true(entry.valid);
	scoped_free char *attrs = str_dup_n(entry.attrs, entry.attrs_size);
	assert_string_equal(attrs, "{\"a\":\"}\\\"\",\"b\":{}}");
}

static void torn_lines_are_skipped_whole(void **state)
{
	static const char *const cases[] = {
		"\n",
		"{\n",
		"{}\n",
		"{\"log\":\"a\n",
		"{\"log\":\"a\\\n",
		"{\"log\":\"a\\u12\n",
		"{\"log\":\"a\\x\"}\n",
		"{\"log\":\"a\"\n",
		"{\"log\":\"a\"}x\n",
		"\0\0\0\n",
		"{\"log\":\"a\"{\"log\":\"b\\n\",\"stream\":\"stdout\"}\n",
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};
		struct jsonlog_entry entry;
		size_t size = *cases[i] ? strlen(cases[i]) : 4;

		buffer_add_text(&out, "before");
		assert_int_equal(jsonlog_decode(cases[i], size, &out, &entry), size);
		assert_false(entry.valid);
		assert_string_equal(out.data, "before");
	}
	struct jsonlog_entry entry;
	scoped_buffer struct buffer out = {0};
	assert_int_equal(jsonlog_decode("{\"log\":\"a\"}", 11, &out, &entry), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_objects_and_the_rest_waits),
		cmocka_unit_test(attrs_stand_before_the_time),
		cmocka_unit_test(the_time_follows_the_clock),
		cmocka_unit_test(a_long_line_is_written_in_pieces),
		cmocka_unit_test(no_character_is_cut_in_two),
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(lines_of_any_length_are_read_back),
		cmocka_unit_test(lines_of_other_writers_are_read),
		cmocka_unit_test(attrs_are_given_as_they_stand),
		cmocka_unit_test(torn_lines_are_skipped_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
