#include "engine/log_tag.h"

#include "base/memory.h"
#include "base/test.h"
#include "base/text.h"

static const struct log_tag_facts facts = {
	.id = "0123456789abcdef0123",
	.name = "web",
	.image_id = "sha256:fedcba9876543210",
	.image_name = "nginx:1",
	.hostname = "box",
	.command = "nginx -g x",
};

static void fields_are_filled_in(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"{{.ID}}", "0123456789ab"},
		{"{{ .Name }}/{{.FullID}}", "web/0123456789abcdef0123"},
		{"{{.ImageName}}|{{.ImageID}}|{{.ImageFullID}}",
		 "nginx:1|fedcba987654|sha256:fedcba9876543210"},
		{"{{.DaemonName}} {{.Hostname}} {{.Command}}", "docker box nginx -g x"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		scoped_free char *text = log_tag_expand(cases[i].text, &facts, &err);

		assert_non_null(text);
		assert_string_equal(text, cases[i].expected);
	}
}

static void what_is_not_known_is_refused(void **state)
{
	static const char *const cases[] = {"{{.Nothing}}", "{{Name}}", "{{.Name", "{{}}",
					    "{{if .Name}}"};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		err.kind = ERROR_NONE;
		assert_false(log_tag_check(cases[i], &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_filled_in),
		cmocka_unit_test(what_is_not_known_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
