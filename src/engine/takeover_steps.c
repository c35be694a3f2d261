#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/run_network.h"
#include "engine/takeover_private.h"

/* ---- the decision ---- */

void takeover_hold(struct container *c, bool held)
{
	if (!c->extension)
		c->extension = mem_new(struct extension);
	c->extension->hold = held;
}

/* What it held for a moment. */
void takeover_drop_copies(struct container_run *run)
{
	shim_peer_ask(run->peer, SHIM_PORTS_DROP, NULL, NULL, NULL, NULL);
}

/* ---- names ---- */

static void add_names(struct endpoint_settings *to, const struct endpoint_settings *from,
		      const char *short_id)
{
	for (size_t i = 0; i < from->dns_names.count; i++)
		if (!str_equal(from->dns_names.items[i], short_id) &&
		    !strings_contain(&to->dns_names, from->dns_names.items[i]))
			strings_add(&to->dns_names, from->dns_names.items[i]);
}

/* Also the old one's own name leads to the new one, until either is renamed. */
static void take_names(struct container *new, const struct container *old)
{
	scoped_free char *short_id = str_dup_n(old->id, ID_SHORT_LENGTH);

	for (size_t i = 0; i < old->networks.count; i++) {
		struct endpoint_settings *to = record_map_get(
			&endpoint_settings_type, &new->networks, old->networks.names[i]);
		const struct endpoint_settings *from =
			RECORD_AT(old->networks, struct endpoint_settings, i);

		if (to && from->dns_names.count)
			add_names(to, from, short_id);
	}
}

void takeover_show_names(struct container *new, struct container *old)
{
	links_lead_to(old, new);
	links_tell_address(new);
	links_open_ports(new->engine);
	names_refresh(new); /* it is on all networks of the old one */
}

void takeover_decide(struct container *new, struct container *old)
{
	takeover_hold(new, false);
	takeover_hold(old, true);
	str_replace(&new->took_from, old->id);
	new->taking = true;
	take_names(new, old);
}

void takeover_take_back(struct container *new, struct container *old)
{
	takeover_hold(new, true);
	takeover_hold(old, false);
	str_replace(&new->took_from, NULL);
	new->taking = false;
	container_name_endpoints(new);
}

/* ---- what follows ---- */

void takeover_save_plan(struct container_run *run)
{
	struct error err;

	if (!run_save_plan(run, &err))
		log_warning("cannot write what a run holds", &err, "id=%s", run->container->id);
}

/* The new one's plan is written first: what stands in both is the new one's. */
void takeover_move_plans(struct container_run *from, struct container_run *to,
			 struct record_list *published)
{
	record_list_fini(&published_port_type, &to->plan.published);
	to->plan.published = *published;
	*published = (struct record_list){0};
	takeover_save_plan(to);
	container_show_ports(to->container, &to->plan.published);
	if (!from)
		return;
	record_list_fini(&published_port_type, &from->plan.published);
	takeover_save_plan(from);
	container_show_ports(from->container, &from->plan.published);
}

void takeover_end(struct container *c)
{
	c->taking = false;
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
}
