#include "orchestrator/model_changes.h"

#include "format/yaml_fixture.h"

static void each_value_that_differs_is_named(void **state)
{
	static const struct {
		const char *before, *after, *changes;
	} rows[] = {
		{"{a: 1}", "{a: 1}", ""},
		{"{a: 1, b: 2}", "{b: 2, a: 1}", ""},
		{"{a: 1}", "{a: 2}", "a: 1 -> 2;"},
		{"{a: x}", "{a: 'y z'}", "a: x -> y z;"},
		{"{s: {w: {e: {A: x}}}}", "{s: {w: {e: {A: y, B: z}}}}",
		 "s.w.e.A: x -> y;s.w.e.B: (none) -> z;"},
		{"{s: {w: {i: x}}}", "{s: {}}", "s.w: {\"i\":\"x\"} -> (none);"},
		{"{l: [a, b]}", "{l: [b, a]}", "l: [\"a\",\"b\"] -> [\"b\",\"a\"];"},
		{"{a: null}", "{a: {b: 1}}", "a: null -> {\"b\":1};"},
		{"{a: '1'}", "{a: 1}", "a: 1 -> 1;"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_arena struct arena arena = {0};
		scoped_buffer struct buffer text = {0};
		struct changes changes = {0};

		model_changes(read_yaml(&arena, rows[i].before), read_yaml(&arena, rows[i].after),
			      &changes);
		for (size_t j = 0; j < changes.count; j++) {
			const struct change *change = &changes.items[j];

			buffer_format(&text, "%s: %s -> %s;", change->field,
				      change->old_value ? change->old_value : "(none)",
				      change->new_value ? change->new_value : "(none)");
		}
		assert_string_equal(text.data ? text.data : "", rows[i].changes);
		changes_fini(&changes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_that_differs_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
