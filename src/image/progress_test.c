#include "image/progress.h"

#include "base/test.h"

static void lines_are_those_that_clients_know(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct error err = {.kind = ERROR_INVALID, .text = "bad <thing>"};

	progress_message(&out, "latest", "Pulling from library/bb");
	progress_message(&out, NULL, "Digest: sha256:aa");
	progress_step(&out, "abc", "Pulling fs layer");
	progress_stream(&out, "Loaded image: bb:latest\n");
	progress_error(&out, &err);
	assert_string_equal(
		out.data,
		"{\"status\":\"Pulling from library/bb\",\"id\":\"latest\"}\r\n"
		"{\"status\":\"Digest: sha256:aa\"}\r\n"
		"{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"abc\"}\r\n"
		"{\"stream\":\"Loaded image: bb:latest\\n\"}\r\n"
		"{\"errorDetail\":{\"message\":\"bad \\u003cthing\\u003e\"},\"error\":\"bad "
		"\\u003cthing\\u003e\"}\r\n");
}

static void bars_grow_to_fifty(void **state)
{
	static const struct {
		int64_t current, total;
		const char *line;
	} cases[] = {
		{0, 100,
		 "{\"status\":\"s\",\"progressDetail\":{\"current\":0,\"total\":100},\"progress\":"
		 "\"[\\u003e     "
		 "                                             ]       "
		 "0B/100B\",\"id\":\"i\"}\r\n"},
		{100, 100,
		 "{\"status\":\"s\",\"progressDetail\":{\"current\":100,\"total\":100},"
		 "\"progress\":\"[========="
		 "=========================================\\u003e]     "
		 "100B/100B\",\"id\":\"i\"}\r\n"},
		{2048, 0,
		 "{\"status\":\"s\",\"progressDetail\":{\"current\":2048},\"progress\":\" "
		 "2.048kB\",\"id\":"
		 "\"i\"}\r\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};

		progress_bytes(&out, "i", "s", cases[i].current, cases[i].total);
		assert_string_equal(out.data, cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_those_that_clients_know),
		cmocka_unit_test(bars_grow_to_fifty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
