#include "format/sha256.h"

#include "base/memory.h"
#include "base/test.h"

static void hashes_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{"", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqk"
		 "lmnopqrlmn"
		 "opqrsmnopqrstnopqrstu",
		 "sha256:cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
	};
	char digest[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < array_length(cases); i++) {
		sha256_digest(cases[i].text, strlen(cases[i].text), digest);
		assert_string_equal(digest, cases[i].digest);
	}
}

static void a_million_letters_too(void **state)
{
	char *text = mem_zeroed(1000000, 1);
	char digest[DIGEST_TEXT_SIZE];

	memset(text, 'a', 1000000);
	sha256_digest(text, 1000000, digest);
	assert_string_equal(
		digest, "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_the_standard),
		cmocka_unit_test(a_million_letters_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
