/* From old containers to new ones.
 *
 * Stop-first:  create, stop old, remove old, rename, start.
 * Start-first: create (held), start, gate, take over, drain, stop old, remove old, rename; where the gate fails, the
 *		new one goes and the old one stays.
 * With `failure_action: rollback` old ones stay until the last batch is through its gate, and come back when it is
 * not. */
#include "orchestrator/draft.h"

struct replacement {
	struct draft *draft;
	struct draft_service *service;
	bool rolls_back;
	size_t tolerated;
	struct indices before; /* what the present batch waits for */
	struct indices ends;   /* of the replicas that the next barrier counts */
	struct replica **items;
	size_t count;
};

static void replacement_fini(struct replacement *r)
{
	indices_fini(&r->before);
	indices_fini(&r->ends);
	free(r->items);
}

static void add_end(struct replacement *r, size_t end)
{
	if (end)
		vector_add(&r->ends, end - 1);
	else /* it had nothing to do: what comes then waits all the same */
		indices_add(&r->ends, &r->before);
}

static size_t new_step(struct replacement *r, enum step_kind kind, struct replica *replica)
{
	size_t step = draft_container_step(r->draft, kind, r->service, replica->number,
					   &replica->subject);

	draft_at(r->draft, step)->detail = true;
	if (replica->end)
		draft_after(r->draft, step, replica->end - 1);
	else /* it was begun by an earlier run */
		draft_after_all(r->draft, step, &r->before);
	return step;
}

/* A new one must be healthy, or without a check run for a while. */
static void add_gate(struct replacement *r, struct replica *replica)
{
	const struct update *update = &r->service->update;
	bool checked = service_has_check(r->service->service);

	if (!update->watched || replica->stays_down)
		return;
	size_t step = new_step(r, STEP_WAIT, replica);
	draft_at(r->draft, step)->condition = checked ? DEPENDENCY_HEALTHY : DEPENDENCY_STARTED;
	replica->ready = replica->end = step + 1;
	replica->gated = checked;
	if (checked)
		return;
	step = new_step(r, STEP_MONITOR, replica);
	draft_at(r->draft, step)->timeout_ms = update->monitor_ms;
	replica->ready = replica->end = step + 1;
}

/* Could the old one come back?  Not one that was stopped after it had handed over: it is held. */
static bool can_roll_back(const struct replacement *r, const struct replica *replica)
{
	return r->rolls_back && (container_is_active(replica->old) || !replica->old->held);
}

/* ---- when it fails ---- */

static size_t undo_step(struct replacement *r, enum step_kind kind, const struct subject *subject,
			unsigned number, const struct indices *causes)
{
	size_t step = draft_container_step(r->draft, kind, r->service, number, subject);
	struct step *s = draft_at(r->draft, step);

	s->when = STEP_WHEN_FAILED;
	s->detail = true;
	/* What it is about need not have been made. */
	s->after_count = 0;
	draft_after_all(r->draft, step, causes);
	return step;
}

/* Stop and remove the new one, if `undoes` (1 + index; 0: in any case) was carried out: the removal. */
static size_t undo_new(struct replacement *r, struct replica *replica, const struct indices *causes,
		       size_t undoes)
{
	size_t stop = undo_step(r, STEP_STOP, &replica->subject, replica->number, causes);
	size_t removal;

	draft_at(r->draft, stop)->undoes = undoes;
	removal = undo_step(r, STEP_REMOVE, &replica->subject, replica->number, causes);
	draft_after(r->draft, removal, stop);
	draft_at(r->draft, removal)->undoes = stop + 1;
	return removal;
}

/* ---- start-first ---- */

static void take_over(struct replacement *r, struct replica *replica)
{
	bool held = replica->next ? replica->next->held : r->draft->options->can_hold;

	if (!held)
		return;
	size_t step = new_step(r, STEP_TAKE_OVER, replica);
	draft_at(r->draft, step)->replaces = str_dup(replica->old->id);
	replica->ready = replica->end = step + 1;
	replica->taken_over = step + 1;
}

