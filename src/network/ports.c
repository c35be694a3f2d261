#include "base/log.h"
#include "network/network_elements.h"
#include "network/network_flows.h"
#include "network/relay.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(tag, kind, member) RECORD_FIELD(struct published_port, tag, #member, kind, member)

static const struct record_field published_fields[] = {
	FIELD(1, RECORD_I32, protocol),	    FIELD(2, RECORD_I32, container_port),
	FIELD(3, RECORD_STRING, host_ip),   FIELD(4, RECORD_I32, host_port),
	FIELD(5, RECORD_STRING, address),   FIELD(6, RECORD_BOOL, relayed),
	FIELD(7, RECORD_BOOL, parked),	    FIELD(8, RECORD_STRING, group),
	FIELD(9, RECORD_BOOL, standby),	    FIELD(10, RECORD_STRING, deputy),
	FIELD(11, RECORD_I32, deputy_port),
};
const struct record_type published_port_type = RECORD_TYPE(struct published_port, published_fields);

void ports_fini(struct ports *ports)
{
	for (size_t i = 0; i < ports->socket_count; i++)
		close_fd(&ports->sockets[i]);
	free(ports->sockets);
	record_list_fini(&published_port_type, &ports->published);
	record_list_fini(&relay_spec_type, &ports->relays);
	*ports = (struct ports){0};
}

bool port_use_of(const struct published_port *port, struct port_use *use)
{
	*use = (struct port_use){
		.key = {.protocol = port->protocol, .port = (uint16_t)port->host_port},
		.target = {.port = (uint16_t)port->container_port,
			   .relayed = port->relayed || port->parked,
			   .standby = port->standby,
			   .parked = port->parked,
			   .group = port_group_of(port->group)},
	};
	return address_parse(port->host_ip, &use->key.host) &&
	       address_parse(port->address, &use->target.address);
}

/* ---- changes: what the firewall has for some keys before and after ---- */

static void note_before(struct table_change *change, const struct port_key *key)
{
	elements_of_key(&change->networks->ports, key, &change->before);
}

static void note_after(struct table_change *change, const struct port_key *key)
{
	elements_of_key(&change->networks->ports, key, &change->after);
}

static int compare_keys(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int order = strcmp(x->map, y->map);

	return order ? order : memcmp(x->key, y->key, sizeof(x->key));
}

static void sort(struct element_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare_keys);
}

/* `gone`: keys of `before` that `after` has not; `come`: what is not in `before` as it is in `after`. */
static void compare(const struct table_change *change, struct element_list *gone,
		    struct element_list *come)
{
	const struct element_list *before = &change->before, *after = &change->after;
	size_t b = 0, a = 0;

	while (b < before->count || a < after->count) {
		int order = b == before->count	? 1
			    : a == after->count ? -1
						: compare_keys(&before->items[b], &after->items[a]);

		if (order < 0) {
			vector_add(gone, before->items[b++]);
			continue;
		}
		if (order > 0 || memcmp(before->items[b].data, after->items[a].data,
					sizeof(before->items[b].data)) != 0)
			vector_add(come, after->items[a]);
		b += order == 0;
		a++;
	}
}

/* One transaction for all. */
bool table_change_make(struct table_change *change, struct error *err)
{
	struct element_list gone = {0}, come = {0};
	bool done;

	sort(&change->before);
	sort(&change->after);
	compare(change, &gone, &come);
	done = networks_replace_elements(change->networks, gone.items, gone.count, come.items,
					 come.count, err);
	vector_fini(&gone);
	vector_fini(&come);
	vector_fini(&change->before);
	vector_fini(&change->after);
	return done;
}

/* ---- publishing ---- */

static void add_elements(struct element_list *list, const struct networks *n,
			 const struct port_use *use)
{
	vector_add(list, element_of_port(use));
	if (n->bridge_netfilter)
		vector_add(list, element_of_self(&use->target.address));
}

static struct element_list elements_to_add(const struct networks *n,
					   const struct record_list *published)
{
	struct element_list list = {0};

	for (size_t i = 0; i < published->count; i++) {
		struct port_use use;

		if (!port_use_of(RECORD_AT(*published, struct published_port, i), &use) ||
		    use.target.relayed)
			continue;
		if (!use.target.group)
			add_elements(&list, n, &use);
		else if (n->bridge_netfilter)
			vector_add(&list, element_of_self(&use.target.address));
	}
	return list;
}

/* The slots of ports that are shared: others have most of them already. */
static bool publish_shared(struct networks *n, const struct record_list *published,
			   struct error *err)
{
	struct table_change change = {.networks = n};

