/* Any bytes as a plan: what is read is written as the same again, and holds what who carries it out relies on. */
#include "orchestrator/project_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_step(const struct plan *plan, size_t at)
{
	const struct step *step = &plan->items[at];

	for (size_t i = 0; i < step->after_count; i++)
		if (step->after[i] >= at)
			abort();
	if (step->made_by > at || step->undoes > at ||
	    (step->made_by && plan->items[step->made_by - 1].kind != STEP_CREATE))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_plan struct plan plan = {0}, again = {0};
	scoped_buffer struct buffer text = {0}, once_more = {0}, people = {0};
	scoped_free char *state = NULL, *state_again = NULL;
	struct error err;

	if (!plan_read_json((const char *)data, size, &plan, &state, &err))
		return 0;
	for (size_t i = 0; i < plan.count; i++)
		check_step(&plan, i);
	plan_write_text(&plan, &people);
	plan_write_json(&plan, state, &text);
	if (!plan_read_json(text.data, text.size, &again, &state_again, &err))
		abort();
	plan_write_json(&again, state_again, &once_more);
	if (strcmp(text.data, once_more.data) != 0)
		abort();
	return 0;
}
