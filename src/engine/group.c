#include "engine/group.h"

#include "base/log.h"
#include "engine/names.h"
#include "engine/run_network.h"

const char *group_of_ports(const struct container *c)
{
	const struct container_group *group = c->extension ? c->extension->group : NULL;

	return group && group->balance ? group->name : NULL;
}

static bool has_ports(const struct container *c, const char *group)
{
	return c->run && !c->run->ended && c->run->plan.published.count > 0 && str_equal(group_of_ports(c), group);
}

static void stand_by(struct container *c, bool standby)
{
	struct record_list relays = {0};
	struct error err;

	ports_stand_by(c->engine->parts.networks, &c->run->plan.published, standby, &relays);
	if (relays.count && !run_save_plan(c->run, &err)) /* what its shim was told last */
		log_warning("cannot write what a run holds", &err, "id=%s", c->id);
	run_tell_relays(c->run, &relays);
}

void group_refresh(const struct container *c)
{
	const char *group = group_of_ports(c);
	bool anybody = false;

	if (!group)
		return;
	for (struct container *m = engine_first(c->engine); m; m = engine_next(m))
		anybody |= has_ports(m, group) && container_can_serve(m);
	for (struct container *m = engine_first(c->engine); m; m = engine_next(m))
		if (has_ports(m, group))
			stand_by(m, anybody && !container_can_serve(m));
}

void groups_refresh(struct engine *engine)
{
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		group_refresh(c);
}

void container_serving_changed(struct container *c)
{
	names_refresh(c);
	group_refresh(c);
}
