#include "base/log.h"
#include "network/networks.h"
#include "network/relay.h"

#define FIELD(tag, kind, member) RECORD_FIELD(struct published_port, tag, #member, kind, member)

static const struct record_field published_fields[] = {
	FIELD(1, RECORD_I32, protocol),	  FIELD(2, RECORD_I32, container_port),
	FIELD(3, RECORD_STRING, host_ip), FIELD(4, RECORD_I32, host_port),
	FIELD(5, RECORD_STRING, address), FIELD(6, RECORD_BOOL, relayed),
	FIELD(7, RECORD_BOOL, parked),
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
			   .relayed = port->relayed || port->parked},
	};
	return address_parse(port->host_ip, &use->key.host) &&
	       address_parse(port->address, &use->target.address);
}

/* ---- publishing ---- */

struct element_list {
	struct element *items;
	size_t count, capacity;
};

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

		if (port_use_of(RECORD_AT(*published, struct published_port, i), &use) &&
		    !use.target.relayed)
			add_elements(&list, n, &use);
	}
	return list;
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
	bool by_relays_alone = list.count == 0;
	struct error err = {0};
	bool changed = networks_change_elements(n, ELEMENT_ADD, list.items, list.count, &err);

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
		    !port_table_is_taken(&n->ports, &use.key))
			port_table_add(&n->ports, &use);
	}
}

/* Free one number; what has to leave the firewall goes into the list. */
static void release_one(struct networks *n, const struct published_port *port,
			struct element_list *gone)
{
	struct port_use use;

	if (!port_use_of(port, &use) || !port_table_remove(&n->ports, &use) || use.target.relayed)
		return;
	vector_add(gone, element_of_port(&use));
	if (n->bridge_netfilter && !port_table_leads_to(&n->ports, &use.target.address))
		vector_add(gone, element_of_self(&use.target.address));
	if (use.key.protocol == IPPROTO_UDP && n->firewall_on)
		networks_forget_flows(n, port->address, 0);
}

void ports_release(struct networks *n, const struct record_list *published)
{
	struct element_list gone = {0};
	struct error ignored; /* the next table will not have them */

	for (size_t i = 0; i < published->count; i++)
		release_one(n, RECORD_AT(*published, struct published_port, i), &gone);
	networks_change_elements(n, ELEMENT_DELETE, gone.items, gone.count, &ignored);
	vector_fini(&gone);
}

/* ---- moving ---- */

/* What is done to the firewall and told to the shim. */
struct move {
	struct networks *networks;
	struct element_list gone, come;
	struct element_list selves; /* marks of addresses, where they are needed */
	bool keeps;		    /* handing over: an element for the present number comes */
	struct record_list *relays;
};

static void tell_relay(struct move *move, size_t place, const struct published_port *port)
{
	struct relay_spec *relay = record_list_add(&relay_spec_type, move->relays);

	relay->socket = (int32_t)place;
	relay->protocol = port->protocol;
	relay->port = port->container_port;
	if (!port->parked)
		relay->address = str_dup(port->address);
}

/* What the shim carries already it goes on carrying. */
static void lead_to(struct move *move, struct published_port *port, const struct endpoint_spec *to)
{
	struct port_use use;
	char text[ADDRESS_TEXT_SIZE];
	bool relayed = port->relayed;

	port_use_of(port, &use);
	port->parked = !to || !port_choose_target(move->networks, to, &use);
	if (port->parked)
		return;
	str_replace(&port->address, address_text(&use.target.address, text));
	port->relayed = relayed || use.target.relayed;
}

static void move_one(struct move *move, size_t place, struct published_port *port,
		     const struct endpoint_spec *to)
{
	struct networks *n = move->networks;
	struct port_use use;

	if (!port_use_of(port, &use) || !port_table_remove(&n->ports, &use))
		return;
	if (!use.target.relayed)
		vector_add(&move->gone, element_of_port(&use));
	if (use.key.protocol == IPPROTO_UDP && n->firewall_on)
		networks_forget_flows(n, port->address, 0);
	lead_to(move, port, to);
	port_use_of(port, &use);
	port_table_add(&n->ports, &use);
	if (port->relayed)
		tell_relay(move, place, port);
	else if (!port->parked)
		add_elements(&move->come, n, &use);
}

/* Forget where a number led; into `gone` what the firewall need not have any more. */
static void leave(struct move *move, const struct published_port *port)
{
	struct networks *n = move->networks;
	struct port_use use;

	if (!port_use_of(port, &use) || !port_table_remove(&n->ports, &use))
		return;
	if (!use.target.relayed && !move->keeps)
		vector_add(&move->gone, element_of_port(&use));
	if (use.key.protocol == IPPROTO_UDP && n->firewall_on)
		networks_forget_flows(n, port->address, 0);
}

static void hand_over_one(struct move *move, size_t place, const struct published_port *from,
			  struct published_port *port, const struct endpoint_spec *to)
{
	struct networks *n = move->networks;
	struct port_use use;

	lead_to(move, port, to);
	move->keeps = !port->relayed && !port->parked;
	leave(move, from);
	if (!port_use_of(port, &use))
		return;
	port_table_remove(&n->ports, &use); /* an earlier daemon had come that far */
	port_table_add(&n->ports, &use);
	if (port->relayed)
		tell_relay(move, place, port);
	else if (move->keeps)
		vector_add(&move->come, element_of_port(&use));
	if (move->keeps && n->bridge_netfilter)
		vector_add(&move->selves, element_of_self(&use.target.address));
}

void ports_hand_over(struct networks *n, const struct record_list *from,
		     struct record_list *published, const struct endpoint_spec *to,
		     struct record_list *relays)
{
	struct move move = {.networks = n, .relays = relays};
	struct error err;

	for (size_t i = 0; i < published->count; i++)
		hand_over_one(&move, i, RECORD_AT(*from, struct published_port, i),
			      RECORD_AT(*published, struct published_port, i), to);
	if ((n->firewall && !networks_change_elements(n, ELEMENT_ADD, move.selves.items,
						      move.selves.count, &err)) ||
	    !networks_replace_elements(n, move.gone.items, move.gone.count, move.come.items,
				       move.come.count, &err))
		log_error("cannot hand published ports over", &err, "table=%s", n->table);
	vector_fini(&move.gone);
	vector_fini(&move.come);
	vector_fini(&move.selves);
}

void ports_move(struct networks *n, struct record_list *published, const struct endpoint_spec *to,
		struct record_list *relays)
{
	struct move move = {.networks = n, .relays = relays};
	struct error err;

	for (size_t i = 0; i < published->count; i++)
		move_one(&move, i, RECORD_AT(*published, struct published_port, i), to);
	if (!networks_change_elements(n, ELEMENT_DELETE, move.gone.items, move.gone.count, &err) ||
	    !networks_change_elements(n, ELEMENT_ADD, move.come.items, move.come.count, &err))
		log_error("cannot move published ports", &err, "table=%s", n->table);
	vector_fini(&move.gone);
	vector_fini(&move.come);
}
