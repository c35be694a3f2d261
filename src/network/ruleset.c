#include "network/ruleset.h"

#include "format/port.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* ---- elements ---- */

/* Each part of a concatenation fills whole words of 4 bytes. */
#define WORD 4

static void add_part(uint8_t *bytes, size_t *size, const void *part, size_t part_size)
{
	memcpy(bytes + *size, part, part_size);
	*size += (part_size + WORD - 1) / WORD * WORD;
}

static void add_port(uint8_t *bytes, size_t *size, uint16_t port)
{
	uint16_t wire = htons(port);

	add_part(bytes, size, &wire, sizeof(wire));
}

static const char *map_name(const struct address *host)
{
	if (host->family == AF_INET)
		return address_is_any(host) ? "any4" : "host4";
	return address_is_any(host) ? "any6" : "host6";
}

static const char *shared_map_name(const struct address *host)
{
	if (host->family == AF_INET)
		return address_is_any(host) ? "shared_any4" : "shared_host4";
	return address_is_any(host) ? "shared_any6" : "shared_host6";
}

struct element element_of_port(const struct port_use *use)
{
	struct element e = {.map = map_name(&use->key.host)};
	uint8_t protocol = (uint8_t)use->key.protocol;

	if (!address_is_any(&use->key.host))
		add_part(e.key, &e.key_size, use->key.host.bytes, address_size(&use->key.host));
	add_part(e.key, &e.key_size, &protocol, sizeof(protocol));
	add_port(e.key, &e.key_size, use->key.port);
	add_part(e.data, &e.data_size, use->target.address.bytes,
		 address_size(&use->target.address));
	add_port(e.data, &e.data_size, use->target.port);
	return e;
}

/* The number that is next comes in the host's order. */
static struct element element_of_slot(const struct port_use *use, uint32_t slot)
{
	struct element e = element_of_port(use);

	e.map = shared_map_name(&use->key.host);
	add_part(e.key, &e.key_size, &slot, sizeof(slot));
	return e;
}

static void add_single(void *data, const struct port_use *use)
{
	struct element_list *out = data;

	if (!use->target.group && !use->target.relayed)
		vector_add(out, element_of_port(use));
}

void elements_of_key(const struct port_table *ports, const struct port_key *key,
		     struct element_list *out)
{
	struct port_sharers sharers = {0};

	port_table_sharers(ports, key, &sharers);
	for (uint32_t slot = 0; sharers.count && slot < PORT_SLOTS; slot++)
		vector_add(out, element_of_slot(sharers.items[slot % sharers.count], slot));
	vector_fini(&sharers);
	port_table_each_of(ports, key, add_single, out);
}

void elements_of_shared(const struct shared_address *shared, struct element_list *out)
{
	const struct address *address = &shared->address;

	for (uint32_t slot = 0; shared->members.count && slot < PORT_SLOTS; slot++) {
		const struct address *member = &shared->members.items[slot % shared->members.count];
		struct element e = {.map = "vip4"};

		add_part(e.key, &e.key_size, address->bytes, address_size(address));
		add_part(e.key, &e.key_size, &slot, sizeof(slot));
		add_part(e.data, &e.data_size, member->bytes, address_size(member));
		vector_add(out, e);
	}
}

struct element element_of_self(const struct address *address)
{
	struct element e = {.map = address->family == AF_INET ? "self4" : "self6"};

	add_part(e.key, &e.key_size, address->bytes, address_size(address));
	add_part(e.key, &e.key_size, address->bytes, address_size(address));
	return e;
}

struct element element_of_opening(const struct opening *o)
{
	struct element e = {.map = "linked"};

	add_part(e.key, &e.key_size, o->from.bytes, address_size(&o->from));
	add_part(e.key, &e.key_size, o->to.bytes, address_size(&o->to));
	add_part(e.key, &e.key_size, &o->protocol, sizeof(o->protocol));
	add_port(e.key, &e.key_size, o->port);
	return e;
}

static void add_value(struct netlink_batch *batch, uint16_t attribute, const uint8_t *value,
		      size_t size)
{
	size_t nest = netlink_nest(batch, attribute);

	netlink_add(batch, NFTA_DATA_VALUE, value, size);
	netlink_nest_end(batch, nest);
}

