/* What becomes of each container of a service, and why. */
#include "orchestrator/draft.h"

bool service_recreates(const struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++)
		if (service->replicas.items[i].fate == FATE_RECREATE)
			return true;
	return false;
}

/* ---- is it as wanted? ---- */

static char *describe(const struct changes *changes)
{
	struct buffer text = {0};

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];
		const char *what = "changed";

		if (!change->old_value || !change->new_value)
			what = change->old_value ? "removed" : "added";
		buffer_format(&text, "%s%s %s", i ? ", " : "", change->field, what);
	}
	return buffer_take(&text);
}

/* A container of somebody else's compose has no hash of ours, but its fields can be compared. */
static char *why_configuration(const struct draft *draft, const struct draft_service *service,
			       const struct seen_container *container)
{
	const struct pair *wanted = map_get(&draft->hashes, service->name);

	if (container->hash ? str_equal(container->hash, wanted ? wanted->value : NULL)
			    : container->compared && !container->changes.count)
		return NULL;
	return container->changes.count ? describe(&container->changes)
					: str_dup("configuration changed");
}

static char *why_image(const struct draft *draft, const struct draft_service *service,
		       const struct seen_container *container)
{
	const struct seen_image *image =
		service->service->image ? map_get(&draft->images, service->service->image) : NULL;

	if (!image || !image->id || !container->image || str_equal(image->id, container->image))
		return NULL;
	return str_dup("image changed");
}

/* One that ran on a network that is gone has its id in its memory. */
static char *why_network(const struct draft *draft, const struct draft_service *service,
			 const struct seen_container *container)
{
	scoped_indices struct indices wanted = {0};

	service_networks(draft, service->service, &wanted);
	for (size_t i = 0; i < wanted.count; i++) {
		const char *name = draft->project->networks.items[wanted.items[i]].name;

		if (!strings_contain(&container->networks, name))
			return str_format("network %s is missing", name);
		if (!map_get(&draft->networks, name) && container->state != SEEN_CREATED)
			return str_format("network %s is made anew", name);
	}
	return NULL;
}

static char *why_volume(const struct draft *draft, const struct draft_service *service,
			const struct seen_container *container)
{
	scoped_indices struct indices wanted = {0};

	service_volumes(draft, service->service, &wanted);
	for (size_t i = 0; i < wanted.count; i++) {
		const char *name = draft->project->volumes.items[wanted.items[i]].name;

		if (draft->volume_renewed && draft->volume_renewed[wanted.items[i]])
			return str_format("volume %s is made anew", name);
		if (!strings_contain(&container->volumes, name))
			return str_format("volume %s is missing", name);
	}
	return NULL;
}

/* Is the container one of the service's that will be there? */
static bool stays(const struct draft_service *service, const char *id)
{
	for (size_t i = 0; i < service->replicas.count; i++) {
		const struct replica *r = &service->replicas.items[i];

		if (r->fate != FATE_REMOVE && ((r->old && str_equal(r->old->id, id)) ||
					       (r->next && str_equal(r->next->id, id))))
			return true;
	}
	return false;
}

/* Its namespaces or volumes are those of a container that goes. */
static char *why_shared(const struct draft *draft, const struct draft_service *service,
			const struct seen_container *container)
{
	const char *mode = node_get_text(service->service->node, "network_mode", "");

	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];
		const struct draft_service *other = &draft->services[edge->service];

		if (edge->shares && other->made_anew)
			return str_format("%s, of which it shares something, is made anew",
					  other->name);
		if (service->selected && edge->shares && container->network_of &&
		    str_starts_with(mode, "service:") &&
		    str_equal(mode + strlen("service:"), other->name) &&
		    !stays(other, container->network_of))
			return str_format("the container whose network it shares is gone");
	}
	return NULL;
}

static char *why_dependency(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_service *other =
			&draft->services[service->edges.items[i].service];

		if (other->made_anew)
			return str_format("%s, on which it depends, is made anew", other->name);
	}
	return NULL;
}

