#include "format/digest.h"

#include "base/test.h"
#include "base/text.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void a_digest_is_read_and_written(void **state)
{
	uint8_t hash[SHA256_SIZE];
	char text[DIGEST_TEXT_SIZE];
	struct error err;

	assert_true(digest_parse("sha256:" HEX, hash, &err));
	assert_int_equal(hash[1], 0x11);
	assert_int_equal(hash[31], 0xff);
	digest_format(hash, text);
	assert_string_equal(text, "sha256:" HEX);
	assert_string_equal(digest_hex(text), HEX);
}

static void what_is_no_digest_is_refused_in_known_words(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "invalid checksum digest format"},
		{HEX, "invalid checksum digest format"},
		{":" HEX, "invalid checksum digest format"},
		{"md5:" HEX, "unsupported digest algorithm"},
		{"sha256:", "invalid checksum digest length"},
		{"sha256:" HEX "0", "invalid checksum digest length"},
		{"sha256:AA112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		 "invalid checksum digest format"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;

		assert_false(digest_check(cases[i].text, &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_read_and_written),
		cmocka_unit_test(what_is_no_digest_is_refused_in_known_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
