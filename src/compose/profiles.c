/* Which services are meant: those without profiles, and those of the active ones. */
#include "compose/load.h"

static void add_list(struct strings *out, const char *text)
{
	struct strings pieces = strings_split(text ? text : "", ',');

	for (size_t i = 0; i < pieces.count; i++)
		if (*pieces.items[i])
			strings_add(out, pieces.items[i]);
	strings_fini(&pieces);
}

static void add_profiles_of(const struct service *service, struct strings *out)
{
	node_each (member, node_get(service->node, "profiles"))
		strings_add(out, member->value->text);
}

static bool has_active(const struct service *service, const struct strings *active)
{
	const struct node *profiles = node_get(service->node, "profiles");

	if (!profiles || !profiles->count || strings_contain(active, "*"))
		return true;
	node_each (member, profiles)
		if (strings_contain(active, member->value->text))
			return true;
	return false;
}

void load_select(struct load *load)
{
	struct project *project = load->project;
	scoped_strings struct strings active = strings_copy(&load->request->profiles);

	add_list(&active, pairs_get(&project->environment, "COMPOSE_PROFILES"));
	for (size_t i = 0; i < load->request->services.count; i++) {
		const struct service *named =
			project_service(project, load->request->services.items[i]);

		if (named)
			add_profiles_of(named, &active);
	}
	for (size_t i = 0; i < project->service_count; i++) {
		struct service *service = &project->services[i];

		service->enabled = has_active(service, &active);
	}
}
