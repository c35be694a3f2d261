#include "build/mode_change.h"

#include "base/memory.h"
#include "base/test.h"

static const struct {
	const char *text;
	mode_t mode;
	bool folder;
	mode_t result;
} rows[] = {
	{"u=rwX,go=rX", 0600, false, 0644}, {"u=rwX,go=rX", 0700, true, 0755},
	{"u=rwX,go=rX", 0710, false, 0755}, {"+x", 0644, false, 0755},
	{"a-w", 0666, false, 0444},	    {"g+s,o+t", 0755, true, 03755},
	{"u+s", 0755, false, 04755},	    {"o=", 0777, false, 0770},
	{"u-x+w", 0500, false, 0600},	    {"=r", 04777, false, 0444},
};

static void symbolic_modes_change_what_they_name(void **state)
{
	struct error err;
	mode_t out;

	for (size_t i = 0; i < array_length(rows); i++) {
		assert_true(mode_change(rows[i].text, rows[i].mode, rows[i].folder, &out, &err));
		assert_int_equal(out, rows[i].result);
	}
}

static void what_is_no_mode_is_refused(void **state)
{
	static const char *const bad[] = {"", "u", "u=q", "z+x", "u+x,", "u+x g+x", "755"};
	struct error err;
	mode_t out;

	for (size_t i = 0; i < array_length(bad); i++) {
		assert_false(mode_change(bad[i], 0644, false, &out, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbolic_modes_change_what_they_name),
		cmocka_unit_test(what_is_no_mode_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
