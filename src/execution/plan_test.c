#include "base/test.h"
#include "execution/plan.h"

#include <signal.h>

static void an_empty_plan_has_the_documented_defaults(void **state)
{
	struct execution_plan plan;

	execution_plan_init(&plan, "web@1.service");
	assert_string_equal(plan.unit, "web@1.service");
	assert_int_equal(plan.timeout_start_us, 90000000);
	assert_int_equal(plan.timeout_stop_us, 90000000);
	assert_int_equal(plan.kill_signal, SIGTERM);
	assert_int_equal(plan.restart_kill_signal, 0);
	assert_int_equal(plan.final_kill_signal, SIGKILL);
	assert_int_equal(plan.watchdog_signal, SIGABRT);
	assert_int_equal(plan.context.out, OUTPUT_JOURNAL);
	assert_int_equal(plan.context.err, OUTPUT_INHERIT);
	record_fini(&execution_plan_type, &plan);
}

/* No two fields may share bytes or a tag, and none may be left out unseen: what a struct's fields cover is its
 * size but for padding. */
static size_t size_of_kind(const struct record_field *field)
{
	static const size_t sizes[] = {
		[RECORD_BOOL] = sizeof(bool),
		[RECORD_I64] = sizeof(int64_t),
		[RECORD_OPTIONAL_I64] = sizeof(struct optional_i64),
		[RECORD_STRING] = sizeof(char *),
		[RECORD_STRINGS] = sizeof(struct strings),
		[RECORD_PAIRS] = sizeof(struct pairs),
		[RECORD_LIST] = sizeof(struct record_list),
		[RECORD_BYTES] = sizeof(struct buffer),
		[RECORD_I32] = sizeof(int32_t),
	};

	return field->kind == RECORD_STRUCT ? field->nested->size : sizes[field->kind];
}

static void check_type(const struct record_type *type)
{
	size_t end = 0;

	for (size_t i = 0; i < type->count; i++) {
		const struct record_field *field = &type->fields[i];

		assert_int_equal(field->tag, i + 1);
		assert_true(field->offset >= end);
		assert_true(field->offset - end < sizeof(int64_t)); /* padding alone between two */
		end = field->offset + size_of_kind(field);
		if (field->nested)
			check_type(field->nested);
	}
	assert_true(type->size >= end && type->size - end < sizeof(int64_t));
}

static void every_member_stands_in_the_tables(void **state)
{
	check_type(&execution_plan_type);
}

static void fill_plan(struct execution_plan *plan)
{
	execution_plan_init(plan, "a.service");
	for (int phase = 0; phase < EXECUTION_PHASES; phase++) {
		struct execution_command *command =
			record_list_add(&execution_command_type, &plan->commands[phase]);

		command->path = str_dup(execution_phase_key(phase));
		strings_add(&command->args, "zero");
		strings_add(&command->args, "");
		command->ignore_failure = phase % 2;
	}
	plan->context.nice = (struct optional_i64){true, 0};
	plan->context.folders[FOLDER_LOGS].mode = 0700;
	strings_add(&plan->context.folders[FOLDER_LOGS].names, "web/log");
	plan->limits.memory_max = (struct optional_i64){true, -1};
	strings_add(&plan->restart_force.signals, "TERM");
}

static void a_plan_comes_back_as_it_was_sent(void **state)
{
	struct execution_plan plan, back = {0};
	scoped_buffer struct buffer wire = {0};
	struct error err = {0};

	fill_plan(&plan);
	record_encode(&execution_plan_type, &plan, &wire);
	assert_true(record_decode(&execution_plan_type, wire.data, wire.size, &back, &err));
	for (int phase = 0; phase < EXECUTION_PHASES; phase++) {
		const struct execution_command *command =
			RECORD_AT(back.commands[phase], struct execution_command, 0);

		assert_int_equal(back.commands[phase].count, 1);
		assert_string_equal(command->path, execution_phase_key(phase));
		assert_int_equal(command->args.count, 2);
		assert_int_equal(command->ignore_failure, phase % 2);
	}
	assert_true(back.context.nice.given && back.context.nice.value == 0);
	assert_false(back.context.oom_score_adjust.given);
	assert_int_equal(back.context.folders[FOLDER_LOGS].mode, 0700);
	assert_string_equal(back.context.folders[FOLDER_LOGS].names.items[0], "web/log");
	assert_int_equal(back.limits.memory_max.value, -1);
	assert_string_equal(back.restart_force.signals.items[0], "TERM");
	record_fini(&execution_plan_type, &plan);
	record_fini(&execution_plan_type, &back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_plan_has_the_documented_defaults),
		cmocka_unit_test(every_member_stands_in_the_tables),
		cmocka_unit_test(a_plan_comes_back_as_it_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