static void add_element(struct netlink_batch *batch, const struct element *e, bool with_data)
{
	size_t nest = netlink_nest(batch, NFTA_LIST_ELEM);

	add_value(batch, NFTA_SET_ELEM_KEY, e->key, e->key_size);
	if (with_data && e->data_size > 0)
		add_value(batch, NFTA_SET_ELEM_DATA, e->data, e->data_size);
	netlink_nest_end(batch, nest);
}

static void add_family(struct netlink_batch *batch, uint8_t family, uint16_t resource)
{
	struct nfgenmsg header = {
		.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};

	netlink_header(batch, &header, sizeof(header));
}

void element_message(struct netlink_batch *batch, const char *table, enum element_change change,
		     const struct element *const *elements, size_t count)
{
	bool add = change == ELEMENT_ADD;
	uint16_t type = add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
	size_t list;

	netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), add ? NLM_F_CREATE : 0,
		      add ? "publish a port" : "unpublish a port");
	add_family(batch, NFPROTO_INET, 0);
	netlink_add_text(batch, NFTA_SET_ELEM_LIST_TABLE, table);
	netlink_add_text(batch, NFTA_SET_ELEM_LIST_SET, elements[0]->map);
	list = netlink_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < count; i++)
		add_element(batch, elements[i], add);
	netlink_nest_end(batch, list);
	netlink_end(batch);
}

