/* The single steps in a container's life. */
#include "orchestrator/draft.h"

/* ---- making one ---- */

static void after_resources(struct draft *draft, const struct draft_service *service, size_t step)
{
	scoped_indices struct indices networks = {0}, volumes = {0};

	service_networks(draft, service->service, &networks);
	for (size_t i = 0; i < networks.count; i++)
		draft_after_if(draft, step, draft->network_steps[networks.items[i]]);
	service_volumes(draft, service->service, &volumes);
	for (size_t i = 0; i < volumes.count; i++)
		draft_after_if(draft, step, draft->volume_steps[volumes.items[i]]);
}

/* Containers whose namespaces, volumes or names it is made with. */
static void after_named(struct draft *draft, const struct draft_service *service, size_t step)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];
		const struct draft_service *other = &draft->services[edge->service];

		for (size_t k = 0; k < other->replicas.count; k++) {
			if (edge->shares)
				draft_after_if(draft, step, other->replicas.items[k].created);
			if (edge->links)
				draft_after_if(draft, step, other->replicas.items[k].ready);
		}
	}
}

static size_t image_step(const struct draft *draft, const struct service *service)
{
	return service->image ? (size_t)(uintptr_t)map_get(&draft->image_steps, service->image) : 0;
}

void draft_tell_why(struct draft *draft, const struct replica *replica, size_t step)
{
	struct step *s = draft_at(draft, step);

	str_replace(&s->reason, replica->reason);
	for (size_t i = 0; replica->old && i < replica->old->changes.count; i++) {
		const struct change *change = &replica->old->changes.items[i];

		changes_add(&s->changes, change->field, change->old_value, change->new_value);
	}
}

/* An old one that version 1 has renamed gets its name back, since the new one is to be called so
 * meanwhile: 1 + index of the step; 0: it has its name. */
static size_t give_name_back(struct draft *draft, const struct draft_service *service,
			     const struct replica *replica)
{
	struct subject old = subject_of(replica->old);

	if (!str_equal(replica->old->name, replica->temporary))
		return 0;
	size_t step = draft_container_step(draft, STEP_RENAME, service, replica->number, &old);
	draft_at(draft, step)->new_name = str_dup(replica->name);
	draft_at(draft, step)->detail = true;
	draft_after_all(draft, step, &service->removals);
	return step + 1;
}

void replica_create(struct draft *draft, struct draft_service *service, struct replica *replica,
		    const struct indices *after)
{
	bool beside = replica->fate == FATE_RECREATE && !replica->removed;
	struct subject subject = {.name = beside ? replica->temporary : replica->name};
	size_t renamed = beside ? give_name_back(draft, service, replica) : 0;
	size_t step = draft_container_step(draft, STEP_CREATE, service, replica->number, &subject);
	struct step *s = draft_at(draft, step);

	s->replaces = beside ? str_dup(replica->old->id) : NULL;
	s->renew_volumes = beside && draft->options->renew_anonymous_volumes;
	s->held = replica->start_first && draft->options->can_hold;
	draft_tell_why(draft, replica, step);
	after_resources(draft, service, step);
	after_named(draft, service, step);
	draft_after_if(draft, step, image_step(draft, service->service));
	draft_after_if(draft, step, renamed);
	draft_after_if(draft, step, draft->orphans_gone);
	draft_after_all(draft, step, &service->removals);
	if (after)
		draft_after_all(draft, step, after);
	subject.made_by = step + 1;
	replica->subject = subject;
	replica->created = replica->end = step + 1;
}

/* ---- starting it ---- */

void replica_start(struct draft *draft, struct draft_service *service, struct replica *replica,
		   const struct indices *after)
{
	if (draft->options->no_start || replica->stays_down)
		return;
	bool paused = replica->fate == FATE_START && replica->old->state == SEEN_PAUSED;
	size_t step = draft_container_step(draft, paused ? STEP_UNPAUSE : STEP_START, service,
					   replica->number, &replica->subject);
	if (replica->fate == FATE_RESTART || replica->fate == FATE_START)
		draft_tell_why(draft, replica, step);
	else
		draft_at(draft, step)->detail = true;
	draft_after_if(draft, step, replica->end);
	draft_after_if(draft, step, draft->orphans_gone);
	draft_after_all(draft, step, after);
	if (!replica->created && service->service && draft->network_steps)
		after_resources(draft, service, step); /* gone since it was made */
	replica->ready = replica->end = step + 1;
	if (!service->post_start || paused)
		return;
	size_t hooks = draft_container_step(draft, STEP_POST_START, service, replica->number,
					    &replica->subject);
	draft_at(draft, hooks)->detail = true;
	draft_after(draft, hooks, step);
	replica->ready = replica->end = hooks + 1;
}

/* ---- the end of one ---- */

void replica_remove_old(struct draft *draft, struct draft_service *service, struct replica *replica,
			const struct indices *after)
{
	struct subject old = subject_of(replica->old);
	size_t step = draft_container_step(draft, STEP_REMOVE, service, replica->number, &old);

	draft_at(draft, step)->detail = true;
	draft_after_if(draft, step, replica->stopped);
	draft_after_if(draft, step, replica->created);
	if (after)
		draft_after_all(draft, step, after);
	replica->removed = replica->end = step + 1;
}

void replica_rename(struct draft *draft, struct draft_service *service, struct replica *replica)
{
	enum { PREFIX = 13 }; /* 12 digits and "_" */

	if (!name_is_temporary(replica->subject.name) ||
	    str_equal(replica->subject.name, replica->name))
		return;
	size_t step = draft_container_step(draft, STEP_RENAME, service, replica->number,
					   &replica->subject);
	draft_at(draft, step)->new_name = str_dup(replica->subject.name + PREFIX);
	draft_at(draft, step)->detail = true;
	draft_after_if(draft, step, replica->end);
	draft_after_all(draft, step, &service->removals);
	replica->subject.name += PREFIX;
	replica->end = step + 1;
}

size_t draft_drain(struct draft *draft, const struct draft_service *service,
		   const struct seen_container *container, const struct indices *after)
{
	struct subject subject = subject_of(container);
	size_t step = draft_container_step(draft, STEP_DRAIN, service, container->number, &subject);

	draft_at(draft, step)->timeout_ms = service->update.drain_ms;
	draft_at(draft, step)->detail = true;
	if (after)
		draft_after_all(draft, step, after);
	return step;
}

size_t draft_take_away(struct draft *draft, const struct draft_service *service,
		       const struct discard *discard)
{
	const struct seen_container *container = discard->container;
	struct subject subject = subject_of(container);
	bool active = container_is_active(container);
	scoped_indices struct indices drained = {0};

	if (discard->drains)
		vector_add(&drained, draft_drain(draft, service, container, NULL));
	size_t stop = active ? 1 + draft_stop(draft, service, container, &drained) : 0;
	size_t step =
		draft_container_step(draft, STEP_REMOVE, service, container->number, &subject);

	if (active)
		draft_at(draft, stop - 1)->detail = true;
	draft_after_if(draft, step, stop);
	draft_reason(draft, step, "%s", discard->reason);
	return step;
}
