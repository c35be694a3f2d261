#include "network/ruleset.h"

#include "format/port.h"

#include <arpa/inet.h>
#include <string.h>

#define NEXT "numgen inc mod 240" /* PORT_SLOTS */

/* ---- maps and sets ---- */

/* What the words of a key, and of what it leads to, are: 4, 6: an address; p: a protocol; n: the number of a
 * port; s: that of a slot. */
static const struct {
	const char *kind, *name, *type;
	const char *key, *data;
	bool turns;
} maps[] = {
	{"map", "any4", "type inet_proto . inet_service : ipv4_addr . inet_service", "pn", "4n",
	 false},
	{"map", "any6", "type inet_proto . inet_service : ipv6_addr . inet_service", "pn", "6n",
	 false},
	{"map", "host4", "type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service",
	 "4pn", "4n", false},
	{"map", "host6", "type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service",
	 "6pn", "6n", false},
	{"map", "shared_any4", "typeof meta l4proto . th dport . " NEXT " : ip daddr . th dport",
	 "pns", "4n", true},
	{"map", "shared_any6", "typeof meta l4proto . th dport . " NEXT " : ip6 daddr . th dport",
	 "pns", "6n", true},
	{"map", "shared_host4",
	 "typeof ip daddr . meta l4proto . th dport . " NEXT " : ip daddr . th dport", "4pns", "4n",
	 true},
	{"map", "shared_host6",
	 "typeof ip6 daddr . meta l4proto . th dport . " NEXT " : ip6 daddr . th dport", "6pns",
	 "6n", true},
	{"set", "self4", "type ipv4_addr . ipv4_addr", "44", "", false},
	{"set", "self6", "type ipv6_addr . ipv6_addr", "66", "", false},
	{"set", "linked", "type ipv4_addr . ipv4_addr . inet_proto . inet_service", "44pn", "",
	 false},
	{"set", "vips", "type ipv4_addr", "4", "", true},
	{"map", "vip4", "typeof ip daddr . " NEXT " : ip daddr", "4s", "4", true},
};

const char *ruleset_map_name(const struct ruleset *r, size_t index)
{
	for (size_t i = 0; i < array_length(maps); i++)
		if (!(r->no_turns && maps[i].turns) && index-- == 0)
			return maps[i].name;
	return NULL;
}

static void render_maps(const struct ruleset *r, struct buffer *out)
{
	for (size_t i = 0; i < array_length(maps); i++)
		if (!(r->no_turns && maps[i].turns))
			buffer_format(out, "\t%s %s {\n\t\t%s\n\t}\n", maps[i].kind, maps[i].name,
				      maps[i].type);
}

/* ---- what they hold ---- */

struct lister {
	const struct ruleset *ruleset;
	struct element_list *out;
};

/* The slots of a port that is shared once for all who share it. */
static void list_port(void *data, const struct port_use *use)
{
	const struct lister *lister = data;
	struct port_sharers sharers = {0};

	if (use->target.relayed)
		return;
	if (lister->ruleset->bridge_netfilter)
		vector_add(lister->out, element_of_self(&use->target.address));
	if (!use->target.group) {
		vector_add(lister->out, element_of_port(use));
		return;
	}
	if (lister->ruleset->no_turns)
		return;
	port_table_sharers(lister->ruleset->ports, &use->key, &sharers);
	if (sharers.count && sharers.items[0] == use)
		elements_of_key(lister->ruleset->ports, &use->key, lister->out);
	vector_fini(&sharers);
}

static size_t count_shared(const struct ruleset *r)
{
	size_t count = 0;

	for (size_t i = 0; !r->no_turns && i < r->bridge_count; i++)
		count += r->bridges[i].shared_count;
	return count;
}

static void list_shared(const struct shared_address *shared, struct element_list *out)
{
	vector_add(out, element_of_shared_address(&shared->address));
	elements_of_shared(shared, out);
	for (size_t i = 0; i < shared->members.count; i++)
		vector_add(out, element_of_self(&shared->members.items[i]));
}

void ruleset_list_elements(const struct ruleset *r, struct element_list *out)
{
	struct lister lister = {r, out};

	port_table_each(r->ports, list_port, &lister);
	for (size_t i = 0; i < r->bridge_count; i++)
		for (size_t j = 0; !r->no_turns && j < r->bridges[i].shared_count; j++)
			list_shared(&r->bridges[i].shared[j], out);
	for (size_t i = 0; r->openings && i < r->openings->count; i++)
		vector_add(out, element_of_opening(&r->openings->items[i]));
	elements_sort(out);
}

