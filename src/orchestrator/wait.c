/* Dependents wait for containers, by way of as few steps as can be. */
#include "orchestrator/draft.h"

static bool holds_already(const struct replica *replica, enum dependency_condition condition)
{
	const struct seen_container *old = replica->old;

	if (replica->fate != FATE_KEEP)
		return false;
	switch (condition) {
	case DEPENDENCY_STARTED:
		return old->state == SEEN_RUNNING &&
		       (old->health == SEEN_HEALTHY || old->health == SEEN_NO_CHECK);
	case DEPENDENCY_HEALTHY:
		return old->state == SEEN_RUNNING && old->health == SEEN_HEALTHY;
	case DEPENDENCY_COMPLETED:
		break;
	}
	return old->state == SEEN_EXITED && old->exit_code == 0;
}

static struct subject subject_now(const struct replica *replica)
{
	if (replica->subject.name)
		return replica->subject;
	return replica->next ? subject_of(replica->next) : subject_of(replica->old);
}

/* Steps after which the condition holds for all containers of the service; they are made once. */
static const struct indices *service_waits(struct draft *draft, struct draft_service *service,
					   enum dependency_condition condition, bool optional)
{
	struct indices *waits = &service->waits[condition][optional];

	for (size_t i = 0; !service->waited[condition][optional] && i < service->replicas.count;
	     i++) {
		const struct replica *replica = &service->replicas.items[i];

		if (replica->fate == FATE_REMOVE || holds_already(replica, condition) ||
		    (!service->selected && !replica->ready)) /* down, and nobody asked for it */
			continue;
		if (replica->gated && condition == DEPENDENCY_HEALTHY && !optional) {
			vector_add(waits, replica->ready - 1);
			continue;
		}
		struct subject subject = subject_now(replica);
		size_t step =
			draft_container_step(draft, STEP_WAIT, service, replica->number, &subject);
		draft_after_if(draft, step, replica->ready);
		draft_at(draft, step)->condition = condition;
		draft_at(draft, step)->optional = optional;
		draft_at(draft, step)->tolerated = optional ? SIZE_MAX : 0;
		draft_at(draft, step)->detail = true;
		vector_add(waits, step);
	}
	if (!service->waited[condition][optional])
		draft_join(draft, waits);
	service->waited[condition][optional] = true;
	return waits;
}

/* Those that were begun in this plan. */
static void add_ready(struct draft *draft, struct draft_service *service, bool required,
		      struct indices *out)
{
	struct indices *ready = &service->waits[DEPENDENCY_STARTED][!required];

	if (!service->waited[DEPENDENCY_STARTED][!required]) {
		service->waited[DEPENDENCY_STARTED][!required] = true;
		for (size_t i = 0; i < service->replicas.count; i++)
			if (service->replicas.items[i].ready)
				vector_add(ready, service->replicas.items[i].ready - 1);
		if (!required && ready->count) { /* that it failed holds nobody up */
			size_t join = draft_step(draft, STEP_JOIN);

			draft_after_all(draft, join, ready);
			draft_at(draft, join)->tolerated = SIZE_MAX;
			draft_at(draft, join)->detail = true;
			ready->items[0] = join;
			ready->count = 1;
		}
		draft_join(draft, ready);
	}
	for (size_t i = 0; i < ready->count; i++)
		vector_add(out, ready->items[i]);
}

/* Of those that nobody asked for only what the plan starts all the same is waited for. */
static bool is_waited_for(const struct draft_service *service)
{
	bool waits = service->selected;

	for (size_t i = 0; !waits && i < service->replicas.count; i++)
		waits = service->replicas.items[i].ready != 0;
	return waits;
}

void draft_dependencies(struct draft *draft, struct draft_service *service, struct indices *out)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];
		struct draft_service *other = &draft->services[edge->service];

		if (!is_waited_for(other))
			continue;
		if (edge->condition == DEPENDENCY_STARTED) {
			add_ready(draft, other, edge->required, out);
			continue;
		}
		const struct indices *waits =
			service_waits(draft, other, edge->condition, !edge->required);
		for (size_t k = 0; k < waits->count; k++)
			vector_add(out, waits->items[k]);
	}
	for (size_t i = 0; i < service->connects.count; i++)
		vector_add(out, service->connects.items[i]);
	draft_join(draft, out);
}

/* A job that is done. */
static bool is_over(const struct replica *replica)
{
	return replica->fate == FATE_KEEP && !container_is_active(replica->old);
}

void service_wait(struct draft *draft, struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++) {
		const struct replica *replica = &service->replicas.items[i];
		struct subject subject = subject_now(replica);

		if (replica->fate == FATE_REMOVE || holds_already(replica, DEPENDENCY_STARTED) ||
		    is_over(replica))
			continue;
		size_t step =
			draft_container_step(draft, STEP_WAIT, service, replica->number, &subject);
		draft_after_if(draft, step, replica->ready);
		draft_at(draft, step)->condition = DEPENDENCY_STARTED;
		draft_at(draft, step)->timeout_ms = draft->options->wait_timeout_ms;
		draft_at(draft, step)->detail = true;
	}
}
