#include "orchestrator/draft.h"

void indices_fini(struct indices *indices)
{
	vector_fini(indices);
}

/* ---- the end of a draft ---- */

static void replicas_fini(struct draft_service *service)
{
	for (size_t i = 0; i < service->replicas.count; i++) {
		free(service->replicas.items[i].reason);
		free(service->replicas.items[i].name);
		free(service->replicas.items[i].temporary);
	}
	vector_fini(&service->replicas);
}

static void service_fini(struct draft_service *service)
{
	struct indices *lists[] = {&service->removals, &service->connects, &service->stops};

	replicas_fini(service);
	vector_fini(&service->edges);
	vector_fini(&service->users);
	vector_fini(&service->containers);
	vector_fini(&service->discarded);
	for (size_t i = 0; i < array_length(lists); i++)
		indices_fini(lists[i]);
	for (size_t i = 0; i < array_length(service->waits); i++) {
		indices_fini(&service->waits[i][0]);
		indices_fini(&service->waits[i][1]);
	}
}

void draft_fini(struct draft *draft)
{
	struct map *maps[] = {&draft->names,   &draft->ids,	    &draft->gone,
			      &draft->hashes,  &draft->images,	    &draft->networks,
			      &draft->volumes, &draft->image_steps, &draft->builders};

	for (size_t i = 0; i < draft->count; i++)
		service_fini(&draft->services[i]);
	free(draft->services);
	free(draft->order);
	for (size_t i = 0; i < array_length(maps); i++)
		map_fini(maps[i]);
	free(draft->network_steps);
	free(draft->volume_steps);
	free(draft->network_used);
	free(draft->volume_used);
	free(draft->network_renewed);
	free(draft->volume_renewed);
}

/* ---- steps ---- */

size_t draft_step(struct draft *draft, enum step_kind kind)
{
	struct step step = {.kind = kind, .timeout_ms = -1};

	vector_add(draft->plan, step);
	return draft->plan->count - 1;
}

struct step *draft_at(struct draft *draft, size_t step)
{
	return &draft->plan->items[step];
}

static int64_t stop_timeout_ms(const struct draft *draft, enum step_kind kind)
{
	bool stops = kind == STEP_STOP || kind == STEP_RESTART;

	return stops && draft->options->stop_timeout_s >= 0 ? draft->options->stop_timeout_s * 1000
							    : -1;
}

size_t draft_container_step(struct draft *draft, enum step_kind kind,
			    const struct draft_service *service, unsigned number,
			    const struct subject *subject)
{
	size_t index = draft_step(draft, kind);
	struct step *step = draft_at(draft, index);

	if (service && *service->name && (service->service || !draft->project))
		step->service = str_dup(service->name);
	step->number = number;
	step->name = str_dup_or_null(subject->name);
	step->id = str_dup_or_null(subject->id);
	step->made_by = subject->made_by;
	step->timeout_ms = stop_timeout_ms(draft, kind);
	if (subject->made_by)
		draft_after(draft, index, subject->made_by - 1);
	return index;
}

void draft_after(struct draft *draft, size_t step, size_t other)
{
	struct step *s = draft_at(draft, step);

	for (size_t i = s->after_count; i > 0 && i + 8 > s->after_count; i--)
		if (s->after[i - 1] == other)
			return;
	if (s->after_count == s->after_capacity) {
		s->after_capacity = s->after_capacity ? 2 * s->after_capacity : 4;
		s->after = mem_resize(s->after, s->after_capacity, sizeof(*s->after));
	}
	s->after[s->after_count++] = other;
}

void draft_after_if(struct draft *draft, size_t step, size_t other)
{
	if (other)
		draft_after(draft, step, other - 1);
}

void draft_after_all(struct draft *draft, size_t step, const struct indices *others)
{
	for (size_t i = 0; i < others->count; i++)
		draft_after(draft, step, others->items[i]);
}

void indices_add(struct indices *indices, const struct indices *others)
{
	for (size_t i = 0; others && i < others->count; i++)
		vector_add(indices, others->items[i]);
}

void draft_join(struct draft *draft, struct indices *indices)
{
	enum { FEW = 8 };

	if (indices->count <= FEW)
		return;
	size_t join = draft_step(draft, STEP_JOIN);
	draft_after_all(draft, join, indices);
	draft_at(draft, join)->detail = true;
	indices->count = 1;
	indices->items[0] = join;
}

void draft_reason(struct draft *draft, size_t step, const char *format, ...)
{
	struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	free(draft_at(draft, step)->reason);
	draft_at(draft, step)->reason = buffer_take(&text);
}

void draft_warn(struct draft *draft, const char *format, ...)
{
	struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	strings_take(&draft->plan->warnings, buffer_take(&text));
}

bool draft_fail(struct draft *draft, const char *format, ...)
{
	struct buffer text = {0};
	va_list args;

	if (draft->plan->failure)
		return false;
	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	draft->plan->failure = buffer_take(&text);
	return false;
}

/* ---- containers ---- */

struct subject subject_of(const struct seen_container *container)
{
	return (struct subject){.id = container->id, .name = container->name};
}

const char *container_service(const struct seen_container *container)
{
	return container->service ? container->service : "";
}

bool container_is_active(const struct seen_container *container)
{
	return container->state == SEEN_RUNNING || container->state == SEEN_PAUSED ||
	       container->state == SEEN_RESTARTING;
}

bool replica_is_in_place(const struct seen_container *old, const struct seen_container *next)
{
	return next && container_is_active(next) && !next->held &&
	       (old->held || !container_is_active(old));
}

size_t draft_stop(struct draft *draft, const struct draft_service *service,
		  const struct seen_container *container, const struct indices *after)
{
	struct subject subject = subject_of(container);
	enum step_kind kinds[3];
	size_t count = 0, step = 0;

	if (container->state == SEEN_PAUSED) /* what is frozen hears no signal */
		kinds[count++] = STEP_UNPAUSE;
	if (service && service->pre_stop && container->state == SEEN_RUNNING)
		kinds[count++] = STEP_PRE_STOP;
	kinds[count++] = STEP_STOP;
	for (size_t i = 0; i < count; i++) {
		size_t before = step;

		step = draft_container_step(draft, kinds[i], service, container->number, &subject);
		draft_at(draft, step)->detail = kinds[i] != STEP_STOP;
		if (i)
			draft_after(draft, step, before);
		else if (after)
			draft_after_all(draft, step, after);
	}
	return step;
}
