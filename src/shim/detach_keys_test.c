#include "base/test.h"

#include "shim/detach_keys.h"

static const struct example {
	const char *keys, *typed, *passed;
	bool detached;
} examples[] = {
	{"1011", "ls\n", "ls\n", false},
	{"1011", "\x10\x11", "", true},
	{"1011", "a\x10\x11z", "a", true},
	{"1011", "\x10x", "\x10x", false},
	{"1011", "\x10", "", false}, /* held back until the next key */
	{"1011", "\x10\x10\x11", "\x10", true},
	{"1011", "\x11\x10", "\x11", false},
	{"616162", "aaab", "a", true},
	{"61626163", "ababac", "ab", true},
	{"61626163", "ababx", "ababx", false},
	{"616161", "aabaaa", "aab", true},
	{"18", "\x18", "", true},
	{NULL, "\x10\x11", "\x10\x11", false},
	{"", "\x10\x11", "\x10\x11", false},
	{"1", "1\x10\x11", "1\x10\x11", false},			 /* half a byte */
	{"zz", "z\x10\x11", "z\x10\x11", false},		 /* no hex */
	{"000102030405060708090a0b0c0d0e0f10", "x", "x", false}, /* more than fit */
};

static bool pass(const struct example *e, size_t step, struct buffer *out)
{
	size_t size = strlen(e->typed);
	struct detach_keys d;

	detach_keys_init(&d, e->keys);
	for (size_t i = 0; i < size; i += step)
		if (detach_keys_pass(&d, e->typed + i, size - i < step ? size - i : step, out))
			return true;
	return false;
}

static void keys_detach_and_everything_else_is_passed_on(void **state)
{
	for (size_t i = 0; i < array_length(examples); i++) {
		const struct example *e = &examples[i];

		for (size_t step = 1; step <= 3; step += 2) {
			scoped_buffer struct buffer out = {0};

			buffer_add(&out, "", 0);
			assert_int_equal(pass(e, step, &out), e->detached);
			assert_string_equal(out.data ? out.data : "", e->passed);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_detach_and_everything_else_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