/* Owned; NULL: it can stay. */
static char *why_outdated(const struct draft *draft, const struct draft_service *service,
			  const struct seen_container *container)
{
	const struct plan_options *options = draft->options;
	char *reason = NULL;

	if (options->no_recreate)
		return NULL;
	if (service->selected && options->force_recreate)
		return str_dup("forced");
	reason = why_shared(draft, service, container);
	if (!service->selected || reason)
		return reason;
	if (options->always_recreate_dependencies)
		reason = why_dependency(draft, service);
	if (!reason && container->state == SEEN_DEAD)
		reason = str_dup("it is dead");
	if (!reason)
		reason = why_configuration(draft, service, container);
	if (!reason)
		reason = why_image(draft, service, container);
	if (!reason)
		reason = why_network(draft, service, container);
	return reason ? reason : why_volume(draft, service, container);
}

/* ---- one that was begun ---- */

/* Could it go on from here to take the place of the old one? */
static bool can_succeed(const struct draft *draft, const struct draft_service *service,
			const struct seen_container *old, const struct seen_container *next)
{
	bool start_first = service->update.start_first && container_is_active(old);

	if (container_is_active(next))
		return !next->held || (start_first && draft->options->can_hold);
	return start_first ? next->held == draft->options->can_hold : !next->held;
}

static void discard(struct draft_service *service, const struct seen_container *container,
		    const char *reason)
{
	vector_add(&service->discarded, ((struct discard){container, reason, false}));
}

/* Something it shares was thrown away after it was made. */
static bool shares_discarded(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];
		const struct draft_service *other = &draft->services[edge->service];

		if (!edge->shares)
			continue;
		if (other->next_discarded)
			return true;
		for (size_t k = 0; k < other->replicas.count; k++) {
			const struct replica *r = &other->replicas.items[k];

			if (r->fate == FATE_CREATE || (r->fate == FATE_RECREATE && !r->next))
				return true;
		}
	}
	return false;
}

/* Of two containers one goes: the plan that was cut is gone on with, unless what it was for has changed. */
static void settle_pair(const struct draft *draft, struct draft_service *service,
			struct replica *replica)
{
	const struct seen_container *old = replica->old, *next = replica->next;
	bool lives = replica_is_in_place(old, next);
	scoped_free char *old_reason = why_outdated(draft, service, old);
	scoped_free char *next_reason = shares_discarded(draft, service)
						? str_dup("what it shares is made anew")
						: why_outdated(draft, service, next);
	bool renewed = service->volume_renewed;

	if (lives && (next_reason || renewed)) { /* it is in its place already */
		discard(service, old, "it was replaced");
		replica->old = next;
		replica->next = NULL;
	} else if (renewed || next_reason || !can_succeed(draft, service, old, next) ||
		   (!old_reason && !lives)) {
		discard(service, next, "begun for what is no longer wanted");
		service->next_discarded = true;
		replica->next = NULL;
	}
}

/* ---- fates ---- */

/* Something it shares belongs to containers that nobody starts. */
static bool shares_what_is_down(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_service *other =
			&draft->services[service->edges.items[i].service];
		bool down = service->edges.items[i].shares && other->replicas.count;

		for (size_t k = 0; k < other->replicas.count; k++)
			down = down && other->replicas.items[k].stays_down;
		if (down)
			return true;
	}
	return false;
}

static void settle_replica(const struct draft *draft, struct draft_service *service,
			   struct replica *replica)
{
	const struct plan_options *options = draft->options;

	if (replica->next)
		settle_pair(draft, service, replica);
	if (replica->next) {
		replica->fate = FATE_RECREATE;
		replica->reason = why_outdated(draft, service, replica->old);
		if (!replica->reason)
			replica->reason = str_dup("begun by an earlier run");
	} else {
		replica->reason = why_outdated(draft, service, replica->old);
		replica->fate = replica->reason ? FATE_RECREATE : FATE_KEEP;
	}
	bool down = !service->selected && !replica->next && !container_is_active(replica->old);
	if (down)
		replica->fate = FATE_KEEP;
	replica->stays_down = down || (!service->selected && shares_what_is_down(draft, service));
	if (replica->old->held && replica->fate == FATE_KEEP && !options->no_recreate) {
		replica->fate = FATE_RECREATE;
		replica->reason = str_dup("the container whose ports it was to get is gone");
	}
}

