/* up, create and scale.
 *
 * The passes, which make each step stand behind those it waits for:
 *  1. what must go first: orphans, what an interrupted run left over, and old containers of volumes made anew
 *     (with all that must stop before those);
 *  2. networks and volumes;
 *  3. new containers, of each service after those whose namespaces it shares;
 *  4. old containers that must stop before one that they depend on does, dependents first;
 *  5. all the rest, each service after those it depends on. */
#include "orchestrator/draft.h"

/* ---- 1. what goes first ---- */

static bool is_orphan(const struct draft_service *service)
{
	return !service->service;
}

static void add_orphans(struct draft *draft, struct indices *removed, struct buffer *names)
{
	for (size_t i = 0; i < draft->seen->containers.count; i++) {
		const struct seen_container *container = &draft->seen->containers.items[i];
		struct draft_service *service = draft_service(draft, container_service(container));
		bool finished = container->one_off && draft->project->style == COMPOSE_V2 &&
				!container_is_active(container);

		if (container->one_off ? !finished : !is_orphan(service))
			continue;
		if (draft->options->remove_orphans) {
			map_put(&draft->gone, container->id, (void *)container);
			vector_add(removed,
				   draft_take_away(
					   draft, service,
					   &(struct discard){container, "not in the file", false}));
		} else if (!container->one_off) {
			buffer_format(names, "%s%s", names->size ? ", " : "", container->name);
		}
	}
}

static void settle_orphans(struct draft *draft)
{
	scoped_indices struct indices removed = {0};
	scoped_buffer struct buffer names = {0};

	add_orphans(draft, &removed, &names);
	if (names.size && !draft->options->ignore_orphans)
		draft_warn(draft,
			   "Found orphan containers (%s) for this project. If you removed or "
			   "renamed this service in your compose file, you can run this command "
			   "with the --remove-orphans flag to clean it up.",
			   names.data);
	if (!removed.count)
		return;
	size_t join = draft_step(draft, STEP_JOIN);
	draft_at(draft, join)->detail = true;
	draft_after_all(draft, join, &removed);
	draft->orphans_gone = join + 1;
}

static void remove_discarded(struct draft *draft, struct draft_service *service)
{
	for (size_t i = 0; i < service->discarded.count; i++) {
		const struct discard *discard = &service->discarded.items[i];

		map_put(&draft->gone, discard->container->id, (void *)discard->container);
		vector_add(&service->removals, draft_take_away(draft, service, discard));
	}
}

/* Those that use the service and must have stopped when it does. */
static void early_users(struct draft *draft, const struct draft_service *service,
			struct indices *out)
{
	for (size_t i = 0; i < service->users.count; i++) {
		const struct draft_edge *edge = &service->users.items[i];
		struct draft_service *user = &draft->services[edge->service];

		if ((edge->restart || edge->shares) && user->early)
			indices_add(out, &user->stops);
	}
}

static bool stops_early(const struct draft_service *service, const struct replica *replica)
{
	if (!replica->old || !container_is_active(replica->old))
		return false;
	return replica->fate == FATE_RECREATE || replica->fate == FATE_RESTART ||
	       (replica->fate == FATE_REMOVE && service->volume_renewed);
}

static void stop_early(struct draft *draft, struct draft_service *service)
{
	scoped_indices struct indices users = {0};

	early_users(draft, service, &users);
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *replica = &service->replicas.items[i];
		scoped_indices struct indices after = {0};

		if (!stops_early(service, replica))
			continue;
		indices_add(&after, &users);
		if (replica->created)
			vector_add(&after, replica->created - 1);
		size_t stop = draft_stop(draft, service, replica->old, &after);
		draft_at(draft, stop)->detail = true;
		replica->stopped = replica->end = stop + 1;
		vector_add(&service->stops, stop);
	}
	draft_join(draft, &service->stops);
}

static void remove_early(struct draft *draft, struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *replica = &service->replicas.items[i];

		if (!replica->old ||
		    (replica->fate != FATE_RECREATE && replica->fate != FATE_REMOVE))
			continue;
		replica_remove_old(draft, service, replica, NULL);
		map_put(&draft->gone, replica->old->id, (void *)replica->old);
		vector_add(&service->removals, replica->removed - 1);
	}
}

