#include "network/host_plan.h"

#include "os/file.h"

#include <fcntl.h>

#define BRIDGE_NETFILTER "/proc/sys/net/bridge/bridge-nf-call-iptables"

static bool read_bridge_netfilter(void)
{
	scoped_buffer struct buffer text = {0};
	struct error absent;

	return file_read(AT_FDCWD, BRIDGE_NETFILTER, 16, &text, &absent) && text.data[0] == '1';
}

static bool is_used(const struct networks *n, const char *device)
{
	for (size_t i = 0; i < networks_present_count(n); i++)
		if (str_equal(networks_present(n, i)->spec.bridge, device))
			return true;
	return false;
}

/* Devices of networks that go, but for those that somebody else stands on (a parent). */
static void plan_removals(const struct networks *n, struct network_plan *plan)
{
	for (size_t i = 0; i < n->leaving.count; i++) {
		const struct network_spec *spec = &n->leaving.items[i]->spec;

		if (spec->made && spec->bridge && !is_used(n, spec->bridge))
			strings_add(&plan->removed, spec->bridge);
	}
}

void networks_plan_host(struct networks *n, struct network_plan *plan)
{
	for (size_t i = 0; i < networks_present_count(n); i++)
		if (networks_present(n, i)->driver->plan)
			networks_present(n, i)->driver->plan(networks_present(n, i), plan);
	plan_removals(n, plan);
	plan->forward = n->forward;
	plan->forward6 = plan->forward6 && n->forward;
	plan->guard = n->guarded && !n->forward_no_drop;
	plan->look = n->look;
	plan->ask_host = !n->past_firewall;
	plan->no_turns = n->no_turns;
	plan->pass = n->firewall && n->past_firewall;
	plan->pass_off = n->passes && !plan->pass;
	plan->only_others = n->only_host && plan->pass;
	plan->host_seen = str_dup_or_null(n->only_host ? n->host : NULL);
	plan->host_known = str_dup_or_null(n->look ? NULL : n->host);
	plan->nft = str_dup(n->nft);
	plan->table = str_dup(n->table);
	n->bridge_netfilter = read_bridge_netfilter();
	if (n->firewall)
		networks_plan_table(n, plan);
}
