#include "orchestrator/project_plan.h"

/* Steps that are about containers themselves; networks, volumes and images are everybody's. */
static bool is_of_container(enum step_kind kind)
{
	switch (kind) {
	case STEP_CREATE:
	case STEP_START:
	case STEP_STOP:
	case STEP_KILL:
	case STEP_RESTART:
	case STEP_PAUSE:
	case STEP_UNPAUSE:
	case STEP_REMOVE:
	case STEP_RENAME:
	case STEP_POST_START:
	case STEP_PRE_STOP:
	case STEP_WAIT:
	case STEP_TAKE_OVER:
	case STEP_DRAIN:
	case STEP_DELAY:
	case STEP_MONITOR:
	case STEP_KEEP:
		return true;
	case STEP_CREATE_NETWORK:
	case STEP_REMOVE_NETWORK:
	case STEP_CONNECT:
	case STEP_DISCONNECT:
	case STEP_CREATE_VOLUME:
	case STEP_REMOVE_VOLUME:
	case STEP_PULL:
	case STEP_BUILD:
	case STEP_PUSH:
	case STEP_REMOVE_IMAGE:
	case STEP_JOIN:
	case STEP_KINDS:
		return false;
	}
	return false;
}

/* It becomes a place where others come together: who waits for it waits for what it waited for. */
void plan_leave_out(struct plan *plan, const char *service)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct step *step = &plan->items[i];

		if (!str_equal(step->service, service) || !is_of_container(step->kind))
			continue;
		step->kind = STEP_JOIN;
		step->when = STEP_WHEN_DONE;
		step->tolerated = step->after_count;
		changes_fini(&step->changes);
	}
}
