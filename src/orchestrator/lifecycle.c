/* start, stop, restart, kill, pause, unpause and rm: what is there, in the order of what depends on what. */
#include "orchestrator/draft.h"

/* ---- dependents first ---- */

void draft_stops_of_users(const struct draft *draft, const struct draft_service *service,
			  struct indices *out)
{
	for (size_t i = 0; i < service->users.count; i++)
		indices_add(out, &draft->services[service->users.items[i].service].stops);
}

static bool is_meant(const struct draft *draft, const struct seen_container *container)
{
	return !container->one_off || draft->options->one_offs;
}

/* Who waits for a service without steps waits for what it would have waited for. */
static void close_stops(struct draft *draft, struct draft_service *service,
			const struct indices *users)
{
	if (!service->stops.count)
		indices_add(&service->stops, users);
	draft_join(draft, &service->stops);
}

typedef void take_step(struct draft *draft, struct draft_service *service,
		       const struct seen_container *container, const struct indices *after);

static void dependents_first(struct draft *draft, take_step *take_it)
{
	if (!draft_begin(draft, false))
		return;
	for (size_t i = draft->count; i-- > 0;) {
		struct draft_service *service = &draft->services[draft->order[i]];
		scoped_indices struct indices users = {0};

		draft_stops_of_users(draft, service, &users);
		for (size_t k = 0; service->selected && k < service->containers.count; k++)
			if (is_meant(draft, service->containers.items[k]))
				take_it(draft, service, service->containers.items[k], &users);
		close_stops(draft, service, &users);
	}
}

static void stop_one(struct draft *draft, struct draft_service *service,
		     const struct seen_container *container, const struct indices *after)
{
	if (container_is_active(container))
		vector_add(&service->stops, draft_stop(draft, service, container, after));
}

static void remove_one(struct draft *draft, struct draft_service *service,
		       const struct seen_container *container, const struct indices *after)
{
	struct subject subject = subject_of(container);

	if (container_is_active(container))
		return;
	size_t step =
		draft_container_step(draft, STEP_REMOVE, service, container->number, &subject);
	draft_at(draft, step)->remove_volumes = draft->options->remove_volumes;
	draft_after_all(draft, step, after);
	vector_add(&service->stops, step);
}

void plan_stop(const struct project *project, const struct seen *seen,
	       const struct plan_options *options, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = project, .seen = seen, .options = options, .plan = plan};

	dependents_first(&draft, stop_one);
}

void plan_remove(const struct project *project, const struct seen *seen,
		 const struct plan_options *options, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = project, .seen = seen, .options = options, .plan = plan};

	dependents_first(&draft, remove_one);
}

/* ---- all at once ---- */

static void for_state(struct draft *draft, enum step_kind kind, bool (*fits)(enum seen_state))
{
	if (!draft_begin(draft, false))
		return;
	for (size_t i = 0; i < draft->count; i++) {
		struct draft_service *service = &draft->services[draft->order[i]];

		for (size_t k = 0; service->selected && k < service->containers.count; k++) {
			const struct seen_container *container = service->containers.items[k];
			struct subject subject = subject_of(container);

			if (!is_meant(draft, container) || !fits(container->state))
				continue;
			size_t step = draft_container_step(draft, kind, service, container->number,
							   &subject);
			if (kind == STEP_KILL)
				str_replace(&draft_at(draft, step)->signal, draft->options->signal);
		}
	}
}

static bool is_active(enum seen_state state)
{
	return state == SEEN_RUNNING || state == SEEN_PAUSED || state == SEEN_RESTARTING;
}

static bool is_running(enum seen_state state)
{
	return state == SEEN_RUNNING;
}

static bool is_paused(enum seen_state state)
{
	return state == SEEN_PAUSED;
}

void plan_kill(const struct project *project, const struct seen *seen,
	       const struct plan_options *options, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = project, .seen = seen, .options = options, .plan = plan};

	for_state(&draft, STEP_KILL, is_active);
}

void plan_pause(const struct project *project, const struct seen *seen,
		const struct plan_options *options, bool resume, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = project, .seen = seen, .options = options, .plan = plan};

	for_state(&draft, resume ? STEP_UNPAUSE : STEP_PAUSE, resume ? is_paused : is_running);
}