static size_t render_address(int family, const uint8_t *bytes, struct buffer *out)
{
	struct address address = {.family = family};
	char text[ADDRESS_TEXT_SIZE];

	memcpy(address.bytes, bytes, address_size(&address));
	buffer_add_text(out, address_text(&address, text));
	return address_size(&address);
}

/* Returns how many bytes the word takes. */
static size_t render_word(char kind, const uint8_t *bytes, struct buffer *out)
{
	uint16_t port;
	uint32_t slot;

	switch (kind) {
	case '4':
		return render_address(AF_INET, bytes, out);
	case '6':
		return render_address(AF_INET6, bytes, out);
	case 'p':
		buffer_add_text(out, port_protocol_name(bytes[0]));
		return sizeof(slot);
	case 'n':
		memcpy(&port, bytes, sizeof(port));
		buffer_format(out, "%u", ntohs(port));
		return sizeof(slot);
	default:
		memcpy(&slot, bytes, sizeof(slot));
		buffer_format(out, "%u", slot);
		return sizeof(slot);
	}
}

static void render_words(const char *kinds, const uint8_t *bytes, struct buffer *out)
{
	for (size_t i = 0; kinds[i]; i++) {
		if (i > 0)
			buffer_add_text(out, " . ");
		bytes += render_word(kinds[i], bytes, out);
	}
}

static void render_element(const struct element *e, struct buffer *out)
{
	for (size_t i = 0; i < array_length(maps); i++) {
		if (!str_equal(maps[i].name, e->map))
			continue;
		render_words(maps[i].key, e->key, out);
		if (e->data_size > 0)
			buffer_add_text(out, " : ");
		if (e->data_size > 0)
			render_words(maps[i].data, e->data, out);
	}
}

void elements_render(const char *table, const struct element_list *elements, struct buffer *out)
{
	for (size_t i = 0; i < elements->count; i++) {
		const struct element *e = &elements->items[i];

		if (i > 0 && str_equal(e->map, e[-1].map))
			buffer_add_text(out, ",\n\t");
		else
			buffer_format(out, "%sadd element inet %s %s {\n\t", i ? "\n}\n" : "",
				      table, e->map);
		render_element(e, out);
	}
	if (elements->count > 0)
		buffer_add_text(out, "\n}\n");
}

/* ---- the base ---- */

static const char raw_chain[] =
	"	chain raw {\n"
	"		type filter hook prerouting priority raw; policy accept;\n"
	"		iifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"
	"		iifname != \"lo\" ip saddr 127.0.0.0/8 drop\n"
	"	}\n";
static const char publish_rules[] =
	"		meta nfproto ipv4 meta l4proto { tcp, udp } dnat ip to ip daddr . meta "
	"l4proto . th dport map @host4\n"
	"		meta nfproto ipv4 meta l4proto { tcp, udp } dnat ip to meta l4proto . th "
	"dport map @any4\n"
	"		meta nfproto ipv6 meta l4proto { tcp, udp } dnat ip6 to ip6 daddr . meta "
	"l4proto . th dport map @host6\n"
	"		meta nfproto ipv6 meta l4proto { tcp, udp } dnat ip6 to meta l4proto . th "
	"dport map @any6\n";
static const char share_rules[] =
	"		meta nfproto ipv4 meta l4proto { tcp, udp } dnat ip to ip daddr . meta "
	"l4proto . th dport . " NEXT " map @shared_host4\n"
	"		meta nfproto ipv4 meta l4proto { tcp, udp } dnat ip to meta l4proto . th "
	"dport . " NEXT " map @shared_any4\n"
	"		meta nfproto ipv6 meta l4proto { tcp, udp } dnat ip6 to ip6 daddr . meta "
	"l4proto . th dport . " NEXT " map @shared_host6\n"
	"		meta nfproto ipv6 meta l4proto { tcp, udp } dnat ip6 to meta l4proto . th "
	"dport . " NEXT " map @shared_any6\n";

static const char chains[] = "	chain prerouting {\n"
			     "		type nat hook prerouting priority dstnat; policy accept;\n"
			     "	}\n"
			     "	chain output {\n"
			     "		type nat hook output priority -100; policy accept;\n"
			     "	}\n"
			     "	chain postrouting {\n"
			     "		type nat hook postrouting priority srcnat; policy accept;\n"
			     "	}\n"
			     "	chain router {\n"
			     "	}\n"
			     "	chain host {\n"
			     "	}\n"
			     "	chain into {\n"
			     "	}\n"
			     "	chain forward {\n"
			     "		type filter hook forward priority filter; policy accept;\n"
			     "	}\n";

