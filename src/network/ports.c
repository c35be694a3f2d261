/* Publishing.  A number is chosen and reserved first, for all host addresses of the request at once:
 * against other containers in the port table, against programs by binding.  What NAT cannot do is
 * left to the shim as a relay: another family than the container's, ::1 (the kernel forwards nothing
 * that was sent to it), and everything where the firewall is not ours to change. */
#include "format/port.h"
#include "network/networks.h"
#include "network/port_socket.h"
#include "network/relay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FIELD(tag, kind, member) RECORD_FIELD(struct published_port, tag, #member, kind, member)

static const struct record_field published_fields[] = {
	FIELD(1, RECORD_I32, protocol),	  FIELD(2, RECORD_I32, container_port),
	FIELD(3, RECORD_STRING, host_ip), FIELD(4, RECORD_I32, host_port),
	FIELD(5, RECORD_STRING, address), FIELD(6, RECORD_BOOL, relayed),
};
const struct record_type published_port_type = RECORD_TYPE(struct published_port, published_fields);

void ports_fini(struct ports *ports)
{
	for (size_t i = 0; ports->sockets && i < ports->published.count; i++)
		close_fd(&ports->sockets[i]);
	free(ports->sockets);
	record_list_fini(&published_port_type, &ports->published);
	record_list_fini(&relay_spec_type, &ports->relays);
	*ports = (struct ports){0};
}

/* ---- values to uses and back ---- */

/* False when a record makes no sense, which only a foreign hand can cause. */
static bool use_of(const struct published_port *port, struct port_use *use)
{
	*use = (struct port_use){
		.key = {.protocol = port->protocol, .port = (uint16_t)port->host_port},
		.target = {.port = (uint16_t)port->container_port, .relayed = port->relayed},
	};
	return address_parse(port->host_ip, &use->key.host) &&
	       address_parse(port->address, &use->target.address);
}

static void add_relay(struct ports *ports, size_t socket, const struct published_port *port)
{
	struct relay_spec *relay = record_list_add(&relay_spec_type, &ports->relays);

	relay->socket = (int32_t)socket;
	relay->protocol = port->protocol;
	relay->address = str_dup(port->address);
	relay->port = port->container_port;
}

static void add_published(struct ports *ports, const struct port_use *use, int socket)
{
	struct published_port *port = record_list_add(&published_port_type, &ports->published);
	char text[ADDRESS_TEXT_SIZE];
	size_t count = ports->published.count;

	port->protocol = use->key.protocol;
	port->container_port = use->target.port;
	port->host_ip = str_dup(address_text(&use->key.host, text));
	port->host_port = use->key.port;
	port->address = str_dup(address_text(&use->target.address, text));
	port->relayed = use->target.relayed;
	ports->sockets = mem_resize(ports->sockets, count, sizeof(*ports->sockets));
	ports->sockets[count - 1] = socket;
	if (port->relayed)
		add_relay(ports, count - 1, port);
}

/* ---- reserving ---- */

/* One request on its way: where it goes and who asks. */
struct reservation {
	struct networks *networks;
	const char *name;
	const struct endpoint_spec *endpoint;
	const struct port_request *request;
	struct address hosts[2];
	size_t host_count;
	bool implied; /* nobody named the addresses: IPv6 may be missing on this host */
	struct ports *out;
};