static void add_frame(struct netlink_batch *batch, uint16_t type)
{
	netlink_begin_silent(batch, type, 0);
	add_family(batch, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	netlink_end(batch);
}

void element_transaction_begin(struct netlink_batch *batch)
{
	add_frame(batch, NFNL_MSG_BATCH_BEGIN);
}

void element_transaction_end(struct netlink_batch *batch)
{
	add_frame(batch, NFNL_MSG_BATCH_END);
}

/* ---- the table as text ---- */

#define NEXT "numgen inc mod 240" /* PORT_SLOTS */

struct map_listing {
	struct buffer *out;
	const char *map;
	const struct port_table *ports;
	size_t count;
};

static void list_port(void *data, const struct port_use *use)
{
	struct map_listing *listing = data;
	char host[ADDRESS_TEXT_SIZE], target[ADDRESS_TEXT_SIZE];

	if (use->target.relayed || use->target.group ||
	    !str_equal(map_name(&use->key.host), listing->map))
		return;
	buffer_add_text(listing->out, listing->count++ ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
	if (!address_is_any(&use->key.host))
		buffer_format(listing->out, "%s . ", address_text(&use->key.host, host));
	buffer_format(listing->out, "%s . %u : %s . %u", port_protocol_name(use->key.protocol),
		      use->key.port, address_text(&use->target.address, target), use->target.port);
}

static void list_slots(struct map_listing *listing, const struct port_sharers *sharers)
{
	for (size_t slot = 0; slot < PORT_SLOTS; slot++) {
		const struct port_use *use = sharers->items[slot % sharers->count];
		char host[ADDRESS_TEXT_SIZE], target[ADDRESS_TEXT_SIZE];

		buffer_add_text(listing->out,
				listing->count++ ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
		if (!address_is_any(&use->key.host))
			buffer_format(listing->out, "%s . ", address_text(&use->key.host, host));
		buffer_format(listing->out, "%s . %u . %zu : %s . %u",
			      port_protocol_name(use->key.protocol), use->key.port, slot,
			      address_text(&use->target.address, target), use->target.port);
	}
}

/* Once for all who share it. */
static void list_shared(void *data, const struct port_use *use)
{
	struct map_listing *listing = data;
	struct port_sharers sharers = {0};

	if (!use->target.group || !str_equal(shared_map_name(&use->key.host), listing->map))
		return;
	port_table_sharers(listing->ports, &use->key, &sharers);
	if (sharers.count && sharers.items[0] == use)
		list_slots(listing, &sharers);
	vector_fini(&sharers);
}

static void list_self(void *data, const struct port_use *use)
{
	struct map_listing *listing = data;
	char text[ADDRESS_TEXT_SIZE];
	bool four = use->target.address.family == AF_INET;

	if (use->target.relayed || !str_equal(four ? "self4" : "self6", listing->map))
		return;
	address_text(&use->target.address, text);
	buffer_add_text(listing->out, listing->count++ ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
	buffer_format(listing->out, "%s . %s", text, text);
}

/* Who may reach whom where containers are kept apart. */
static void render_linked(const struct ruleset *r, struct buffer *out)
{
	size_t count = r->openings ? r->openings->count : 0;

	buffer_add_text(out, "\tset linked {\n"
			     "\t\ttype ipv4_addr . ipv4_addr . inet_proto . inet_service\n");
	for (size_t i = 0; i < count; i++) {
		const struct opening *o = &r->openings->items[i];
		char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];

		buffer_add_text(out, i ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
		buffer_format(out, "%s . %s . %s . %u", address_text(&o->from, from),
			      address_text(&o->to, to), port_protocol_name(o->protocol), o->port);
	}
	buffer_add_text(out, count ? "\n\t\t}\n\t}\n" : "\t}\n");
}

/* ---- addresses that are shared ---- */

typedef void visit_shared(const struct ruleset_bridge *bridge, const struct shared_address *shared,
			  struct map_listing *listing);

static size_t each_shared(const struct ruleset *r, visit_shared *visit, struct map_listing *listing)
{
	size_t count = 0;

	for (size_t i = 0; !r->no_turns && i < r->bridge_count; i++)
		for (size_t j = 0; j < r->bridges[i].shared_count; j++, count++)
			if (visit)
				visit(&r->bridges[i], &r->bridges[i].shared[j], listing);
	return count;
}

static void begin_item(struct map_listing *listing)
{
	buffer_add_text(listing->out, listing->count++ ? ",\n\t\t\t" : "\t\telements = {\n\t\t\t");
}

static void list_member_selves(const struct ruleset_bridge *bridge,
			       const struct shared_address *shared, struct map_listing *listing)
{
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < shared->members.count; i++) {
		begin_item(listing);
		address_text(&shared->members.items[i], text);
		buffer_format(listing->out, "%s . %s", text, text);
	}
}

static void list_shared_address(const struct ruleset_bridge *bridge,
				const struct shared_address *shared, struct map_listing *listing)
{
	char text[ADDRESS_TEXT_SIZE];

	begin_item(listing);
	buffer_add_text(listing->out, address_text(&shared->address, text));
}

static void list_shared_slots(const struct ruleset_bridge *bridge,
			      const struct shared_address *shared, struct map_listing *listing)
{
	char address[ADDRESS_TEXT_SIZE], member[ADDRESS_TEXT_SIZE];
	size_t count = shared->members.count;

	address_text(&shared->address, address);
	for (size_t slot = 0; count && slot < PORT_SLOTS; slot++) {
		begin_item(listing);
		buffer_format(listing->out, "%s . %zu : %s", address, slot,
			      address_text(&shared->members.items[slot % count], member));
	}
}

static void render_shared_block(const struct ruleset *r, const char *head, visit_shared *visit,
				struct buffer *out)
{
	struct map_listing listing = {.out = out};

	buffer_add_text(out, head);
	each_shared(r, visit, &listing);
	buffer_add_text(out, listing.count ? "\n\t\t}\n\t}\n" : "\t}\n");
}

/* Nothing of it is there where nobody shares an address. */
static void render_shared(const struct ruleset *r, struct buffer *out)
{
	if (each_shared(r, NULL, NULL) == 0)
		return;
	render_shared_block(r, "\tset vips {\n\t\ttype ipv4_addr\n", list_shared_address, out);
	render_shared_block(r, "\tmap vip4 {\n\t\ttypeof ip daddr . " NEXT " : ip daddr\n",
			    list_shared_slots, out);
}

/* A neighbour that answers a connection to a shared address would do so past the host, where nobody
 * translates it back.  With br_netfilter that way passes the firewall; without, what is sent from one to
 * another on such a network is lifted to the host by its own bridge. */
static void render_lift(const struct ruleset *r, struct buffer *out)
{
	bool needed = !r->bridge_netfilter && each_shared(r, NULL, NULL) > 0;

	if (needed || r->lift)
		buffer_format(out, "add table bridge %s\ndelete table bridge %s\n", r->table,
			      r->table);
	if (!needed)
		return;
	buffer_format(out,
		      "table bridge %s {\n\tchain lift {\n"
		      "\t\ttype filter hook prerouting priority -300; policy accept;\n",
		      r->table);
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

static void render_elements(const struct ruleset *r, const char *map,
			    void (*list)(void *data, const struct port_use *use),
			    struct buffer *out)
{
	struct map_listing listing = {.out = out, .map = map, .ports = r->ports};

	port_table_each(r->ports, list, &listing);
	if (str_equal(map, "self4"))
		each_shared(r, list_member_selves, &listing);
	if (listing.count > 0)
		buffer_add_text(out, "\n\t\t}\n");
}

static const struct {
	const char *kind, *name, *type;
	void (*list)(void *data, const struct port_use *use);
} maps[] = {
	{"map", "any4", "type inet_proto . inet_service : ipv4_addr . inet_service", list_port},
	{"map", "any6", "type inet_proto . inet_service : ipv6_addr . inet_service", list_port},
	{"map", "host4", "type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service",
	 list_port},
	{"map", "host6", "type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service",
	 list_port},
	{"map", "shared_any4", "typeof meta l4proto . th dport . " NEXT " : ip daddr . th dport",
	 list_shared},
	{"map", "shared_any6", "typeof meta l4proto . th dport . " NEXT " : ip6 daddr . th dport",
	 list_shared},
	{"map", "shared_host4",
	 "typeof ip daddr . meta l4proto . th dport . " NEXT " : ip daddr . th dport", list_shared},
	{"map", "shared_host6",
	 "typeof ip6 daddr . meta l4proto . th dport . " NEXT " : ip6 daddr . th dport",
	 list_shared},
	{"set", "self4", "type ipv4_addr . ipv4_addr", list_self},
	{"set", "self6", "type ipv6_addr . ipv6_addr", list_self},
};

static void render_maps(const struct ruleset *r, struct buffer *out)
{
	for (size_t i = 0; i < array_length(maps); i++) {
		if (r->no_turns && maps[i].list == list_shared)
			continue;
		buffer_format(out, "\t%s %s {\n\t\t%s\n", maps[i].kind, maps[i].name, maps[i].type);
		render_elements(r, maps[i].name, maps[i].list, out);
		buffer_add_text(out, "\t}\n");
	}
}

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

static void render_publish(const struct ruleset *r, struct buffer *out)
{
	buffer_add_text(out, raw_chain);
	buffer_add_text(out, "	chain publish {\n");
	buffer_add_text(out, publish_rules);
	if (!r->no_turns)
		buffer_add_text(out, share_rules);
	buffer_add_text(out, "	}\n");
}

/* From its own network alone: elsewhere it is one of the host's addresses. */
static void render_entrance(const struct ruleset *r, struct buffer *out)
{
	bool shared = each_shared(r, NULL, NULL) > 0;

	buffer_add_text(
		out, "	chain prerouting {\n"
		     "		type nat hook prerouting priority dstnat; policy accept;\n");
	if (shared)
		buffer_add_text(
			out, "		fib daddr . iif type local dnat ip to ip daddr . " NEXT
			     " map @vip4\n");
	buffer_add_text(out, "		fib daddr type local jump publish\n"
			     "	}\n"
			     "	chain output {\n"
			     "		type nat hook output priority -100; policy accept;\n");
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
	buffer_add_text(
		out, "	chain postrouting {\n"
		     "		type nat hook postrouting priority srcnat; policy accept;\n");
	/* Who is led to himself would not take his own answer; all others are seen as they are. */
	if (each_shared(r, NULL, NULL) > 0)
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
	buffer_add_text(out, "	chain router {\n"
			     "	}\n"
			     "	chain host {\n"
			     "	}\n"
			     "	chain into {\n"
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
	buffer_add_text(
		out, "		ct status dnat accept\n"
		     "		drop\n"
		     "	}\n"
		     "	chain forward {\n"
		     "		type filter hook forward priority filter; policy accept;\n");
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
	render_lift(r, out);
	buffer_format(out, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", r->table,
		      r->table, r->table);
	render_maps(r, out);
	render_linked(r, out);
	render_shared(r, out);
	render_publish(r, out);
	render_entrance(r, out);
	render_postrouting(r, out);
	render_forward(r, out);
	buffer_add_text(out, "}\n");
}

void ruleset_render_guard(const char *table, struct buffer *out)
{
	buffer_format(out, "add rule inet %s router drop\n", table);
}