void ruleset_render_base(const struct ruleset *r, struct buffer *out)
{
	buffer_format(out, "table inet %s {\n", r->table);
	render_maps(r, out);
	buffer_add_text(out, raw_chain);
	buffer_add_text(out, "	chain publish {\n");
	buffer_add_text(out, publish_rules);
	if (!r->no_turns)
		buffer_add_text(out, share_rules);
	buffer_add_text(out, "	}\n");
	buffer_add_text(out, chains);
	buffer_add_text(out, "}\n");
}

/* ---- what follows from networks ---- */

/* From its own network alone: elsewhere it is one of the host's addresses. */
static void render_entrance(const struct ruleset *r, struct buffer *out)
{
	bool shared = count_shared(r) > 0;

	buffer_add_text(out, "	chain prerouting {\n");
	if (shared)
		buffer_add_text(
			out, "		fib daddr . iif type local dnat ip to ip daddr . " NEXT
			     " map @vip4\n");
	buffer_add_text(out, "		fib daddr type local jump publish\n"
			     "	}\n"
			     "	chain output {\n");
	if (shared)
		buffer_add_text(out, "		dnat ip to ip daddr . " NEXT " map @vip4\n");
	buffer_add_text(out, "		fib daddr type local jump publish\n"
			     "	}\n");
}

static void render_bridge_set(const struct ruleset *r, struct buffer *out)
{
	buffer_add_text(out, "{ ");
	for (size_t i = 0; i < r->bridge_count; i++)
		buffer_format(out, "%s\"%s\"", i ? ", " : "", r->bridges[i].name);
	buffer_add_text(out, " }");
}

static bool is_internal(const struct ruleset_bridge *bridge)
{
	return bridge->internal;
}

static bool has_icc(const struct ruleset_bridge *bridge)
{
	return bridge->icc;
}

static bool keeps_apart(const struct ruleset_bridge *bridge)
{
	return !bridge->icc && !bridge->internal;
}

/* A rule about those bridges for which `wanted` says yes, in one set, so that a packet is compared
 * once however many they are; none where there are none. */
static void render_set_rule(const struct ruleset *r,
			    bool (*wanted)(const struct ruleset_bridge *bridge), bool pairs,
			    const char *match, const char *verdict, struct buffer *out)
{
	size_t count = 0;

	for (size_t i = 0; i < r->bridge_count; i++) {
		const char *name = r->bridges[i].name;

		if (!wanted(&r->bridges[i]))
			continue;
		if (count++ == 0)
			buffer_format(out, "\t\t%s { ", match);
		else
			buffer_add_text(out, ", ");
		buffer_format(out, "\"%s\"", name);
		if (pairs)
			buffer_format(out, " . \"%s\"", name);
	}
	if (count)
		buffer_format(out, " } %s\n", verdict);
}

static const char *family_word(const struct subnet *subnet)
{
	return subnet->base.family == AF_INET6 ? "ip6" : "ip";
}

/* Out of our bridges: into the world under the host's address. */
static void render_masquerade(const struct ruleset *r, const struct ruleset_bridge *bridge,
			      const struct subnet *subnet, struct buffer *out)
{
	scoped_free char *text = subnet_text(subnet);
	const char *source = bridge->sources[subnet->base.family == AF_INET6];

	if (!bridge->masquerade)
		return;
	buffer_format(out, "\t\t%s saddr %s oifname != ", family_word(subnet), text);
	render_bridge_set(r, out);
	if (source)
		buffer_format(out, " snat %s to %s\n", family_word(subnet), source);
	else
		buffer_add_text(out, " masquerade\n");
}

/* From a container to a published port of its own bridge: without translation the answer would take
 * the direct way back and be unknown there.  With br_netfilter the direct way passes the firewall too,
 * and only a container that speaks to itself needs help. */
static void render_hairpin(const struct ruleset *r, const struct ruleset_bridge *bridge,
			   const struct subnet *subnet, struct buffer *out)
{
	scoped_free char *text = subnet_text(subnet);
	const char *family = family_word(subnet);

	if (r->bridge_netfilter)
		buffer_format(out,
			      "\t\toifname \"%s\" ct status dnat %s saddr . %s daddr @self%c "
			      "masquerade\n",
			      bridge->name, family, family, family[2] ? '6' : '4');
	else
		buffer_format(out, "\t\toifname \"%s\" ct status dnat %s saddr %s masquerade\n",
			      bridge->name, family, text);
}

