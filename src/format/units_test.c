#include "base/test.h"
#include "base/time.h"
#include "format/units.h"

static void sizes_are_read_in_binary_multiples(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{"0", 0},	   {"32", 32},	      {"32b", 32},	  {"32B", 32},
		{"32k", 32768},	   {"32K", 32768},    {"32kb", 32768},	  {"32KiB", 32768},
		{"1 kB", 1024},	   {"1.5m", 1572864}, {"1g", 1073741824}, {".3k", 307},
		{"2T", 1LL << 41}, {"1p", 1LL << 50},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		int64_t bytes = -1;

		assert_true(size_from_text(cases[i].text, &bytes, &err));
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void nonsense_is_no_size(void **state)
{
	static const char *const texts[] = {"",	     "k",   "-1",    "-1k", "1x", "1kbb", "1.2.3",
					    "1kibb", "1bb", "9999p", "1 x", " ",  "1k1",  "0x10"};
	struct error err;
	int64_t bytes;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(size_from_text(texts[i], &bytes, &err));
}

static void durations_go_there_and_back(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
		const char *written;
	} cases[] = {
		{"0", 0, "0s"},
		{"5s", 5 * NS_PER_SECOND, "5s"},
		{"1h30m", 5400 * NS_PER_SECOND, "1h30m0s"},
		{"11ms1s", 1011 * NS_PER_MS, "1.011s"},
		{"1m1.5s", 61500 * NS_PER_MS, "1m1.5s"},
		{"-2ms", -2 * NS_PER_MS, "-2ms"},
		{"1.5ms", 1500000, "1.5ms"},
		{"3us", 3000, "3\u00b5s"},
		{"7ns", 7, "7ns"},
		{"+1h", 3600 * NS_PER_SECOND, "1h0m0s"},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		int64_t ns = -1;

		assert_true(duration_from_text(cases[i].text, &ns, &err));
		assert_int_equal(ns, cases[i].ns);
		scoped_free char *written = duration_to_text(ns);
		assert_string_equal(written, cases[i].written);
	}
}

static void nonsense_is_no_duration(void **state)
{
	static const char *const texts[] = {"",	  "-",	    "5",   "s",
					    "5x", "1.2.3s", "5 s", "99999999999h"};
	struct error err;
	int64_t ns;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(duration_from_text(texts[i], &ns, &err));
}

static void sizes_are_written_short(void **state)
{
	static const struct {
		double bytes;
		const char *three, *four, *binary;
	} cases[] = {
		{0, "0B", "0B", "0B"},
		{999, "999B", "999B", "999B"},
		{1000, "1kB", "1kB", "1000B"},
		{1984512, "1.98MB", "1.985MB", "1.893MiB"},
		{67108864, "67.1MB", "67.11MB", "64MiB"},
		{12345678901, "12.3GB", "12.35GB", "11.5GiB"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *three = size_to_text(cases[i].bytes);
		scoped_free char *four = size_to_text_fine(cases[i].bytes);
		scoped_free char *binary = size_to_text_binary(cases[i].bytes);

		assert_string_equal(three, cases[i].three);
		assert_string_equal(four, cases[i].four);
		assert_string_equal(binary, cases[i].binary);
	}
}

static void durations_are_told_in_words(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} cases[] = {
		{0, "Less than a second"}, {1, "1 second"},	    {45, "45 seconds"},
		{60, "About a minute"},	   {120, "2 minutes"},	    {3599, "59 minutes"},
		{3600, "About an hour"},   {5400, "2 hours"},	    {47 * 3600, "47 hours"},
		{3 * 86400, "3 days"},	   {20 * 86400, "2 weeks"}, {90 * 86400, "3 months"},
		{800 * 86400, "2 years"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *words = duration_to_words(cases[i].seconds * NS_PER_SECOND);

		assert_string_equal(words, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_read_in_binary_multiples),
		cmocka_unit_test(nonsense_is_no_size),
		cmocka_unit_test(durations_go_there_and_back),
		cmocka_unit_test(nonsense_is_no_duration),
		cmocka_unit_test(sizes_are_written_short),
		cmocka_unit_test(durations_are_told_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