static bool is_job(const struct service *service)
{
	const char *mode = node_get_text(node_get(service->node, "deploy"), "mode", "");

	return str_ends_with(mode, "-job");
}

/* What is as wanted must run, too: but a job that is done. */
static void settle_state(const struct draft *draft, const struct draft_service *service,
			 struct replica *replica)
{
	const struct seen_container *old = replica->old;

	bool runs = old && container_is_active(old) && old->state != SEEN_PAUSED;

	if (replica->fate != FATE_KEEP || draft->options->no_start || !service->selected || runs)
		return;
	if (is_job(service->service) && old->state == SEEN_EXITED && !old->exit_code)
		return;
	replica->fate = FATE_START;
	replica->reason = str_dup(old->state == SEEN_CREATED  ? "it was never started"
				  : old->state == SEEN_PAUSED ? "it is paused"
							      : "it is stopped");
}

/* Does the plan begin one that waits for it to end?  `only`: nobody waits for anything else of it. */
static bool is_awaited(const struct draft *draft, const struct draft_service *service, bool *only)
{
	bool awaited = false;

	*only = service->users.count > 0;
	for (size_t i = 0; i < service->users.count; i++) {
		const struct draft_service *user = &draft->services[service->users.items[i].service];

		*only &= service->users.items[i].condition == DEPENDENCY_COMPLETED;
		for (size_t k = 0; k < user->replicas.count; k++)
			awaited |= user->replicas.items[k].fate != FATE_KEEP &&
				   user->replicas.items[k].fate != FATE_REMOVE;
	}
	return awaited;
}

/* Would nobody start it again when it ends well? */
static bool ends_for_good(const struct service *service)
{
	const char *restart = node_get_text(service->node, "restart", "no");
	const struct node *policy =
		node_get(node_get(service->node, "deploy"), "restart_policy");

	if (policy && policy->kind == NODE_MAP)
		return strcmp(node_get_text(policy, "condition", "any"), "any") != 0;
	return strcmp(restart, "always") != 0 && strcmp(restart, "unless-stopped") != 0;
}

/* One that all others wait for to end, and that did so, is not run again for nobody. */
void draft_settle_finished(struct draft *draft, struct draft_service *service)
{
	bool only;

	if (is_awaited(draft, service, &only) || !only || !ends_for_good(service->service) ||
	    strings_contain(&draft->options->services, service->name) ||
	    str_equal(draft->options->awaited, service->name))
		return;
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *r = &service->replicas.items[i];

		if (r->fate != FATE_START || r->old->state != SEEN_EXITED || r->old->exit_code)
			continue;
		r->fate = FATE_KEEP;
		str_replace(&r->reason, NULL);
	}
}

static uint64_t wanted_count(const struct draft *draft, const struct draft_service *service)
{
	const char *given = pairs_get(&draft->options->scale, service->name);
	uint64_t count = service->service->scale;

	if (given && !parse_u64(given, &count))
		count = service->service->scale;
	return service->selected ? count : service->replicas.count;
}

/* Outdated ones go first, then the highest numbers: --scale down. */
static void choose_surplus(struct draft_service *service, size_t surplus)
{
	for (int outdated = 1; outdated >= 0; outdated--)
		for (size_t i = service->replicas.count; surplus && i-- > 0;) {
			struct replica *r = &service->replicas.items[i];

			if (r->fate == FATE_REMOVE || (outdated && r->fate != FATE_RECREATE))
				continue;
			r->fate = FATE_REMOVE;
			str_replace(&r->reason, "scaled down");
			surplus--;
		}
}