static void render_postrouting(const struct ruleset *r, struct buffer *out)
{
	buffer_add_text(out, "	chain postrouting {\n");
	/* Who is led to himself would not take his own answer; all others are seen as they are. */
	if (count_shared(r) > 0)
		buffer_add_text(
			out, "		ct status dnat ct original ip daddr @vips ip saddr . ip "
			     "daddr @self4 masquerade\n"
			     "		ct status dnat ct original ip daddr @vips ip saddr != "
			     "@vips return\n");
	for (size_t i = 0; i < r->bridge_count; i++) {
		const struct ruleset_bridge *bridge = &r->bridges[i];

		for (size_t j = 0; j < array_length(bridge->subnets); j++) {
			if (bridge->subnets[j].prefix < 0)
				continue;
			render_masquerade(r, bridge, &bridge->subnets[j], out);
			render_hairpin(r, bridge, &bridge->subnets[j], out);
		}
		buffer_format(out, "\t\toifname \"%s\" ip saddr 127.0.0.0/8 masquerade\n",
			      bridge->name);
	}
	buffer_add_text(out, "	}\n");
}

static void render_forward(const struct ruleset *r, struct buffer *out)
{
	buffer_add_text(out, "	chain into {\n"
			     "		ct state established,related accept\n");
	render_set_rule(r, has_icc, true, "iifname . oifname", "accept", out);
	render_set_rule(r, keeps_apart, true, "iifname . oifname",
			"ip saddr . ip daddr . meta l4proto . th dport @linked accept", out);
	render_set_rule(r, is_internal, false, "iifname", "drop", out);
	render_set_rule(r, is_internal, false, "oifname", "drop", out);
	if (r->ask_host && r->bridge_count > 0) {
		buffer_add_text(out, "\t\tct status dnat iifname != ");
		render_bridge_set(r, out);
		buffer_add_text(out, " jump host\n");
	}
	buffer_add_text(out, "		ct status dnat accept\n"
			     "		drop\n"
			     "	}\n"
			     "	chain forward {\n");
	if (r->bridge_count > 0) {
		buffer_add_text(out, "\t\toifname ");
		render_bridge_set(r, out);
		buffer_add_text(out, " goto into\n");
	}
	render_set_rule(r, is_internal, false, "iifname", "drop", out);
	buffer_add_text(out, "		meta iifkind \"bridge\" accept\n"
			     "		meta oifkind \"bridge\" accept\n"
			     "		jump router\n"
			     "	}\n");
}

void ruleset_render(const struct ruleset *r, struct buffer *out)
{
	buffer_format(out, "table inet %s {\n", r->table);
	render_entrance(r, out);
	render_postrouting(r, out);
	render_forward(r, out);
	buffer_add_text(out, "}\n");
}

void ruleset_render_guard(const char *table, struct buffer *out)
{
	buffer_format(out, "add rule inet %s router drop\n", table);
}

/* ---- the bridges' own table ---- */

/* A neighbour that answers a connection to a shared address would do so past the host, where nobody
 * translates it back.  With br_netfilter that way passes the firewall; without, what is sent from one to
 * another on such a network is lifted to the host by its own bridge. */
static bool is_lift_needed(const struct ruleset *r)
{
	return !r->bridge_netfilter && count_shared(r) > 0;
}

void ruleset_render_lift_base(const struct ruleset *r, struct buffer *out)
{
	if (is_lift_needed(r))
		buffer_format(out,
			      "table bridge %s {\n\tchain lift {\n"
			      "\t\ttype filter hook prerouting priority -300; policy accept;\n"
			      "\t}\n}\n",
			      r->table);
}

void ruleset_render_lift(const struct ruleset *r, struct buffer *out)
{
	if (!is_lift_needed(r))
		return;
	buffer_format(out, "table bridge %s {\n\tchain lift {\n", r->table);
	for (size_t i = 0; i < r->bridge_count; i++) {
		scoped_free char *subnet = subnet_text(&r->bridges[i].subnets[0]);

		if (r->bridges[i].shared_count)
			buffer_format(out,
				      "\t\tip saddr %s ip daddr %s meta pkttype other meta pkttype "
				      "set host ether daddr set %s\n",
				      subnet, subnet, r->bridges[i].mac);
	}
	buffer_add_text(out, "\t}\n}\n");
}
