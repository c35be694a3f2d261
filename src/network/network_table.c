#include "network/networks.h"

size_t networks_present_count(const struct networks *n)
{
	return n->list.count + n->making.count;
}

struct network *networks_present(const struct networks *n, size_t index)
{
	return index < n->list.count ? n->list.items[index]
				     : n->making.items[index - n->list.count];
}

static char *render(void (*part)(const struct ruleset *ruleset, struct buffer *out),
		    const struct ruleset *ruleset)
{
	struct buffer text = {0};

	part(ruleset, &text);
	return text.size > 0 ? buffer_take(&text) : NULL;
}

static void plan_maps(const struct ruleset *ruleset, struct network_plan *plan)
{
	struct element_list elements = {0};
	const char *name;

	ruleset_list_elements(ruleset, &elements);
	for (size_t i = 0; (name = ruleset_map_name(ruleset, i)); i++) {
		struct plan_map *map = record_list_add(&plan_map_type, &plan->maps);

		map->name = str_dup(name);
		plan_map_fill(map, &elements);
	}
	vector_fini(&elements);
}

void networks_plan_table(const struct networks *n, struct network_plan *plan)
{
	scoped_free struct ruleset_bridge *bridges =
		mem_zeroed(networks_present_count(n), sizeof(struct ruleset_bridge));
	struct ruleset ruleset = {.table = n->table,
				  .bridges = bridges,
				  .ports = &n->ports,
				  .openings = &n->openings,
				  .bridge_netfilter = n->bridge_netfilter,
				  .no_turns = n->no_turns,
				  .ask_host = !n->past_firewall};

	for (size_t i = 0; i < networks_present_count(n); i++) {
		const struct network *network = networks_present(n, i);

		if (network->driver->rules)
			bridges[ruleset.bridge_count++] = network->driver->rules(network);
	}
	plan->base = render(ruleset_render_base, &ruleset);
	plan->ruleset = render(ruleset_render, &ruleset);
	plan->lift_base = render(ruleset_render_lift_base, &ruleset);
	plan->lift = render(ruleset_render_lift, &ruleset);
	plan_maps(&ruleset, plan);
}