/* Dependents first. */
static void stop_all_early(struct draft *draft, bool before_create)
{
	for (size_t i = draft->count; i-- > 0;) {
		struct draft_service *service = &draft->services[draft->order[i]];

		if (!service->service || service->stop_before_create != before_create ||
		    !(service->early || service->volume_renewed))
			continue;
		stop_early(draft, service);
		if (service->volume_renewed)
			remove_early(draft, service);
	}
}

/* ---- 3. new containers ---- */

static void create_new(struct draft *draft, struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *replica = &service->replicas.items[i];

		if (replica->fate == FATE_CREATE ||
		    (replica->fate == FATE_RECREATE && !replica->next && !service->late))
			replica_create(draft, service, replica, NULL);
	}
}

/* ---- 5. the rest ---- */

static void keep(struct draft *draft, struct draft_service *service, struct replica *replica)
{
	replica->subject = subject_of(replica->old);
	if (!service->selected)
		return;
	size_t renamed = draft->plan->count;
	replica_rename(draft, service, replica);
	if (replica->end) {
		draft_at(draft, renamed)->detail = false;
		draft_reason(draft, renamed, "the one that it replaced is gone");
		return;
	}
	size_t step =
		draft_container_step(draft, STEP_KEEP, service, replica->number, &replica->subject);
	if (replica->old->state == SEEN_EXITED)
		draft_at(draft, step)->condition = DEPENDENCY_COMPLETED;
}

static void start_again(struct draft *draft, struct draft_service *service, struct replica *replica,
			const struct indices *after)
{
	replica->subject = subject_of(replica->old);
	replica_rename(draft, service, replica);
	if (replica->fate == FATE_RESTART && !replica->stopped) {
		replica->stopped = 1 + draft_stop(draft, service, replica->old, after);
		draft_at(draft, replica->stopped - 1)->detail = true;
		replica->end = replica->stopped;
	}
	replica_start(draft, service, replica, after);
}

static void remove_surplus(struct draft *draft, struct draft_service *service,
			   struct replica *replica)
{
	struct discard old = {replica->old, replica->reason, false};
	struct discard next = {replica->next, replica->reason, false};
	bool drained = service_is_drained(draft, service);

	old.drains = drained && old.container && old.container->state == SEEN_RUNNING;
	next.drains = drained && next.container && next.container->state == SEEN_RUNNING &&
		      !next.container->held;
	if (old.container && !replica->removed)
		draft_take_away(draft, service, &old);
	if (next.container)
		draft_take_away(draft, service, &next);
}

static void finish_replica(struct draft *draft, struct draft_service *service,
			   struct replica *replica, const struct indices *after)
{
	switch (replica->fate) {
	case FATE_KEEP:
		keep(draft, service, replica);
		break;
	case FATE_START:
	case FATE_RESTART:
		start_again(draft, service, replica, after);
		break;
	case FATE_CREATE:
		replica_start(draft, service, replica, after);
		break;
	case FATE_REMOVE:
		remove_surplus(draft, service, replica);
		break;
	case FATE_RECREATE:
		break; /* service_replace */
	}
}

static bool needs_dependencies(const struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++)
		if (service->replicas.items[i].fate != FATE_KEEP &&
		    service->replicas.items[i].fate != FATE_REMOVE)
			return true;
	return false;
}

/* A namespace or volume of one that is gone does not come back. */
static bool shares_what_is_made_anew(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++)
		if (service->edges.items[i].shares &&
		    service_recreates(&draft->services[service->edges.items[i].service]))
			return true;
	return false;
}

/* What was stopped for the sake of one that it depends on runs again where that one fails: it ran before. */
static void restore_stopped(struct draft *draft, struct draft_service *service,
			    const struct indices *dependencies)
{
	if (!service->early || !dependencies->count || shares_what_is_made_anew(draft, service))
		return;
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *replica = &service->replicas.items[i];

		if (!replica->stopped || replica->removed || replica->fate == FATE_REMOVE)
			continue;
		struct subject old = subject_of(replica->old);
		size_t step =
			draft_container_step(draft, STEP_START, service, replica->number, &old);
		struct step *s = draft_at(draft, step);

		s->when = STEP_WHEN_FAILED;
		s->undoes = replica->stopped;
		s->detail = true;
		draft_after_all(draft, step, dependencies);
		draft_after(draft, step, replica->stopped - 1);
	}
}