	for (size_t i = 0; i < published->count; i++) {
		struct port_use use;

		if (!port_use_of(RECORD_AT(*published, struct published_port, i), &use) ||
		    !use.target.group)
			continue;
		note_after(&change, &use.key);
	}
	return table_change_make(&change, err);
}

static bool leads_by_nat(const struct record_list *published)
{
	for (size_t i = 0; i < published->count; i++) {
		const struct published_port *port = RECORD_AT(*published, struct published_port, i);

		if (!port->relayed && !port->parked)
			return true;
	}
	return false;
}

/* A datagram that came before the port was published has left an entry that goes past it. */
static void forget_strays(struct networks *n, const struct record_list *published)
{
	for (size_t i = 0; i < published->count; i++) {
		const struct published_port *port = RECORD_AT(*published, struct published_port, i);

		if (port->protocol == IPPROTO_UDP && !port->relayed)
			networks_forget_flows(n, NULL, (uint16_t)port->host_port);
	}
}

void ports_publish(struct networks *n, const struct record_list *published, network_done *done,
		   void *data)
{
	struct element_list list = elements_to_add(n, published);
	bool by_relays_alone = !leads_by_nat(published);
	struct error err = {0};
	bool changed = networks_change_elements(n, ELEMENT_ADD, list.items, list.count, &err) &&
		       publish_shared(n, published, &err);

	vector_fini(&list);
	if (!changed)
		error_prefix(&err, "cannot publish ports");
	else
		forget_strays(n, published);
	if (!changed || by_relays_alone)
		done(data, changed ? NULL : &err);
	else
		networks_when_settled(n, done, data);
}

void ports_adopt(struct networks *n, const struct record_list *published)
{
	for (size_t i = 0; i < published->count; i++) {
		struct port_use use;

		if (port_use_of(RECORD_AT(*published, struct published_port, i), &use) &&
		    !port_table_is_taken(&n->ports, &use.key, use.target.group))
			port_table_add(&n->ports, &use);
	}
}

/* Free one number; marks that have to leave the firewall go into the list. */
static void release_one(struct table_change *change, const struct published_port *port,
			struct element_list *selves)
{
	struct networks *n = change->networks;
	struct port_use use;

	if (!port_use_of(port, &use))
		return;
	note_before(change, &use.key);
	if (port_table_remove(&n->ports, &use) && !use.target.relayed) {
		if (n->bridge_netfilter && !port_table_leads_to(&n->ports, &use.target.address))
			vector_add(selves, element_of_self(&use.target.address));
		if (use.key.protocol == IPPROTO_UDP && n->firewall_on)
			networks_forget_flows(n, port->address, 0);
	}
	note_after(change, &use.key);
}

void ports_release(struct networks *n, const struct record_list *published)
{
	struct table_change change = {.networks = n};
	struct element_list selves = {0};
	struct error ignored; /* the next table will not have them */

	for (size_t i = 0; i < published->count; i++)
		release_one(&change, RECORD_AT(*published, struct published_port, i), &selves);
	table_change_make(&change, &ignored);
	networks_change_elements(n, ELEMENT_DELETE, selves.items, selves.count, &ignored);
	vector_fini(&selves);
}

/* ---- moving ---- */

/* What is done to the firewall and told to the shim. */
struct move {
	struct table_change change;
	struct element_list selves; /* marks of addresses, where they are needed */
	struct record_list *relays;
};

static struct relay_spec *add_relay(struct move *move, size_t place,
				    const struct published_port *port)
{
	struct relay_spec *relay = record_list_add(&relay_spec_type, move->relays);

	relay->socket = (int32_t)place;
	relay->protocol = port->protocol;
	relay->port = port->deputy ? port->deputy_port : port->container_port;
	relay->paused = port->standby;
	if (!port->parked)
		relay->address = str_dup(port->deputy ? port->deputy : port->address);
	return relay;
}

/* What the shim carries already it goes on carrying. */
static void lead_to(struct move *move, struct published_port *port, const struct endpoint_spec *to)
{
	struct port_use use;
	char text[ADDRESS_TEXT_SIZE];
	bool relayed = port->relayed;

	port_use_of(port, &use);
	port->parked = !to || !port_choose_target(move->change.networks, to, &use);
	if (port->parked)
		return;
	str_replace(&port->address, address_text(&use.target.address, text));
	port->relayed = relayed || use.target.relayed;
}

/* From where `from` says to where `port`, which may be the same struct, is to lead. */
static void move_one(struct move *move, size_t place, const struct published_port *from,
		     struct published_port *port, const struct endpoint_spec *to)
{
	struct networks *n = move->change.networks;
	struct port_use use;