/* A new one for each that is missing, numbered on from the highest. */
static void add_missing(struct draft_service *service, uint64_t missing)
{
	unsigned number = 0;

	for (size_t i = 0; i < service->replicas.count; i++)
		if (service->replicas.items[i].number > number)
			number = service->replicas.items[i].number;
	for (; missing; missing--) {
		struct replica replica = {.number = ++number, .fate = FATE_CREATE};

		vector_add(&service->replicas, replica);
	}
}

/* ---- what follows for the service ---- */

/* Among those it depends on is one that is made anew, and it must not run meanwhile. */
static bool must_stop_early(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];
		const struct draft_service *other = &draft->services[edge->service];

		if ((edge->restart || edge->shares) && service_recreates(other) &&
		    !other->update.start_first)
			return true;
	}
	return false;
}

/* `restart: true`: stopped and started for the sake of what it depends on. */
static void settle_restarts(const struct draft *draft, struct draft_service *service)
{
	const struct draft_service *cause = NULL;

	for (size_t i = 0; i < service->edges.count && !draft->options->no_start; i++)
		if (service->edges.items[i].restart &&
		    service_recreates(&draft->services[service->edges.items[i].service]))
			cause = &draft->services[service->edges.items[i].service];
	for (size_t i = 0; cause && i < service->replicas.count; i++) {
		struct replica *r = &service->replicas.items[i];

		bool stale = r->old && r->old->network_of &&
			     !map_get(&draft->ids, r->old->network_of); /* it could not start */

		if (r->fate != FATE_KEEP || !container_is_active(r->old) || stale)
			continue;
		r->fate = FATE_RESTART;
		r->reason = str_format("%s, on which it depends, is made anew", cause->name);
	}
}

static bool stops_before_create(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];

		if ((edge->restart || edge->shares) && service->early &&
		    draft->services[edge->service].stop_before_create)
			return true;
	}
	return service->volume_renewed || (service->early && service->late);
}

/* Its new containers cannot be made at once: they come in batches, or name one that must run. */
static bool is_late(const struct draft *draft, const struct draft_service *service)
{
	for (size_t i = 0; i < service->edges.count; i++) {
		const struct draft_edge *edge = &service->edges.items[i];

		if (edge->links || (edge->shares && draft->services[edge->service].late))
			return true;
	}
	return service->update.given && !service->early && !service->volume_renewed &&
	       !service->shared;
}

static bool uses_renewed_volume(const struct draft *draft, const struct draft_service *service)
{
	scoped_indices struct indices volumes = {0};

	if (!draft->volume_renewed)
		return false;
	service_volumes(draft, service->service, &volumes);
	for (size_t i = 0; i < volumes.count; i++)
		if (draft->volume_renewed[volumes.items[i]])
			return true;
	return false;
}

static void name_replicas(const struct draft *draft, struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++) {
		struct replica *r = &service->replicas.items[i];

		r->name = project_container_name(draft->project, service->service, r->number);
		if (r->old)
			r->temporary = str_format("%.12s_%s", r->old->id, r->name);
		r->start_first = r->fate == FATE_RECREATE && service->update.start_first &&
				 r->old->state == SEEN_RUNNING && (!r->old->held || r->next);
	}
}

void draft_settle(struct draft *draft, struct draft_service *service)
{
	bool there = service->replicas.count > 0;

	service->volume_renewed = uses_renewed_volume(draft, service);
	service->early = must_stop_early(draft, service);
	update_read(draft, service);
	for (size_t i = 0; i < service->replicas.count; i++)
		settle_replica(draft, service, &service->replicas.items[i]);
	uint64_t wanted = wanted_count(draft, service);
	if (service->replicas.count > wanted)
		choose_surplus(service, service->replicas.count - (size_t)wanted);
	else
		add_missing(service, wanted - service->replicas.count);
	settle_restarts(draft, service);
	for (size_t i = 0; i < service->replicas.count; i++)
		settle_state(draft, service, &service->replicas.items[i]);
	service->made_anew = service_recreates(service) || (!there && wanted > 0);
	service->late = is_late(draft, service);
	service->stop_before_create = stops_before_create(draft, service);
	name_replicas(draft, service);
}