static void finish_service(struct draft *draft, struct draft_service *service)
{
	scoped_indices struct indices after = {0};

	if (needs_dependencies(service) && !draft->options->no_start)
		draft_dependencies(draft, service, &after);
	if (service->late)
		create_new(draft, service);
	restore_stopped(draft, service, &after);
	for (size_t i = 0; i < service->replicas.count; i++)
		finish_replica(draft, service, &service->replicas.items[i], &after);
	service_replace(draft, service, &after);
	if (draft->options->wait && service->selected && !draft->options->no_start)
		service_wait(draft, service);
}

/* ---- all of it ---- */

static bool check_scale(struct draft *draft, const struct draft_service *service)
{
	const struct service *s = service->service;
	size_t wanted = 0;

	for (size_t i = 0; i < service->replicas.count; i++)
		wanted += service->replicas.items[i].fate != FATE_REMOVE;
	if (wanted < 2 || !service->selected)
		return true;
	if (s->container_name)
		return draft_fail(
			draft,
			"service \"%s\" has container_name \"%s\" and cannot be scaled to "
			"%zu containers",
			s->name, s->container_name, wanted);
	if (service_publishes_fixed_port(s) && !draft->options->can_balance)
		draft_warn(
			draft,
			"The \"%s\" service specifies a port on the host. If multiple containers "
			"for this service are created on a single host, the port will clash.",
			s->name);
	return true;
}

static bool has_replicas(const struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++)
		if (service->replicas.items[i].fate != FATE_REMOVE)
			return true;
	return false;
}

/* What it shares must be there, or be made. */
static bool check_shared(struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; service->selected && i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];
		const struct draft_service *other = &draft->services[edge->service];

		if (edge->shares && has_replicas(service) && !has_replicas(other))
			return draft_fail(
				draft,
				"service \"%s\" shares something of service \"%s\", which has "
				"no container",
				service->name, other->name);
	}
	return true;
}

/* A volume is not taken from under services that nobody asked for. */
static bool check_volumes(struct draft *draft, const struct draft_service *service)
{
	if (!service->volume_renewed || service->selected || !service->containers.count)
		return true;
	return draft_fail(draft,
			  "service \"%s\" has a volume that is to be made anew, and is not part of "
			  "this run: name it, too, or name none",
			  service->name);
}

static bool settle_all(struct draft *draft)
{
	for (size_t i = 0; i < draft->count; i++) {
		struct draft_service *service = &draft->services[draft->order[i]];

		if (!service->service || !(service->selected || service->containers.count))
			continue;
		draft_pair(service);
		draft_settle(draft, service);
		if (!check_scale(draft, service) || !check_shared(draft, service) ||
		    !check_volumes(draft, service))
			return false;
		if (service->stop_first_reason && service_recreates(service))
			draft_warn(draft, "service \"%s\" is updated stop-first: %s", service->name,
				   service->stop_first_reason);
	}
	for (size_t i = draft->count; i-- > 0;)
		if (draft->services[draft->order[i]].service)
			draft_settle_finished(draft, &draft->services[draft->order[i]]);
	return true;
}

/* Images that earlier steps of the plan bring. */
static void index_image_steps(struct draft *draft)
{
	for (size_t i = 0; i < draft->plan->count; i++) {
		const struct step *step = draft_at(draft, i);

		if (step->kind == STEP_PULL || step->kind == STEP_BUILD)
			map_put(&draft->image_steps, step->name, (void *)(uintptr_t)(i + 1));
	}
}

static void add_steps(struct draft *draft)
{
	settle_orphans(draft);
	for (size_t i = 0; i < draft->count; i++)
		remove_discarded(draft, &draft->services[draft->order[i]]);
	stop_all_early(draft, true);
	draft_networks(draft);
	draft_volumes(draft);
	for (size_t i = 0; i < draft->count; i++)
		if (!draft->services[draft->order[i]].late)
			create_new(draft, &draft->services[draft->order[i]]);
	stop_all_early(draft, false);
	for (size_t i = 0; i < draft->count; i++)
		finish_service(draft, &draft->services[draft->order[i]]);
}

void plan_up(const struct wanted *wanted, const struct seen *seen,
	     const struct plan_options *options, struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = wanted->project,
		.wanted = wanted,
		.seen = seen,
		.options = options,
		.plan = plan,
	};

	index_image_steps(&draft);
	if (draft_begin(&draft, !options->no_dependencies) && draft_check_resources(&draft) &&
	    settle_all(&draft))
		add_steps(&draft);
}