static bool refuse(const struct reservation *r, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(const struct reservation *r, struct error *err, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	return error_set(err, ERROR_SYSTEM,
			 "driver failed programming external connectivity on endpoint %s (%s): %s",
			 r->name, r->endpoint->endpoint_id, text.data);
}

static bool refuse_taken(const struct reservation *r, const struct port_key *key, struct error *err)
{
	char host[ADDRESS_TEXT_SIZE];

	return refuse(r, err, "Bind for %s:%u failed: port is already allocated",
		      address_text(&key->host, host), key->port);
}

static const char *errno_words(int os)
{
	switch (os) {
	case EADDRINUSE:
		return "address already in use";
	case EADDRNOTAVAIL:
		return "cannot assign requested address";
	case EACCES:
		return "permission denied";
	default:
		return strerror(os);
	}
}

/* In the words of dockerd's own attempt to listen, for who looks for them. */
static bool refuse_bind(const struct reservation *r, const struct port_key *key, int os,
			struct error *err)
{
	bool six = key->host.family == AF_INET6;
	const char *protocol = port_protocol_name(key->protocol);
	char host[ADDRESS_TEXT_SIZE];

	address_text(&key->host, host);
	return refuse(r, err, "failed to bind port %s%s%s:%u/%s: listen %s%d %s%s%s:%u: bind: %s",
		      six ? "[" : "", host, six ? "]" : "", key->port, protocol, protocol,
		      six ? 6 : 4, six ? "[" : "", host, six ? "]" : "", key->port,
		      errno_words(os));
}

static bool choose_hosts(struct reservation *r, struct error *err)
{
	const struct address *fallback = &r->networks->default_host;

	r->host_count = 1;
	if (!str_is_empty(r->request->host_ip))
		return address_parse(r->request->host_ip, &r->hosts[0]) ||
		       error_set(err, ERROR_INVALID, "invalid IP address: %s", r->request->host_ip);
	if (fallback->family) {
		r->hosts[0] = *fallback;
		return true;
	}
	r->implied = true;
	r->hosts[0] = address_any(AF_INET);
	r->hosts[1] = address_any(AF_INET6);
	r->host_count = 2;
	return true;
}

static bool by_nat(const struct networks *n, const struct port_use *use)
{
	const struct address *host = &use->key.host;

	return n->firewall_on && host->family == use->target.address.family &&
	       !(host->family == AF_INET6 && address_is_loopback(host));
}

/* The container's address for clients of `host`: of the same family where it has one. */
static bool choose_target(const struct reservation *r, struct port_use *use)
{
	const struct endpoint_spec *e = r->endpoint;
	bool six = use->key.host.family == AF_INET6;

	if (!address_parse(six ? e->address6 : e->address, &use->target.address) &&
	    !address_parse(six ? e->address : e->address6, &use->target.address))
		return false;
	use->target.port = r->request->container_port;
	use->target.relayed = !by_nat(r->networks, use);
	return true;
}

enum attempt {
	ATTEMPT_DONE,
	ATTEMPT_BUSY,	/* another number may be free; err says why not this one */
	ATTEMPT_FAILED, /* no number will do */
};

static bool is_missing_ipv6(const struct reservation *r, const struct port_key *key, int os)
{
	return r->implied && key->host.family == AF_INET6 &&
	       (os == EAFNOSUPPORT || os == EADDRNOTAVAIL);
}

static enum attempt take_one(struct reservation *r, const struct port_use *use, struct error *err)
{
	struct error bind_error = {0};
	int socket;

	if (port_table_is_taken(&r->networks->ports, &use->key)) {
		refuse_taken(r, &use->key, err);
		return ATTEMPT_BUSY;
	}
	socket = use->target.relayed ? port_socket_serve(&use->key, &bind_error)
				     : port_socket_reserve(&use->key, &bind_error);
	if (socket < 0 && is_missing_ipv6(r, &use->key, bind_error.os))
		return ATTEMPT_DONE;
	if (socket < 0) {
		refuse_bind(r, &use->key, bind_error.os, err);
		return bind_error.os == EADDRINUSE ? ATTEMPT_BUSY : ATTEMPT_FAILED;
	}
	port_table_add(&r->networks->ports, use);
	add_published(r->out, use, socket);
	return ATTEMPT_DONE;
}

/* Take back what was reserved since there were `count`. */
static void take_back(struct networks *n, struct ports *ports, size_t count)
{
	while (ports->published.count > count) {
		size_t last = --ports->published.count;
		struct published_port *port =
			RECORD_AT(ports->published, struct published_port, last);
		struct port_use use;

		if (use_of(port, &use))
			port_table_remove(&n->ports, &use);
		if (port->relayed) {
			ports->relays.count--;
			record_fini(&relay_spec_type, RECORD_AT(ports->relays, struct relay_spec,
								ports->relays.count));
		}
		close_fd(&ports->sockets[last]);
		record_fini(&published_port_type, port);
	}
}

/* One number on all host addresses, or on none. */
static enum attempt take_number(struct reservation *r, uint16_t port, struct error *err)
{
	size_t before = r->out->published.count;
	enum attempt attempt = ATTEMPT_DONE;

	for (size_t i = 0; i < r->host_count && attempt == ATTEMPT_DONE; i++) {
		struct port_use use = {.key = {.protocol = r->request->protocol,
					       .host = r->hosts[i],
					       .port = port}};

		if (choose_target(r, &use))
			attempt = take_one(r, &use, err);
	}
	if (attempt != ATTEMPT_DONE)
		take_back(r->networks, r->out, before);
	return attempt;
}

static bool take_from_range(struct reservation *r, struct error *err)
{
	for (unsigned port = r->request->first; port <= r->request->last; port++) {
		enum attempt attempt = take_number(r, (uint16_t)port, err);

		if (attempt != ATTEMPT_BUSY)
			return attempt == ATTEMPT_DONE;
	}
	return r->request->first == r->request->last ? false
						     : refuse(r, err, "all ports are allocated");
}

static bool take_ephemeral(struct reservation *r, struct error *err)
{
	struct port_table *table = &r->networks->ports;

	for (int i = table->ephemeral_first; i <= table->ephemeral_last; i++) {
		uint16_t port = port_table_next_ephemeral(table, r->request->protocol);
		enum attempt attempt = take_number(r, port, err);

		if (attempt != ATTEMPT_BUSY)
			return attempt == ATTEMPT_DONE;
	}
	return refuse(r, err, "all ports are allocated");
}

static bool reserve_one(struct reservation *r, struct error *err)
{
	if (r->request->protocol != IPPROTO_TCP && r->request->protocol != IPPROTO_UDP)
		return error_set(err, ERROR_UNSUPPORTED, "publishing %s ports is not supported",
				 port_protocol_name(r->request->protocol));
	if (!choose_hosts(r, err))
		return false;
	return r->request->first ? take_from_range(r, err) : take_ephemeral(r, err);
}

bool ports_reserve(struct networks *n, const char *name, const struct endpoint_spec *endpoint,
		   const struct port_request *requests, size_t count, struct ports *out,
		   struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct reservation r = {.networks = n,
					.name = name,
					.endpoint = endpoint,
					.request = &requests[i],
					.out = out};

		if (reserve_one(&r, err))
			continue;
		take_back(n, out, 0);
		ports_fini(out);
		return false;
	}
	return true;
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

		if (use_of(RECORD_AT(*published, struct published_port, i), &use) &&
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
	struct error err = {0};
	bool changed = networks_change_elements(n, ELEMENT_ADD, list.items, list.count, &err);

	vector_fini(&list);
	if (!changed) {
		error_prefix(&err, "cannot publish ports");
		done(data, &err);
		return;
	}
	forget_strays(n, published);
	if (n->firewall_on && published->count > 0)
		networks_when_settled(n, done, data);
	else
		done(data, NULL);
}

void ports_adopt(struct networks *n, const struct record_list *published)
{
	for (size_t i = 0; i < published->count; i++) {
		struct port_use use;

		if (use_of(RECORD_AT(*published, struct published_port, i), &use) &&
		    !port_table_is_taken(&n->ports, &use.key))
			port_table_add(&n->ports, &use);
	}
}

/* Free one number; what has to leave the firewall goes into the list. */
static void release_one(struct networks *n, const struct published_port *port,
			struct element_list *gone)
{
	struct port_use use;

	if (!use_of(port, &use) || !port_table_remove(&n->ports, &use) || use.target.relayed)
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
