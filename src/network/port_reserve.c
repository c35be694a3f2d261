/* A number is chosen and reserved for all host addresses of a request at once: against other containers
 * in the port table, against programs of the host by binding.  What NAT cannot do is left to the shim
 * as a relay: another family than the container's, ::1 (the kernel forwards nothing that was sent to
 * it), and everything where the firewall is not ours to change. */
#include "format/port.h"
#include "network/networks.h"
#include "network/port_socket.h"
#include "network/relay.h"

#include <errno.h>
#include <string.h>

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
	size_t place = ports->socket_count++;

	port->protocol = use->key.protocol;
	port->container_port = use->target.port;
	port->host_ip = str_dup(address_text(&use->key.host, text));
	port->host_port = use->key.port;
	port->address = str_dup(address_text(&use->target.address, text));
	port->relayed = use->target.relayed;
	ports->sockets = mem_resize(ports->sockets, ports->socket_count, sizeof(*ports->sockets));
	ports->sockets[place] = socket;
	if (port->relayed)
		add_relay(ports, place, port);
}

/* One request on its way: where it goes and who asks. */
struct attempt {
	struct networks *networks;
	const struct port_reservation *wanted;
	const struct port_request *request;
	struct address hosts[2];
	size_t host_count;
	bool implied; /* nobody named the addresses: IPv6 may be missing on this host */
	struct ports *out;
};