/* The old one's last connections, its end, and the new one gets the name. */
static void retire_old(struct replacement *r, struct replica *replica, const struct indices *after)
{
	scoped_indices struct indices causes = {0};

	indices_add(&causes, after);
	if (replica->end)
		vector_add(&causes, replica->end - 1);
	if (r->draft->options->can_hold && container_is_active(replica->old)) {
		size_t drain = draft_drain(r->draft, r->service, replica->old, &causes);

		causes.count = 0;
		vector_add(&causes, drain);
	}
	if (container_is_active(replica->old)) {
		replica->stopped = 1 + draft_stop(r->draft, r->service, replica->old, &causes);
		draft_at(r->draft, replica->stopped - 1)->detail = true;
	}
	replica_remove_old(r->draft, r->service, replica, &causes);
	replica_rename(r->draft, r->service, replica);
}

static void start_first(struct replacement *r, struct replica *replica)
{
	bool is_over = replica_is_in_place(replica->old, replica->next);

	if (!replica->next)
		replica_create(r->draft, r->service, replica, &r->before);
	if (!replica->next || !container_is_active(replica->next))
		replica_start(r->draft, r->service, replica, &r->before);
	if (!is_over) {
		add_gate(r, replica);
		take_over(r, replica);
		scoped_indices struct indices causes = {0};
		vector_add(&causes, replica->ready - 1);
		undo_new(r, replica, &causes, replica->created);
	}
	if (!r->rolls_back)
		retire_old(r, replica, is_over ? &r->before : NULL);
	add_end(r, r->rolls_back ? replica->ready : replica->end);
}

/* Later batches failed: this one was through, perhaps in an earlier run, and the old one still runs. */
static void roll_back_start_first(struct replacement *r, struct replica *replica,
				  const struct indices *causes)
{
	struct subject old = subject_of(replica->old);
	bool hands_back = replica->taken_over ||
			  (replica_is_in_place(replica->old, replica->next) && replica->old->held);
	size_t undoes = replica->ready;
	scoped_indices struct indices all = {0};

	if (!container_is_active(replica->old))
		return;
	indices_add(&all, causes);
	if (hands_back) {
		size_t back = undo_step(r, STEP_TAKE_OVER, &old, replica->number, causes);

		draft_at(r->draft, back)->replaces =
			str_dup(replica->subject.id ? replica->subject.id : replica->subject.name);
		draft_at(r->draft, back)->undoes = replica->taken_over;
		undoes = back + 1;
		vector_add(&all, back);
	}
	undo_new(r, replica, &all, undoes);
}

/* ---- stop-first ---- */

static void stop_old(struct replacement *r, struct replica *replica)
{
	scoped_indices struct indices after = {0};

	if (replica->stopped || !container_is_active(replica->old) || replica->removed)
		return;
	indices_add(&after, &r->before);
	if (replica->created)
		vector_add(&after, replica->created - 1);
	replica->stopped = 1 + draft_stop(r->draft, r->service, replica->old, &after);
	draft_at(r->draft, replica->stopped - 1)->detail = true;
}

static void stop_first(struct replacement *r, struct replica *replica)
{
	bool runs = replica->next && container_is_active(replica->next);

	if (!replica->next && !replica->created)
		replica_create(r->draft, r->service, replica, &r->before);
	stop_old(r, replica);
	if (!can_roll_back(r, replica) && !replica->removed) {
		replica_remove_old(r->draft, r->service, replica, &r->before);
		replica_rename(r->draft, r->service, replica);
	} else if (can_roll_back(r, replica) && replica->stopped) {
		replica->end = replica->stopped;
	}
	if (!runs)
		replica_start(r->draft, r->service, replica, &r->before);
	if (!runs || can_roll_back(r, replica)) /* that it runs says nothing of how */
		add_gate(r, replica);
	add_end(r, replica->end);
}

static void retire_stopped(struct replacement *r, struct replica *replica,
			   const struct indices *barrier)
{
	scoped_indices struct indices causes = {0};

	indices_add(&causes, barrier);
	if (replica->end)
		vector_add(&causes, replica->end - 1);
	size_t restored = undo_new(r, replica, &causes, replica->created);
	/* Also one that did not run before: an earlier run may have stopped it. */
	struct subject old = subject_of(replica->old);
	size_t start = undo_step(r, STEP_START, &old, replica->number, &causes);
	draft_after(r->draft, start, restored);
	draft_at(r->draft, start)->undoes = replica->stopped;
	replica_remove_old(r->draft, r->service, replica, &causes);
	replica_rename(r->draft, r->service, replica);
}