/* ---- dependencies first ---- */

/* Those that were begun to replace others are left to `up`. */
static void settle_start(struct draft *draft, struct draft_service *service)
{
	draft_pair(service);
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *replica = &service->replicas.items[i];

		replica->next = NULL;
		replica->subject = subject_of(replica->old);
		replica->fate = container_is_active(replica->old) ? FATE_KEEP : FATE_START;
	}
	if (service->selected && !service->replicas.count && service->service &&
	    draft->project->style == COMPOSE_V2 && service->service->scale)
		draft_fail(draft, "service \"%s\" has no container to start", service->name);
}

static void start_service(struct draft *draft, struct draft_service *service)
{
	scoped_indices struct indices after = {0};

	draft_dependencies(draft, service, &after);
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *replica = &service->replicas.items[i];

		if (replica->fate == FATE_START)
			replica_start(draft, service, replica, &after);
		else
			draft_container_step(draft, STEP_KEEP, service, replica->number,
					     &replica->subject);
	}
	if (draft->options->wait)
		service_wait(draft, service);
}

void plan_start(const struct wanted *wanted, const struct seen *seen,
		const struct plan_options *options, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = wanted ? wanted->project : NULL,
		.wanted = wanted,
		.seen = seen,
		.options = options,
		.plan = plan,
	};

	if (!draft_begin(&draft, false))
		return;
	for (size_t i = 0; i < draft.count; i++)
		settle_start(&draft, &draft.services[i]);
	for (size_t i = 0; i < draft.count && !plan->failure; i++)
		if (draft.services[draft.order[i]].selected)
			start_service(&draft, &draft.services[draft.order[i]]);
}

/* `restart: true`: whoever depends so on one that is restarted is, too. */
static void select_restarted(struct draft *draft)
{
	for (size_t i = 0; i < draft->count; i++) {
		struct draft_service *service = &draft->services[draft->order[i]];

		for (size_t k = 0; k < service->edges.count; k++)
			if (service->edges.items[k].restart &&
			    draft->services[service->edges.items[k].service].selected)
				service->selected = true;
	}
}

static size_t restart_one(struct draft *draft, struct draft_service *service,
			  const struct seen_container *container, const struct indices *after)
{
	static const enum step_kind kinds[] = {STEP_PRE_STOP, STEP_RESTART, STEP_POST_START};
	bool wanted[] = {service->pre_stop && container->state == SEEN_RUNNING, true,
			 service->post_start};
	struct subject subject = subject_of(container);
	size_t before = 0;

	for (size_t i = 0; i < array_length(kinds); i++) {
		if (!wanted[i])
			continue;
		size_t step =
			draft_container_step(draft, kinds[i], service, container->number, &subject);
		draft_at(draft, step)->detail = kinds[i] != STEP_RESTART;
		draft_after_if(draft, step, before);
		if (!before)
			draft_after_all(draft, step, after);
		before = step + 1;
	}
	return before - 1;
}

/* Made to replace one that is still there, and never started: it is left to `up`. */
static bool is_begun(const struct draft_service *service, const struct seen_container *container)
{
	for (size_t i = 0; i < service->replicas.count; i++)
		if (service->replicas.items[i].next == container)
			return container->state == SEEN_CREATED;
	return false;
}

static void restart_service(struct draft *draft, struct draft_service *service)
{
	scoped_indices struct indices after = {0};

	draft_pair(service);
	for (size_t i = 0; i < service->edges.count; i++)
		indices_add(&after, &draft->services[service->edges.items[i].service].stops);
	for (size_t i = 0; service->selected && i < service->containers.count; i++) {
		const struct seen_container *container = service->containers.items[i];

		if (is_meant(draft, container) && !container->held && !is_begun(service, container))
			vector_add(&service->stops, restart_one(draft, service, container, &after));
	}
	close_stops(draft, service, &after);
}

void plan_restart(const struct project *project, const struct seen *seen,
		  const struct plan_options *options, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = project, .seen = seen, .options = options, .plan = plan};

	if (!draft_begin(&draft, false))
		return;
	if (!options->no_dependencies)
		select_restarted(&draft);
	for (size_t i = 0; i < draft.count; i++)
		restart_service(&draft, &draft.services[draft.order[i]]);
}
