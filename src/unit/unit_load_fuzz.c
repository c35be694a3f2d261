/* Any text as a unit file; its first byte chooses the type.  What is loaded can be carried out: its plan comes back
 * as it was encoded, and nothing is refused without a reason. */
#include "unit/finish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"a@b.service", "a.service", "a.socket", "a.timer",
				    "a.path",	   "a.mount",	"a.slice",  "a.target"};

static void check(struct unit_config *config)
{
	bool has_plan = config->type == UNIT_SERVICE || config->type == UNIT_SOCKET ||
			config->type == UNIT_MOUNT;
	struct execution_plan plan;

	if (config->load != LOAD_LOADED && !config->load_error)
		abort();
	if (config->load == LOAD_LOADED && has_plan != unit_config_plan(config, &plan))
		abort();
	if (config->load == LOAD_LOADED && has_plan)
		record_fini(&execution_plan_type, &plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct load_context context = {.tasks_max_default = 1000};
	const char *name = names[size ? data[0] % array_length(names) : 0];
	struct unit_draft draft;
	struct error err = {0};

	pairs_set(&context.specifiers, "H", "host");
	unit_draft_init(&draft, &context, name);
	if (size && unit_draft_read(&draft, (const char *)data + 1, size - 1, "a", &err)) {
		unit_draft_check(&draft);
		unit_draft_add_implicit(&draft, NULL);
		struct unit_config *config = unit_draft_finish(&draft);
		check(config);
		unit_config_free(config);
	} else {
		unit_draft_fini(&draft);
	}
	pairs_fini(&context.specifiers);
	return 0;
}