/* ---- batches ---- */

static void collect(struct replacement *r)
{
	r->items = mem_zeroed(r->service->replicas.count, sizeof(struct replica *));
	for (size_t i = 0; i < r->service->replicas.count; i++) {
		struct replica *replica = &r->service->replicas.items[i];

		if (replica->fate != FATE_RECREATE)
			continue;
		if (replica->next)
			replica->subject = subject_of(replica->next);
		r->items[r->count++] = replica;
	}
}

/* The next batch begins when this one went well enough. */
static size_t add_barrier(struct replacement *r, int64_t delay_ms)
{
	size_t step = draft_step(r->draft, delay_ms > 0 ? STEP_DELAY : STEP_JOIN);
	struct step *s = draft_at(r->draft, step);

	s->service = str_dup(r->service->name);
	s->timeout_ms = delay_ms > 0 ? delay_ms : -1;
	s->tolerated = r->tolerated;
	s->detail = true;
	draft_after_all(r->draft, step, &r->ends);
	return step;
}

static void next_batch(struct replacement *r, const struct indices *after)
{
	size_t barrier = add_barrier(r, r->service->update.delay_ms);

	if (!r->tolerated) /* those before it are behind it */
		r->ends.count = 0;
	if (!r->tolerated)
		vector_add(&r->ends, barrier);
	r->before.count = 0;
	indices_add(&r->before, after);
	vector_add(&r->before, barrier);
}

/* Others rely on new containers when it is decided that they stay. */
static void finish_roll_back(struct replacement *r)
{
	size_t decided = add_barrier(r, 0);
	scoped_indices struct indices barrier = {0};

	vector_add(&barrier, decided);
	for (size_t i = 0; i < r->count; i++) {
		struct replica *replica = r->items[i];

		if (replica->start_first) {
			roll_back_start_first(r, replica, &barrier);
			retire_old(r, replica, &barrier);
		} else if (can_roll_back(r, replica)) {
			retire_stopped(r, replica, &barrier);
		}
		replica->ready = decided + 1;
	}
}

/* Of all replicas, so that it is the same when an interrupted update is gone on with. */
static size_t tolerated_failures(const struct draft_service *service)
{
	const struct update *update = &service->update;
	size_t count = 0;

	for (size_t i = 0; i < service->replicas.count; i++)
		count += service->replicas.items[i].fate != FATE_REMOVE;
	if (update->action == UPDATE_CONTINUE)
		return SIZE_MAX;
	return update->failure_ratio > 0 && update->failure_ratio <= 1
		       ? (size_t)(update->failure_ratio * (double)count)
		       : 0;
}

/* What an earlier run has begun has no create that would be shown: the first of its steps that says something is. */
static void tell_of_resumed(struct draft *draft, const struct replica *replica, size_t first)
{
	while (first + 1 < draft->plan->count && (draft_at(draft, first)->kind == STEP_WAIT ||
						  draft_at(draft, first)->kind == STEP_MONITOR))
		first++;
	draft_at(draft, first)->detail = false;
	if (replica_is_in_place(replica->old, replica->next))
		draft_reason(draft, first, "an earlier run replaced it");
	else
		draft_tell_why(draft, replica, first);
}

void service_replace(struct draft *draft, struct draft_service *service,
		     const struct indices *after)
{
	bool in_batches = service->late && service->update.given;
	scoped_with(replacement_fini) struct replacement r = {.draft = draft, .service = service};

	collect(&r);
	size_t batch =
		in_batches && service->update.parallelism ? service->update.parallelism : r.count;
	r.rolls_back = in_batches && service->update.action == UPDATE_ROLL_BACK;
	r.tolerated = tolerated_failures(service);
	indices_add(&r.before, after);
	for (size_t i = 0; i < r.count; i++) {
		if (i && i % batch == 0)
			next_batch(&r, after);
		size_t first = draft->plan->count;
		if (r.items[i]->start_first)
			start_first(&r, r.items[i]);
		else
			stop_first(&r, r.items[i]);
		if (r.items[i]->next && draft->plan->count > first)
			tell_of_resumed(draft, r.items[i], first);
	}
	if (r.rolls_back && r.count)
		finish_roll_back(&r);
}
