#include "base/test.h"

#include "volume/mount_words.h"

#include <sys/mount.h>

static void words_become_flags_propagation_and_text(void **state)
{
	static const struct {
		const char *text, *data;
		unsigned long flags, propagation;
		bool loop;
	} cases[] = {
		{NULL, "", 0, 0, false},
		{"", "", 0, 0, false},
		{"defaults,,rw", "", 0, 0, false},
		{"ro,noatime", "", MS_RDONLY | MS_NOATIME, 0, false},
		{"ro,rw", "", 0, 0, false},
		{"bind", "", MS_BIND, 0, false},
		{"rbind,rslave", "", MS_BIND | MS_REC, MS_SLAVE | MS_REC, false},
		{"loop,data=ordered,sync", "data=ordered", MS_SYNCHRONOUS, 0, true},
		{"addr=10.0.0.1,rw,nfsvers=4,soft", "addr=10.0.0.1,nfsvers=4,soft", 0, 0, false},
		{"size=100m,uid=1000,nodev", "size=100m,uid=1000", MS_NODEV, 0, false},
		{"remount", "remount", 0, 0, false}, /* for the filesystem to refuse */
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct mount_words words;

		mount_words_parse(cases[i].text, &words);
		assert_string_equal(words.data, cases[i].data);
		assert_int_equal(words.flags, cases[i].flags);
		assert_int_equal(words.propagation, cases[i].propagation);
		assert_int_equal(words.loop, cases[i].loop);
		mount_words_fini(&words);
	}
}

static void passwords_are_covered(void **state)
{
	scoped_free char *shown =
		mount_words_without_secrets("username=ann,password=a=b,vers=3.0,pass=x");

	assert_string_equal(shown, "username=ann,password=********,vers=3.0,pass=********");
}

static void a_value_is_found_and_replaced(void **state)
{
	static const struct {
		const char *text, *value, *after;
	} cases[] = {
		{"addr=nas,rw", "nas", "addr=1.2.3.4,rw"},
		{"rw,clientaddr=x", NULL, "rw,clientaddr=x,addr=1.2.3.4"},
		{"", NULL, "addr=1.2.3.4"},
		{"rw,addr=", "", "rw,addr=1.2.3.4"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *value = mount_words_get(cases[i].text, "addr");
		scoped_free char *after = mount_words_set(cases[i].text, "addr", "1.2.3.4");

		assert_true(str_equal(value, cases[i].value));
		assert_string_equal(after, cases[i].after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_flags_propagation_and_text),
		cmocka_unit_test(passwords_are_covered),
		cmocka_unit_test(a_value_is_found_and_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