static bool refuse(const struct attempt *a, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(const struct attempt *a, struct error *err, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	return error_set(err, ERROR_SYSTEM,
			 "driver failed programming external connectivity on endpoint %s (%s): %s",
			 a->wanted->name, a->wanted->endpoint->endpoint_id, text.data);
}

static bool refuse_taken(const struct attempt *a, const struct port_key *key, struct error *err)
{
	char host[ADDRESS_TEXT_SIZE];

	return refuse(a, err, "Bind for %s:%u failed: port is already allocated",
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
static bool refuse_bind(const struct attempt *a, const struct port_key *key, int os,
			struct error *err)
{
	bool six = key->host.family == AF_INET6;
	const char *protocol = port_protocol_name(key->protocol);
	char host[ADDRESS_TEXT_SIZE];

	address_text(&key->host, host);
	return refuse(a, err, "failed to bind port %s%s%s:%u/%s: listen %s%d %s%s%s:%u: bind: %s",
		      six ? "[" : "", host, six ? "]" : "", key->port, protocol, protocol,
		      six ? 6 : 4, six ? "[" : "", host, six ? "]" : "", key->port,
		      errno_words(os));
}

/* What the endpoint's network binds ports to that name no address; NULL: whatever the daemon does. */
static const char *ports_host_ip(const struct networks *n, const struct endpoint_spec *endpoint)
{
	for (size_t i = 0; i < n->list.count; i++) {
		const struct network_spec *spec = &n->list.items[i]->spec;

		if (str_equal(spec->id, endpoint->network_id))
			return str_is_empty(spec->host_ip) || str_equal(spec->host_ip, "0.0.0.0")
				       ? NULL
				       : spec->host_ip;
	}
	return NULL;
}

static bool choose_hosts(struct attempt *a, struct error *err)
{
	const struct address *fallback = &a->networks->default_host;
	const char *asked = str_is_empty(a->request->host_ip)
				    ? ports_host_ip(a->networks, a->wanted->endpoint)
				    : a->request->host_ip;

	a->host_count = 1;
	if (asked)
		return address_parse(asked, &a->hosts[0]) ||
		       error_set(err, ERROR_INVALID, "invalid IP address: %s", asked);
	if (fallback->family) {
		a->hosts[0] = *fallback;
		return true;
	}
	a->implied = true;
	a->hosts[0] = address_any(AF_INET);
	a->hosts[1] = address_any(AF_INET6);
	a->host_count = 2;
	return true;
}

static bool by_nat(const struct networks *n, const struct port_use *use)
{
	const struct address *host = &use->key.host;

	return n->firewall_on && !(use->target.group && n->no_turns) &&
	       host->family == use->target.address.family &&
	       !(host->family == AF_INET6 && address_is_loopback(host));
}

bool port_choose_target(const struct networks *n, const struct endpoint_spec *e,
			struct port_use *use)
{
	bool six = use->key.host.family == AF_INET6;

	if (!address_parse(six ? e->address6 : e->address, &use->target.address) &&
	    !address_parse(six ? e->address : e->address6, &use->target.address))
		return false;
	use->target.relayed = !by_nat(n, use);
	return true;
}

enum outcome {
	OUTCOME_DONE,
	OUTCOME_BUSY,	/* another number may be free; err says why not this one */
	OUTCOME_FAILED, /* no number will do */
};

static bool is_missing_ipv6(const struct attempt *a, const struct port_key *key, int os)
{
	return a->implied && key->host.family == AF_INET6 &&
	       (os == EAFNOSUPPORT || os == EADDRNOTAVAIL);
}

static int open_reserved(const struct port_use *use, struct error *err)
{
	if (use->target.group)
		return port_socket_share(&use->key, use->target.relayed, err);
	return use->target.relayed ? port_socket_serve(&use->key, err)
				   : port_socket_reserve(&use->key, err);
}

/* A number that was asked for by itself is shared; of a range, each gets one of his own. */
static const char *group_of(const struct attempt *a)
{
	bool is_one = a->request->first != 0 && a->request->first == a->request->last;

	return is_one ? a->wanted->group : NULL;
}

static enum outcome take_one(struct attempt *a, const struct port_use *use, struct error *err)
{
	struct error bind_error = {0};
	int socket;

	if (port_table_is_taken(&a->networks->ports, &use->key, use->target.group)) {
		refuse_taken(a, &use->key, err);
		return OUTCOME_BUSY;
	}
	socket = open_reserved(use, &bind_error);
	if (socket < 0 && is_missing_ipv6(a, &use->key, bind_error.os))
		return OUTCOME_DONE;
	if (socket < 0) {
		refuse_bind(a, &use->key, bind_error.os, err);
		return bind_error.os == EADDRINUSE ? OUTCOME_BUSY : OUTCOME_FAILED;
	}
	port_table_add(&a->networks->ports, use);
	add_published(a->out, use, socket);
	RECORD_AT(a->out->published, struct published_port, a->out->published.count - 1)->group =
		str_dup_or_null(group_of(a));
	return OUTCOME_DONE;
}

/* Take back what was reserved since there were `count`. */
static void take_back(struct networks *n, struct ports *ports, size_t count)
{
	while (ports->published.count > count) {
		size_t last = --ports->published.count;
		struct published_port *port =
			RECORD_AT(ports->published, struct published_port, last);
		struct port_use use;

		if (port_use_of(port, &use))
			port_table_remove(&n->ports, &use);
		if (port->relayed) {
			ports->relays.count--;
			record_fini(&relay_spec_type, RECORD_AT(ports->relays, struct relay_spec,
								ports->relays.count));
		}
		close_fd(&ports->sockets[--ports->socket_count]);
		record_fini(&published_port_type, port);
	}
}

/* One number on all host addresses, or on none. */
static enum outcome take_number(struct attempt *a, uint16_t port, struct error *err)
{
	size_t before = a->out->published.count;
	enum outcome outcome = OUTCOME_DONE;

	for (size_t i = 0; i < a->host_count && outcome == OUTCOME_DONE; i++) {
		struct port_use use = {.key = {.protocol = a->request->protocol,
					       .host = a->hosts[i],
					       .port = port},
				       .target = {.port = a->request->container_port,
						  .group = port_group_of(group_of(a))}};

		if (port_choose_target(a->networks, a->wanted->endpoint, &use))
			outcome = take_one(a, &use, err);
	}
	if (outcome != OUTCOME_DONE)
		take_back(a->networks, a->out, before);
	return outcome;
}

static bool take_from_range(struct attempt *a, struct error *err)
{
	for (unsigned port = a->request->first; port <= a->request->last; port++) {
		enum outcome outcome = take_number(a, (uint16_t)port, err);

		if (outcome != OUTCOME_BUSY)
			return outcome == OUTCOME_DONE;
	}
	return a->request->first == a->request->last ? false
						     : refuse(a, err, "all ports are allocated");
}

static bool take_ephemeral(struct attempt *a, struct error *err)
{
	struct port_table *table = &a->networks->ports;

	for (int i = table->ephemeral_first; i <= table->ephemeral_last; i++) {
		uint16_t port = port_table_next_ephemeral(table, a->request->protocol);
		enum outcome outcome = take_number(a, port, err);

		if (outcome != OUTCOME_BUSY)
			return outcome == OUTCOME_DONE;
	}
	return refuse(a, err, "all ports are allocated");
}

static bool reserve_one(struct attempt *a, struct error *err)
{
	if (a->request->protocol != IPPROTO_TCP && a->request->protocol != IPPROTO_UDP)
		return error_set(err, ERROR_UNSUPPORTED, "publishing %s ports is not supported",
				 port_protocol_name(a->request->protocol));
	if (!choose_hosts(a, err))
		return false;
	return a->request->first ? take_from_range(a, err) : take_ephemeral(a, err);
}

bool ports_reserve(struct networks *n, const struct port_reservation *wanted, struct ports *out,
		   struct error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		struct attempt a = {.networks = n,
				    .wanted = wanted,
				    .request = &wanted->requests[i],
				    .out = out};

		if (reserve_one(&a, err))
			continue;
		take_back(n, out, 0);
		ports_fini(out);
		return false;
	}
	return true;
}