	if (!port_use_of(from, &use))
		return;
	note_before(&move->change, &use.key);
	if (port_table_remove(&n->ports, &use) && use.key.protocol == IPPROTO_UDP && n->firewall_on)
		networks_forget_flows(n, from->address, 0);
	lead_to(move, port, to);
	port_use_of(port, &use);
	port_table_remove(&n->ports, &use); /* an earlier daemon had come that far */
	port_table_add(&n->ports, &use);
	note_after(&move->change, &use.key);
	if (port->relayed)
		add_relay(move, place, port);
	else if (!port->parked && n->bridge_netfilter)
		vector_add(&move->selves, element_of_self(&use.target.address));
}

static void make_move(struct move *move)
{
	struct networks *n = move->change.networks;
	struct error err;

	if ((n->firewall && !networks_change_elements(n, ELEMENT_ADD, move->selves.items,
						      move->selves.count, &err)) ||
	    !table_change_make(&move->change, &err))
		log_error("cannot move published ports", &err, "table=%s", n->table);
	vector_fini(&move->selves);
}

void ports_hand_over(struct networks *n, const struct record_list *from,
		     struct record_list *published, const struct endpoint_spec *to,
		     struct record_list *relays)
{
	struct move move = {.change.networks = n, .relays = relays};

	for (size_t i = 0; i < published->count; i++)
		move_one(&move, i, RECORD_AT(*from, struct published_port, i),
			 RECORD_AT(*published, struct published_port, i), to);
	make_move(&move);
}

void ports_move(struct networks *n, struct record_list *published, const struct endpoint_spec *to,
		struct record_list *relays)
{
	struct move move = {.change.networks = n, .relays = relays};

	for (size_t i = 0; i < published->count; i++) {
		struct published_port *port = RECORD_AT(*published, struct published_port, i);
		struct port_use use;

		if (port_use_of(port, &use) && port_table_has(&n->ports, &use))
			move_one(&move, i, port, port, to);
	}
	make_move(&move);
}

/* ---- standing by ---- */

void ports_stand_by(struct networks *n, struct record_list *published, bool standby,
		    struct record_list *relays)
{
	struct move move = {.change.networks = n, .relays = relays};

	for (size_t i = 0; i < published->count; i++) {
		struct published_port *port = RECORD_AT(*published, struct published_port, i);
		struct port_use use;

		if (!port->group || port->standby == standby || !port_use_of(port, &use))
			continue;
		note_before(&move.change, &use.key);
		port->standby = standby;
		port_table_stand_by(&n->ports, &use, standby);
		note_after(&move.change, &use.key);
		if (port->relayed)
			add_relay(&move, i, port);
	}
	make_move(&move);
}

struct serving {
	const struct port_use *who;
	struct port_sharers others;
};

static void add_serving(void *data, const struct port_use *use)
{
	struct serving *serving = data;
	const struct port_target *own = &serving->who->target, *target = &use->target;

	if (target->group == own->group && target->relayed && !target->standby && !target->parked &&
	    !address_equal(&target->address, &own->address))
		vector_add(&serving->others, use);
}

/* Those who stand by are spread over those who serve. */
static const struct port_use *choose_deputy(const struct networks *n, const struct port_use *use,
					    struct serving *serving)
{
	const struct address *own = &use->target.address;

	*serving = (struct serving){.who = use};
	port_table_each_of(&n->ports, &use->key, add_serving, serving);
	return serving->others.count == 0
		       ? NULL
		       : serving->others
				 .items[own->bytes[address_size(own) - 1] % serving->others.count];
}

/* True: it changes. */
static bool name_deputy(const struct networks *n, struct published_port *port)
{
	const struct port_use *deputy = NULL;
	struct serving serving = {0};
	char text[ADDRESS_TEXT_SIZE];
	struct port_use use;
	int32_t number;
	bool same;

	if (port->relayed && port->protocol == IPPROTO_UDP && port->group && port->standby &&
	    !port->parked && port_use_of(port, &use))
		deputy = choose_deputy(n, &use, &serving);
	if (deputy)
		address_text(&deputy->target.address, text);
	number = deputy ? deputy->target.port : 0;
	vector_fini(&serving.others);
	same = str_equal(port->deputy, deputy ? text : NULL) && port->deputy_port == number;
	str_replace(&port->deputy, deputy ? text : NULL);
	port->deputy_port = number;
	return !same;
}

void ports_name_deputies(struct networks *n, struct record_list *published,
			 struct record_list *relays)
{
	struct move move = {.change.networks = n, .relays = relays};

	for (size_t i = 0; i < published->count; i++) {
		struct published_port *port = RECORD_AT(*published, struct published_port, i);

		if (name_deputy(n, port))
			add_relay(&move, i, port);
	}
}
