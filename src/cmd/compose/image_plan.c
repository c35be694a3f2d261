#include "cmd/compose/image_plan.h"

#include "cmd/compose/execute.h"

/* ---- services ---- */

static void add_with_dependencies(const struct project *project, const char *name,
				  struct strings *services)
{
	const struct service *service = project_service(project, name);

	if (!service || strings_contain(services, name))
		return;
	strings_add(services, name);
	for (size_t i = 0; i < service->dependency_count; i++)
		add_with_dependencies(project, service->dependencies[i].service, services);
}

static bool is_selected(const struct service *service, const struct strings *named,
			const struct strings *reached)
{
	if (!service->enabled)
		return false;
	return !named->count || strings_contain(named, service->name) ||
	       strings_contain(reached, service->name);
}

void image_plan_services(const struct project *project, const struct strings *named,
			 bool dependencies, struct strings *services)
{
	scoped_strings struct strings reached = {0};

	for (size_t i = 0; dependencies && i < named->count; i++)
		add_with_dependencies(project, named->items[i], &reached);
	for (size_t i = 0; i < project->service_count; i++)
		if (is_selected(&project->services[i], named, &reached))
			strings_add(services, project->services[i].name);
}

bool image_is_named(const struct service *service)
{
	return *node_get_text(service->node, "image", "") != '\0';
}

/* ---- steps ---- */

struct step *image_plan_add(struct plan *plan, enum step_kind kind, const struct service *service)
{
	struct step step = {
		.kind = kind,
		.service = str_dup(service->name),
		.name = str_dup(service->image),
		.timeout_ms = -1,
	};

	vector_add(plan, step);
	return &plan->items[plan->count - 1];
}

void image_plan_after(struct step *step, size_t index)
{
	if (step->after_count == step->after_capacity) {
		step->after_capacity = step->after_capacity ? 2 * step->after_capacity : 4;
		step->after = mem_resize(step->after, step->after_capacity, sizeof(*step->after));
	}
	step->after[step->after_count++] = index;
}

/* ---- carrying out ---- */

/* Version 1 has said it by then: its progress tells why something went wrong.  Version 2 says it last. */
int image_plan_run(struct compose *compose, const struct plan *plan,
		   const struct image_wishes *wishes, struct progress *progress)
{
	struct error err;
	bool good = true;

	if (compose->options.dry_run) {
		execute_dry(progress, plan);
	} else {
		progress_plan(progress, plan);
		good = images_carry_out(compose, plan, wishes, progress, NULL, &err);
	}
	progress_free(progress);
	if (good)
		return 0;
	return compose->style == COMPOSE_V1 ? 1 : compose_fail(compose, &err);
}
